# SPDX-License-Identifier: GPL-3.0-or-later
"""What is under the mouse in a 3D Viewport, and moving a placeholder there."""

from typing import Any

import bpy
from bpy_extras.view3d_utils import region_2d_to_location_3d, region_2d_to_origin_3d, region_2d_to_vector_3d
from mathutils import Matrix, Vector

from . import placeholder
from .target import SEEN_THROUGH, SEEN_THROUGH_LIMIT, SKIN


def under_mouse(
    context: bpy.types.Context, region: Any, view: Any, mouse: tuple[float, float]
) -> tuple[float, float, float]:
    """The point in world space under `mouse` (pixels in `region`): on a surface, else on the ground, else at the
    distance of the 3D cursor.
    """
    origin, direction = region_2d_to_origin_3d(region, view, mouse), region_2d_to_vector_3d(region, view, mouse)
    if (hit := _surface(context, origin, direction)) is not None:
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


def _surface(context: bpy.types.Context, origin: Vector, direction: Vector) -> Vector | None:
    depsgraph = context.evaluated_depsgraph_get()
    for _ in range(SEEN_THROUGH_LIMIT):
        is_hit, location, _, _, item, _ = context.scene.ray_cast(depsgraph, origin, direction)
        if not is_hit:
            return None
        if item.display_type not in SEEN_THROUGH and placeholder.ID_PROPERTY not in item:
            return location
        origin = location + direction * SKIN
    return None
