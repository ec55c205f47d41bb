# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a model stands: at the 3D cursor, on the surface below it, or on the ground."""

from enum import Enum

import bpy
from mathutils import Vector

from ..units import metres_per_unit

DOWN = Vector((0.0, 0.0, -1.0))
SKIN = 1e-4
"""Of the height, at least of 1 m: a cursor that was snapped onto a surface must find that surface, not the next one."""
SEEN_THROUGH = frozenset({'WIRE', 'BOUNDS'})
"""Objects displayed like this are helpers, cutters of booleans for example, and no surface that anything stands on."""
SEEN_THROUGH_LIMIT = 64


class Target(str, Enum):
    """What the artist can choose; the value is Blender's item."""

    CURSOR = "CURSOR"
    SURFACE = "SURFACE"
    GROUND = "GROUND"


def stand_at(context: bpy.types.Context, target: Target, beside: float = 0.0) -> tuple[float, float, float]:
    """The point in world space that the middle of the model's underside goes to.

    Where there is no surface below the cursor it is the cursor.
    """
    x, y, z = context.scene.cursor.location
    x += beside
    if target is Target.GROUND:
        return (x, y, 0.0)
    if target is Target.SURFACE and (height := _surface_below(context, Vector((x, y, z)))) is not None:
        return (x, y, height)
    return (x, y, z)


def _surface_below(context: bpy.types.Context, point: Vector) -> float | None:
    """The height of what lies below `point`, modifiers included and hidden objects not; None where nothing does."""
    depsgraph = context.evaluated_depsgraph_get()
    skin = SKIN * max(1.0 / metres_per_unit(context.scene), abs(point.z))
    origin = point - DOWN * skin
    for _ in range(SEEN_THROUGH_LIMIT):
        is_hit, location, _, _, item, _ = context.scene.ray_cast(depsgraph, origin, DOWN)
        if not is_hit:
            return None
        if item.display_type not in SEEN_THROUGH:
            return location.z
        origin = location + DOWN * skin
    return None
