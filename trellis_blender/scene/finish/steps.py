# SPDX-License-Identifier: GPL-3.0-or-later
"""All steps in their order, for a model in a scene and for one that arrives."""

import bpy

from ..meshes import is_linked, mesh_of
from . import decimate, defaults, loose_parts, origin, size, textures
from .options import CannotFinish, Finish, Shading

AT_ONCE_TRIANGLES = 4_000
"""Larger meshes are reduced in a second Blender: this many take 100 ms, at 26 µs per triangle."""
LOOSE_AT_ONCE_TRIANGLES = 50_000
"""The same, for removing loose parts only."""


def is_heavy(mesh: bpy.types.Mesh, finish: Finish) -> bool:
    """True if removing loose parts and reducing would block Blender for more than about 100 ms."""
    count = decimate.triangles_of(mesh)
    reduces = 0 < finish.triangles < count and not finish.keeps_modifier
    return (reduces and count > AT_ONCE_TRIANGLES) or (finish.loose_share > 0 and count > LOOSE_AT_ONCE_TRIANGLES)


def check(model: bpy.types.Object, finish: Finish) -> None:
    """Raises CannotFinish if any of it cannot be done. Changes nothing."""
    if model.type != 'MESH':
        raise CannotFinish(f"“{model.name}” is no mesh.")
    mesh = mesh_of(model)
    if is_linked(model):
        raise CannotFinish(f"“{model.name}” is linked from another file. Make it local first.")
    size.check(model, mesh, finish.size)
    origin.check(model, finish.origin)
    decimate.check(model, mesh, finish.triangles, keeps_modifier=finish.keeps_modifier)
    textures.check(finish.textures)


def finish(model: bpy.types.Object, wanted: Finish) -> list[str]:
    """Finishes a model in the scene, and returns sentences that the artist should know.

    Its mesh stays the same data-block, so linked duplicates change as well. Pushes no undo step. Raises CannotFinish
    before anything is changed.
    """
    check(model, wanted)
    mesh = mesh_of(model)
    reduce(mesh, wanted)
    return finish_reduced(model, wanted)


def reduce(mesh: bpy.types.Mesh, wanted: Finish) -> None:
    """The slow steps: removing loose parts, and reducing unless a modifier does it."""
    loose_parts.remove(mesh, wanted.loose_share)
    if not wanted.keeps_modifier:
        decimate.reduce(mesh, wanted.triangles)


def finish_reduced(model: bpy.types.Object, wanted: Finish) -> list[str]:
    """All other steps, after `reduce`. Takes 100 ms for 1,000,000 triangles."""
    mesh = mesh_of(model)
    size.scale_to(model, mesh, wanted.size, wanted.size_m)
    kept = origin.why_kept(mesh, wanted.origin)
    if not kept:
        origin.move_to(mesh, origin.place_of(model, mesh, wanted.origin))
    shade(mesh, wanted)
    if wanted.triangles:
        # Without keeps_modifier the mesh itself is reduced already.
        decimate.keep(model, mesh, wanted.triangles if wanted.keeps_modifier else 0)
    said = "" if wanted.keeps_modifier else decimate.shortfall(mesh, wanted.triangles)
    return [*filter(None, (kept, said)), *textures.keep(mesh, wanted.textures), *textures.unseen(mesh)]


def shade(mesh: bpy.types.Mesh, wanted: Finish) -> None:
    """Smooth up to the angle, flat, or as it is."""
    if wanted.shading is Shading.ANGLE:
        defaults.shade(mesh, wanted.sharp_angle)
    elif wanted.shading is Shading.FLAT:
        mesh.shade_flat()
        mesh.update()
