# SPDX-License-Identifier: GPL-3.0-or-later
"""What is under the mouse in a 3D Viewport, and moving a placeholder there."""

from typing import Any

import bpy
from bpy_extras.view3d_utils import region_2d_to_location_3d, region_2d_to_origin_3d, region_2d_to_vector_3d
from mathutils import Matrix, Vector

from ..custom_properties import PLACEHOLDER
from .target import SKIN, first_surface


def under_mouse(
    context: bpy.types.Context, region: Any, view: Any, mouse: tuple[float, float]
) -> tuple[float, float, float]:
    """The point in world space under `mouse` (pixels in `region`): on a surface, else on the ground, else at the
    distance of the 3D cursor.
    """
    origin, direction = region_2d_to_origin_3d(region, view, mouse), region_2d_to_vector_3d(region, view, mouse)
    if (hit := first_surface(context, origin, direction, SKIN, PLACEHOLDER)) is not None:
        return hit.x, hit.y, hit.z
    if direction.z and (distance := -origin.z / direction.z) > 0 and abs(direction.z) > SKIN:
        ground = origin + direction * distance
        if (ground - view.view_location).length < view.view_distance * 4:
            return ground.x, ground.y, 0.0
    point = region_2d_to_location_3d(region, view, mouse, context.scene.cursor.location)
    return point.x, point.y, point.z


def move_to(empty: bpy.types.Object, point: tuple[float, float, float]) -> None:
    """Moves a placeholder so that its bottom centre is at `point`. Its rotation stays."""
    below = empty.matrix_world @ Vector((0, 0, -empty.empty_display_size))
    x, y, z = Vector(point) - below
    empty.matrix_world = Matrix.Translation((x, y, z)) @ empty.matrix_world
