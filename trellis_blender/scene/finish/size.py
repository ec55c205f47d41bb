# SPDX-License-Identifier: GPL-3.0-or-later
"""A model as large as wished, scaled evenly in its mesh, standing where it stood."""

from math import isfinite

import bpy
from mathutils import Matrix

from .. import meshes
from ..units import metres_per_unit_of
from . import origin
from .options import CannotFinish, Finish, Size


def sides_of(model: bpy.types.Object, mesh: bpy.types.Mesh) -> tuple[float, float, float]:
    """Lengths of the model along its own three axes, in metres, world space, with its modifiers."""
    low, high = meshes.bounds(mesh)
    unit_m = metres_per_unit_of(model)
    with meshes.computed(model) as (seen, _):
        scale = seen.matrix_world.to_scale()
        corners = [tuple(corner) for corner in seen.bound_box] if len(model.modifiers) else []
    # Modifiers may leave nothing of the mesh but instances.
    if len(set(corners)) > 1:
        low, high = tuple(map(min, zip(*corners, strict=True))), tuple(map(max, zip(*corners, strict=True)))
    x, y, z = ((high[axis] - low[axis]) * abs(scale[axis]) * unit_m for axis in range(3))
    return x, y, z


def measure(model: bpy.types.Object, mesh: bpy.types.Mesh, size: Size) -> float:
    """The length that `size` is about, in metres; the longest side for Size.KEEP."""
    sides = sides_of(model, mesh)
    return sides[2] if size is Size.HEIGHT else max(sides)


def check(model: bpy.types.Object, wanted: Finish) -> None:
    """Raises CannotFinish for a model without a size."""
    mesh, size = meshes.mesh_of(model), wanted.size
    if not mesh.polygons:
        raise CannotFinish(f"“{model.name}” has no faces.")
    if not all(map(isfinite, (value for corner in meshes.bounds(mesh) for value in corner))):
        raise CannotFinish(f"Some points of “{model.name}” have invalid coordinates: it cannot be finished.")
    if size is not Size.KEEP and not measure(model, mesh, size) > meshes.SMALLEST_SIDE:
        what = "height" if size is Size.HEIGHT else "size"
        raise CannotFinish(f"“{model.name}” has no {what} that could be scaled.")


def apply(model: bpy.types.Object, wanted: Finish) -> list[str]:
    """Scales the mesh about the middle of its underside until that length is `size_m`; 0 keeps it. About its origin
    where a modifier works from there: half a model would not be on its side of a mirror any more.
    """
    if wanted.size is Size.KEEP or wanted.size_m <= 0:
        return []
    mesh = meshes.mesh_of(model)
    low, high = meshes.bounds(mesh)
    x, y, z = (low.x + high.x) / 2, (low.y + high.y) / 2, low.z
    if origin.modifier_from_origin(mesh) is not None:
        x = y = z = 0.0
    scale = Matrix.Scale(wanted.size_m / measure(model, mesh, wanted.size), 4)
    mesh.transform(Matrix.Translation((x, y, z)) @ scale @ Matrix.Translation((-x, -y, -z)), shape_keys=True)
    mesh.update()
    return []
