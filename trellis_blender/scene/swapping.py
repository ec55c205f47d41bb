# SPDX-License-Identifier: GPL-3.0-or-later
"""A box and the model that stands in it: one of the two is seen. Nothing is deleted, so either can come back.

The pair is known by custom properties, so both may be renamed, moved, copied and saved.
"""

import uuid
from collections.abc import Collection
from typing import Any

import bpy

from . import box_names, placeholder, views

BOX = "trellis_box"
"""The custom properties of a box with a model in it: the pair's id, the name it had, and whether it was rendered."""
IN_BOX = "trellis_in_box"
"""The custom property by which a model tells in which box it stands: the pair's id."""


def take_over(box: bpy.types.Object, item: bpy.types.Object) -> None:
    """`item`, which is in the box's collections, gets the box's name where that says anything, and is selected where
    the box was, which is hidden. Pushes no undo step.
    """
    scene = placeholder.scene_of(box) or views.shown_scene()
    layer = views.view_layer_of(scene)
    known: Any = box.get(BOX)
    name = name_of(box)
    was_hidden = bool(known["hide_render"]) if known is not None else box.hide_render
    pair = uuid.uuid4().hex
    if box_names.prompt_in(name):
        box.name, item.name = f"{name} box", name
    box[BOX] = {"pair": pair, "name": name, "hide_render": was_hidden}
    item[IN_BOX] = pair
    if placeholder.ID_PROPERTY in box:
        del box[placeholder.ID_PROPERTY]
    if views.has(layer, box) and views.has(layer, item):
        _take_attention(box, item, scene, layer)
    hide(box)


def name_of(box: bpy.types.Object) -> str:
    """The name that the artist gave the box."""
    known: Any = box.get(BOX)
    return str(known["name"]) if known is not None else box.name


def hide(item: bpy.types.Object, *, hidden: bool = True) -> None:
    """In every view layer and in renderings."""
    item.hide_render = hidden
    for layer in (layer for scene in item.users_scene for layer in scene.view_layers):
        if views.has(layer, item):
            item.hide_set(hidden, view_layer=layer)


def pairs_of(items: Collection[bpy.types.Object]) -> set[str]:
    """The pairs that any of the objects belongs to, as box or as model."""
    return {pair for item in items if (pair := _pair_of(item))}


def show(pairs: Collection[str], *, boxes: bool) -> int:
    """Shows the boxes and hides their models, or the other way round; how many boxes there are.

    All pairs of the file where `pairs` is empty. Pushes no undo step.
    """
    count = 0
    for item in bpy.data.objects:
        pair = _pair_of(item)
        if not pair or item.library is not None or (pairs and pair not in pairs):
            continue
        is_box = BOX in item
        hide(item, hidden=is_box != boxes)
        if is_box:
            count += 1
            known: Any = item[BOX]
            item.hide_render = item.hide_render or bool(known["hide_render"])
    return count


def _pair_of(item: bpy.types.Object) -> str:
    known: Any = item.get(BOX)
    return str(known["pair"]) if known is not None else str(item.get(IN_BOX, ""))


def _take_attention(
    box: bpy.types.Object, item: bpy.types.Object, scene: bpy.types.Scene, layer: bpy.types.ViewLayer
) -> None:
    for viewport in views.viewports_of(scene):
        if viewport.local_view is not None and box.local_view_get(viewport):
            item.local_view_set(viewport, True)
    item.select_set(box.select_get(view_layer=layer), view_layer=layer)
    box.select_set(False, view_layer=layer)
    if layer.objects.active == box:
        layer.objects.active = item
