# SPDX-License-Identifier: GPL-3.0-or-later
"""The scene and the collection that a placement means: they may have been renamed, hidden or removed since."""

from typing import Any, NamedTuple

import bpy

from ...generation.record.request import Placement
from ..windows import layer_collections, shown_scene, view_layer_of, viewports_of, where_it_is, window_of


class Destination(NamedTuple):
    """Where a model goes, and in words why that is not where it was meant to go; "" where it is."""

    scene: bpy.types.Scene
    collection: bpy.types.Collection
    where: str


def destination_of(placement: Placement, *, arrives: bool = True) -> Destination:
    """Where a placement means now. An artist in local view, or without a viewport, finds what `arrives` in the scene's
    own collection.
    """
    shown = shown_scene()
    scene = _found(bpy.data.scenes, placement.scene_uid, placement.scene)
    if scene is None or scene.library is not None:
        where = f"It is in the scene “{shown.name}”, because the scene “{placement.scene}” is gone."
        return Destination(shown, shown.collection, where)
    collection = _found(bpy.data.collections, placement.collection_uid, placement.collection)
    reason = (_why_unseen(scene) if arrives else "") or _why_not_there(scene, placement, collection)
    if reason:
        return Destination(scene, scene.collection, f"It is in the Scene Collection, because {reason}.")
    if scene != shown and window_of(scene) is None:
        return Destination(scene, collection or scene.collection, where_it_is(scene))
    return Destination(scene, collection or scene.collection, "")


def _found(known: Any, number: int, name: str) -> Any:
    """By its number in this session, which outlives renaming; else by name, which outlives reopening the file."""
    return next((item for item in known if name and item.session_uid == number), None) or known.get(name)


def _why_unseen(scene: bpy.types.Scene) -> str:
    if window_of(scene) is None:
        return ""
    viewports = list(viewports_of(scene))
    if not viewports:
        return "no 3D Viewport is open"
    if any(viewport.local_view is not None for viewport in viewports):
        return "a 3D Viewport is in Local View"
    return ""


def _why_not_there(scene: bpy.types.Scene, placement: Placement, collection: bpy.types.Collection | None) -> str:
    if not placement.collection:
        return ""
    if collection is None:
        return f"the collection “{placement.collection}” is gone"
    if collection.library is not None or collection.override_library is not None:
        return f"the collection “{collection.name}” is linked from another file"
    layers = list(layer_collections(view_layer_of(scene).layer_collection, collection))
    if not layers:
        return f"the collection “{collection.name}” is no longer in the scene"
    if all(layer.exclude for layer in layers):
        return f"the collection “{collection.name}” is excluded from the view layer"
    if not any(layer.is_visible for layer in layers):
        return f"the collection “{collection.name}” is hidden"
    return ""
