# SPDX-License-Identifier: GPL-3.0-or-later
"""A box and the model in it: one of the two is visible. Nothing is deleted, so either can be shown again.

Custom properties mark the pair, so both may be renamed, moved, copied and saved.
"""

import uuid
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import bpy

from .. import object_names, windows
from ..custom_properties import BOX, IN_BOX, PLACEHOLDER
from ..new_mesh import hide, put_away, unhide
from ..placement import placeholder

NAME_LIMIT = 255
"""Characters: Blender has no longer names. An untrusted .blend may hold anything in these properties."""


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
    if PLACEHOLDER in box:
        del box[PLACEHOLDER]
    if windows.has(layer, box) and windows.has(layer, item):
        _take_attention(box, item, scene, layer)
    hide(box)


def name_of(box: bpy.types.Object) -> str:
    """The name that the artist gave the box."""
    return _told_by(box, "name") or box.name


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
