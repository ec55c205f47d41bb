# SPDX-License-Identifier: GPL-3.0-or-later
"""A box and the model in it: one of the two is visible. Nothing is deleted, so either can be shown again.

Custom properties mark the pair, so both may be renamed, moved, copied and saved.
"""

import uuid
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, NamedTuple

import bpy

from .. import object_names, windows
from ..placement import placeholder

BOX = "trellis_box"
"""On a box with a model in it: the pair's id, the name the artist gave the box, and the names of box and model when the
model arrived. Of several objects with the same pair's id, the one that still has that name is the original.
"""
IN_BOX = "trellis_in_box"
"""On a model in a box: the pair's id."""
WAS_HIDDEN = "trellis_was_hidden"
"""On an object that was hidden here: whether it was hidden in viewports and in renders before."""
NAME_LIMIT = 255
"""Characters: Blender has no longer names. A .blend from a stranger may hold anything in these properties."""


class Pair(NamedTuple):
    """A box in a scene, and the model in it if there is one."""

    id: str
    box: bpy.types.Object
    model: bpy.types.Object | None


def take_over(box: bpy.types.Object, item: bpy.types.Object) -> None:
    """Makes `item`, which is in the box's collections, the model of the box, and hides the box.

    It gets the box's name (unless that is a default name), and is selected if the box was. A former model of the box is
    kept, hidden. Pushes no undo step.
    """
    scene = placeholder.scene_of(box) or windows.shown_scene()
    layer = windows.view_layer_of(scene)
    name = name_of(box)
    before = next((pair.model for pair in _pairs() if pair.box == box), None) if BOX in box else None
    if before is not None:
        said = before.name
        put_away(before, said)
        item.name = said
    if object_names.prompt_in(name):
        box.name, item.name = f"{name} box", name
    pair = uuid.uuid4().hex
    box[BOX] = {"pair": pair, "name": name, "box": box.name, "model": item.name}
    item[IN_BOX] = pair
    if placeholder.ID_PROPERTY in box:
        del box[placeholder.ID_PROPERTY]
    if windows.has(layer, box) and windows.has(layer, item):
        _take_attention(box, item, scene, layer)
    hide(box)


def name_of(box: bpy.types.Object) -> str:
    """The name that the artist gave the box."""
    return _told_by(box, "name") or box.name


def put_away(model: bpy.types.Object, name: str) -> None:
    """Keeps a model that was replaced: hidden, named "`name` (before)", and no longer the model of a box."""
    model.name = f"{name} (before)"
    for mark in (placeholder.ID_PROPERTY, IN_BOX):
        if mark in model:
            del model[mark]
    hide(model)


def hide(item: bpy.types.Object) -> None:
    """Hides an object in all viewports and renders. Hidden in the view layer only, it would become visible again when
    its collection is excluded and included.
    """
    if WAS_HIDDEN not in item:
        item[WAS_HIDDEN] = [item.hide_viewport, item.hide_render]
    item.hide_viewport = item.hide_render = True


def unhide(item: bpy.types.Object) -> None:
    """Undoes `hide`."""
    known: Any = item.get(WAS_HIDDEN)
    if known is not None:
        was = [bool(each) for each in islice(known, 2)] if hasattr(known, "to_list") else []
        item.hide_viewport, item.hide_render = (*was, False, False)[:2]
        del item[WAS_HIDDEN]


def pairs_of(items: Collection[bpy.types.Object]) -> set[str]:
    """The ids of the pairs that the objects belong to, as box or as model."""
    return {pair for item in items if (pair := _pair_of(item))}


def show(pairs: Collection[str], *, boxes: bool) -> int:
    """Shows the boxes and hides their models, or the other way round. Returns the number of boxes.

    Does so for all pairs of the file if `pairs` is empty. A box whose model is gone can be shown, and is not hidden.
    Copies of a box or of a model are not changed. Pushes no undo step.
    """
    count = 0
    for pair in _pairs():
        shown, hidden = (pair.box, pair.model) if boxes else (pair.model, pair.box)
        if shown is None or (pairs and pair.id not in pairs):
            continue
        unhide(shown)
        if hidden is not None:
            hide(hidden)
        count += 1
    return count


def _pairs() -> Iterator[Pair]:
    boxes: dict[str, list[bpy.types.Object]] = {}
    models: dict[str, list[bpy.types.Object]] = {}
    for item in bpy.data.objects:
        if (pair := _pair_of(item)) and item.library is None and item.users_scene:
            (boxes if BOX in item else models).setdefault(pair, []).append(item)
    for pair, found in boxes.items():
        box = _called(_told_by(found[0], "box"), found)
        if box is not None:
            yield Pair(pair, box, _called(_told_by(found[0], "model"), models.get(pair, [])))


def _called(name: str, items: list[bpy.types.Object]) -> bpy.types.Object | None:
    return next((item for item in items if item.name == name), items[0] if items else None)


def _pair_of(item: bpy.types.Object) -> str:
    if BOX in item:
        return _told_by(item, "pair")
    known: Any = item.get(IN_BOX)
    return known[:NAME_LIMIT] if isinstance(known, str) else ""


def _told_by(box: bpy.types.Object, what: str) -> str:
    """What the property of a box says, "" where it says nothing that could be ours."""
    group: Any = box.get(BOX)
    said = group.get(what) if hasattr(group, "to_dict") else None
    return said[:NAME_LIMIT] if isinstance(said, str) else ""


def _take_attention(
    box: bpy.types.Object, item: bpy.types.Object, scene: bpy.types.Scene, layer: bpy.types.ViewLayer
) -> None:
    for viewport in windows.viewports_of(scene):
        if viewport.local_view is not None and box.local_view_get(viewport):
            item.local_view_set(viewport, True)
    item.select_set(box.select_get(view_layer=layer), view_layer=layer)
    box.select_set(False, view_layer=layer)
    if layer.objects.active == box:
        layer.objects.active = item
