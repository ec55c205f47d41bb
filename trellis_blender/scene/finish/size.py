# SPDX-License-Identifier: GPL-3.0-or-later
"""A model as large as wished, scaled evenly in its mesh, standing where it stood."""

from math import isfinite

import bpy
from mathutils import Matrix

from .. import meshes
from ..units import metres_per_unit_of
from .options import CannotFinish, Finish, Size


def sides_of(model: bpy.types.Object, mesh: bpy.types.Mesh) -> tuple[float, float, float]:
    """Lengths of the model along its own three axes, in metres, world space."""
    low, high = meshes.bounds(mesh)
    scale, unit_m = meshes.world_of(model).to_scale(), metres_per_unit_of(model)
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
    """Scales the mesh about the middle of its underside until that length is `size_m`; 0 keeps it."""
    if wanted.size is Size.KEEP or wanted.size_m <= 0:
        return []
    mesh = meshes.mesh_of(model)
    low, high = meshes.bounds(mesh)
    x, y, z = (low.x + high.x) / 2, (low.y + high.y) / 2, low.z
    scale = Matrix.Scale(wanted.size_m / measure(model, mesh, wanted.size), 4)
    mesh.transform(Matrix.Translation((x, y, z)) @ scale @ Matrix.Translation((-x, -y, -z)), shape_keys=True)
    mesh.update()
    return []
