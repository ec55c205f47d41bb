# SPDX-License-Identifier: GPL-3.0-or-later
"""A budget of triangles, kept to by Blender's Decimate modifier, which keeps the seams of the UVs."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import bpy

from ..meshes import edited, mesh_of
from .options import CannotFinish, Finish

MODIFIER = "Triangle Budget"
KEPT_LIMIT = 200_000
"""Blender computes a modifier again at every change, 8 to 26 µs for a triangle of the mesh."""
TOLERANCE = 0.02


def triangles_of(mesh: bpy.types.Mesh) -> int:
    """How many triangles the mesh is drawn with; a face of n corners is n - 2."""
    return len(mesh.loops) - 2 * len(mesh.polygons)


def check(model: bpy.types.Object, wanted: Finish) -> None:
    """Raises CannotFinish where the budget cannot be kept to; asks before anything is changed."""
    mesh = mesh_of(model)
    count = triangles_of(mesh)
    if not 0 < wanted.triangles < count:
        return
    if mesh.shape_keys is not None and not wanted.keeps_modifier:
        raise CannotFinish(f"“{model.name}” has shape keys: keep the Decimate modifier, or remove them first.")
    if wanted.keeps_modifier and count > KEPT_LIMIT:
        raise CannotFinish(
            f"A Decimate modifier on {count:,} triangles would hold Blender up at every change. Choose Apply."
        )


def apply(model: bpy.types.Object, wanted: Finish) -> list[str]:
    """The modifier where one is wanted. The mesh itself was reduced before, see `steps.reduce`: then a sentence where
    it is still above its budget.
    """
    mesh = mesh_of(model)
    if wanted.triangles:
        # The mesh itself is within it by now, unless a modifier is to be.
        keep(model, mesh, wanted.triangles if wanted.keeps_modifier else 0)
    said = "" if wanted.keeps_modifier else shortfall(mesh, wanted.triangles)
    return [said] if said else []


def reduce(mesh: bpy.types.Mesh, triangles: int) -> None:
    """Reduces the mesh itself to so many triangles where it has more. The data-block stays the same one.

    Blender takes 8 to 26 seconds for 1,000,000 triangles. UVs, materials and attributes are kept; a corner whose vertex
    stays has the UV coordinates that it had.
    """
    if not 0 < triangles < triangles_of(mesh):
        return
    with _decimated(mesh, triangles) as reduced, edited(mesh, reduced):
        pass


def keep(model: bpy.types.Object, mesh: bpy.types.Mesh, triangles: int) -> None:
    """Has a Decimate modifier of ours do it, made where there is none; a budget that is kept anyway ends it."""
    found = next((item for item in model.modifiers if item.name == MODIFIER and item.type == 'DECIMATE'), None)
    count = triangles_of(mesh)
    if not 0 < triangles < count:
        if found is not None:
            model.modifiers.remove(found)
        return
    modifier = found or model.modifiers.new(MODIFIER, 'DECIMATE')
    if isinstance(modifier, bpy.types.DecimateModifier):
        modifier.ratio = _ratio(triangles, count)


def shortfall(mesh: bpy.types.Mesh, triangles: int) -> str:
    """A sentence where a reduced mesh has more than 2 % above its budget; else ""."""
    count = triangles_of(mesh)
    if not 0 < triangles * (1 + TOLERANCE) < count:
        return ""
    return f"It could be reduced to {count:,} triangles and no further: it is of too many separate pieces."


def _ratio(triangles: int, count: int) -> float:
    # Blender rounds down, and a little below a whole number would be one less.
    return min((triangles + 0.5) / count, 1.0)


@contextmanager
def _decimated(mesh: bpy.types.Mesh, triangles: int) -> Generator[bpy.types.Mesh]:
    """In a scene of its own, so that modifiers, parents and the artist's scene have no part in it."""
    stage = bpy.data.scenes.new("Trellis finish")
    item = bpy.data.objects.new("Trellis finish", mesh)
    try:
        stage.collection.objects.link(item)
        modifier = item.modifiers.new(MODIFIER, 'DECIMATE')
        if isinstance(modifier, bpy.types.DecimateModifier):
            modifier.ratio = _ratio(triangles, triangles_of(mesh))
        layer: Any = stage.view_layers[0]
        layer.update()
        yield item.evaluated_get(layer.depsgraph).data  # pyright: ignore[reportReturnType]
    finally:
        bpy.data.objects.remove(item)
        bpy.data.scenes.remove(stage)
