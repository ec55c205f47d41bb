# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of a mesh that are connected to nothing else, as meshes of their own, and back."""

from typing import Any

import bpy

from .judge import area
from .stage import on_stage


def shells_of(mesh: bpy.types.Mesh, limit: int) -> list[bpy.types.Mesh]:
    """New meshes, at most so many, the largest first; the last one has all that is left."""
    whole: Any = mesh.copy()
    others = set(bpy.data.objects)
    with on_stage(whole):
        bpy.ops.object.mode_set(mode='EDIT')
        bpy.ops.mesh.select_all(action='SELECT')
        bpy.ops.mesh.separate(type='LOOSE')
        bpy.ops.object.mode_set(mode='OBJECT')
        found: list[Any] = [item.data for item in bpy.data.objects if item not in others]
    bpy.data.batch_remove([item for item in bpy.data.objects if item not in others])
    found.sort(key=area, reverse=True)
    if len(found) <= limit:
        return found
    rest = joined(found[limit - 1 :])
    bpy.data.batch_remove(found[limit - 1 :])
    return [*found[: limit - 1], rest]


def joined(meshes: list[bpy.types.Mesh]) -> bpy.types.Mesh:
    """A new mesh of them all."""
    import bmesh

    made = bpy.data.meshes.new("joined")
    work = bmesh.new()
    for mesh in meshes:
        work.from_mesh(mesh)
    work.to_mesh(made)
    work.free()
    return made
