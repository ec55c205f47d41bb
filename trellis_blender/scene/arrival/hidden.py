# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a model that has arrived can be seen: Blender's own first cube stands where the 3D cursor is."""

import re
from itertools import islice
from typing import Any

import bpy
from mathutils import Vector

from ..placement.target import SEEN_THROUGH

OBJECTS_LIMIT = 300
FACES_LIMIT = 10_000
"""Of what may hide it: to look into a mesh of millions takes as long as a model takes to arrive."""
TIMES = 4
"""So much larger than the model it may be: what is larger may be a room or a sky, which one looks into."""
FLUSH = 0.01
"""Share of the model's size that may stick out: what ends where the other one ends is not seen either."""
SAID = re.compile(r" ?It is inside “(.+?)”, which hides it\.")
"""The sentence of `hidden_in`."""


def hidden_in(model: bpy.types.Object, scene: bpy.types.Scene, layer: bpy.types.ViewLayer) -> str:
    """A sentence where the model stands inside another mesh, "" for all others."""
    if model.parent is not None:
        return ""
    corners = [model.matrix_basis @ Vector(corner) for corner in model.bound_box]
    size = max((corner - corners[0]).length for corner in corners)
    for item in islice(scene.objects, OBJECTS_LIMIT):
        if item == model or not _may_hide(item, layer) or item.dimensions.length > TIMES * size:
            continue
        if all(_is_in(item, corner, FLUSH * size) for corner in corners):
            return f"It is inside “{item.name}”, which hides it."
    return ""


def still_said(where: str) -> str:
    """What was said of a model as it arrived, without the sentence of `hidden_in` once that object is gone or hidden.
    Cheap enough for a draw function.
    """
    found = SAID.search(where)
    if found is None:
        return where
    item = bpy.data.objects.get(found[1])
    return where if item is not None and item.visible_get() else SAID.sub("", where).strip()


def _may_hide(item: bpy.types.Object, layer: bpy.types.ViewLayer) -> bool:
    return (
        isinstance(item.data, bpy.types.Mesh)
        and item.display_type not in SEEN_THROUGH
        and 0 < len(item.data.polygons) <= FACES_LIMIT
        and item.visible_get(view_layer=layer)
    )


def _is_in(item: bpy.types.Object, point: Vector, flush: float) -> bool:
    """Whether a point of the world is behind the nearest face of the mesh, or before it by not more than `flush`."""
    to_its_own = item.matrix_world.inverted_safe()
    its_own: Any = to_its_own @ point
    near = flush * max(to_its_own.to_scale().to_tuple())
    low, high = item.bound_box[0], item.bound_box[6]
    if not all(low[axis] - near <= its_own[axis] <= high[axis] + near for axis in range(3)):
        return False
    try:
        found, nearest, normal, _ = item.closest_point_on_mesh(its_own)
    except RuntimeError:  # Blender has not computed its modifiers yet
        return False
    return found and (its_own - nearest).dot(normal) <= near
