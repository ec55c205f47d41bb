# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a model is placed: at the 3D cursor, on the surface below it, or on the ground."""

from enum import Enum

import bpy
from mathutils import Vector

from ..units import metres_per_unit

DOWN = Vector((0.0, 0.0, -1.0))
SKIN = 1e-4
"""The ray starts higher by this share of the height (at least of 1 m): a cursor that was snapped to a surface must hit
that surface, not the next one below."""
SEEN_THROUGH = frozenset({'WIRE', 'BOUNDS'})
"""Objects with this Display As are helpers, for example Boolean cutters, and no surface to stand on."""
SEEN_THROUGH_LIMIT = 64


class Target(str, Enum):
    """What the artist can choose. The values are the items of the Blender property."""

    CURSOR = "CURSOR"
    SURFACE = "SURFACE"
    GROUND = "GROUND"


def stand_at(context: bpy.types.Context, target: Target, beside: float = 0.0) -> tuple[float, float, float]:
    """The point in world space for the model's bottom centre: the cursor itself if there is no surface below it."""
    x, y, z = context.scene.cursor.location
    x += beside
    if target is Target.GROUND:
        return (x, y, 0.0)
    if target is Target.SURFACE and (height := _surface_below(context, Vector((x, y, z)))) is not None:
        return (x, y, height)
    return (x, y, z)


def _surface_below(context: bpy.types.Context, point: Vector) -> float | None:
    """The height of the surface below `point`, with modifiers and without hidden objects; None if there is none."""
    skin = SKIN * max(1.0 / metres_per_unit(context.scene), abs(point.z))
    hit = first_surface(context, point - DOWN * skin, DOWN, skin)
    return None if hit is None else hit.z


def first_surface(
    context: bpy.types.Context, origin: Vector, direction: Vector, skin: float, ignored: str = ""
) -> Vector | None:
    """Where a ray meets what can be stood on; None where it meets nothing. It goes through helpers and through objects
    with the custom property `ignored`, and on from each at a distance of `skin`.
    """
    depsgraph = context.evaluated_depsgraph_get()
    for _ in range(SEEN_THROUGH_LIMIT):
        is_hit, location, _, _, item, _ = context.scene.ray_cast(depsgraph, origin, direction)
        if not is_hit:
            return None
        if item.display_type not in SEEN_THROUGH and not (ignored and ignored in item):
            return location
        origin = location + direction * skin
    return None
