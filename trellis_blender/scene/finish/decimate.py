# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit on the number of triangles, reached with Blender's Decimate modifier, which keeps the UV seams."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import bpy

from .options import CannotFinish

MODIFIER = "Triangle Budget"
KEPT_LIMIT = 200_000
"""Blender evaluates the modifier again at every change, 8 to 26 µs per triangle of the mesh."""
TOLERANCE = 0.02


def triangles_of(mesh: bpy.types.Mesh) -> int:
    """How many triangles the mesh is drawn with; a face with n corners has n - 2."""
    return len(mesh.loops) - 2 * len(mesh.polygons)


def check(model: bpy.types.Object, mesh: bpy.types.Mesh, triangles: int, *, keeps_modifier: bool) -> None:
    """Raises CannotFinish if the limit cannot be reached. Changes nothing."""
    count = triangles_of(mesh)
    if not 0 < triangles < count:
        return
    if mesh.shape_keys is not None and not keeps_modifier:
        raise CannotFinish(
            f"“{model.name}” has shape keys. Switch on Keep as Modifier, or remove the shape keys first."
        )
    if keeps_modifier and count > KEPT_LIMIT:
        raise CannotFinish(
            f"A Decimate modifier on {count:,} triangles would make every change slow. Switch off Keep as Modifier."
        )


def reduce(mesh: bpy.types.Mesh, triangles: int) -> None:
    """Reduces the mesh itself to `triangles` if it has more. The data-block stays the same one.

    Takes 8 to 26 seconds for 1,000,000 triangles. UVs, materials and attributes are kept; a corner whose vertex is kept
    has the same UV coordinates as before.
    """
    import bmesh

    if not 0 < triangles < triangles_of(mesh):
        return
    with _decimated(mesh, triangles) as reduced:
        work = bmesh.new()
        try:
            work.from_mesh(reduced)
            work.to_mesh(mesh)
        finally:
            work.free()
    mesh.update()


def keep(model: bpy.types.Object, mesh: bpy.types.Mesh, triangles: int) -> None:
    """Sets up our Decimate modifier on the object, or removes it if the mesh has few enough triangles."""
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
    """A sentence if a reduced mesh has over 2 % more triangles than its limit; else ""."""
    count = triangles_of(mesh)
    if not 0 < triangles * (1 + TOLERANCE) < count:
        return ""
    return f"It could be reduced to {count:,} triangles only, because it has too many separate pieces."


def _ratio(triangles: int, count: int) -> float:
    # Blender rounds down: a rounding error would cost one triangle.
    return min((triangles + 0.5) / count, 1.0)


@contextmanager
def _decimated(mesh: bpy.types.Mesh, triangles: int) -> Generator[bpy.types.Mesh]:
    """The reduced mesh, evaluated in a scene of its own: modifiers, parents and the artist's scene do not matter."""
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
