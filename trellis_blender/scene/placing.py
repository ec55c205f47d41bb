# SPDX-License-Identifier: GPL-3.0-or-later
"""The model into the artist's scene: where it was meant to go, as one undo step, touching nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import bpy

from ..generation.request import Placement
from . import finishing
from .artist import other_mode
from .staging import mesh_of, staged_model

ID_PROPERTY = "trellis_generation"
"""The custom property by which an object tells which generation made it."""


class Placed(NamedTuple):
    """The object's name, and where it went in words where that is not the place it was meant for."""

    object_name: str
    where: str


class _Destination(NamedTuple):
    scene: bpy.types.Scene
    collection: bpy.types.Collection
    where: str


def here(context: bpy.types.Context, longest_side_m: float, blend_load: str) -> Placement:
    """The place that the artist means now: the active collection and the 3D cursor."""
    collection = context.collection
    chosen = None if collection == context.scene.collection else collection
    return Placement(
        scene=context.scene.name,
        scene_uid=context.scene.session_uid,
        collection=chosen.name if chosen is not None else "",
        collection_uid=chosen.session_uid if chosen is not None else 0,
        location=tuple(context.scene.cursor.location),
        longest_side_m=longest_side_m,
        blend_file=bpy.data.filepath,
        blend_load=blend_load,
    )


def place(glb: Path, name: str, generation_id: str, placement: Placement) -> Placed:
    """Puts the model of a generation into the scene: selected and active where the artist is idle in Object Mode.

    Exactly one object, mesh and material come in, and one undo step. Raises staging.ImportFailed and
    generation.problems.ModelUnusable; then nothing is left behind.
    """
    destination = _destination(placement)
    with staged_model(glb) as model:
        mesh = mesh_of(model)
        finishing.stand(mesh, placement.longest_side_m)
        finishing.shade(mesh)
        finishing.unmetal(mesh, glb)
        finishing.name_all(model, mesh, name)
        model.location = placement.location
        model[ID_PROPERTY] = generation_id
        for collection in list(model.users_collection):
            collection.objects.unlink(model)
        destination.collection.objects.link(model)
        _show(model, destination.scene)
    object_name = model.name
    _push_undo(destination.scene, f"Add “{name}”")
    return Placed(object_name, destination.where)


def find_object(generation_id: str, name_hint: str) -> bpy.types.Object | None:
    """The object of a generation in any scene, found by its property: by name first, which is nearly always right."""
    hinted = bpy.data.objects.get(name_hint)
    if hinted is not None and _is_of(hinted, generation_id):
        return hinted
    return next((item for item in bpy.data.objects if _is_of(item, generation_id)), None)


def _is_of(item: bpy.types.Object, generation_id: str) -> bool:
    return item.get(ID_PROPERTY) == generation_id and bool(item.users_collection)


def _destination(placement: Placement) -> _Destination:
    window = _window(None)
    shown = window.scene if window is not None else bpy.context.scene
    by_number = (item for item in bpy.data.scenes if item.session_uid == placement.scene_uid)
    scene = next(by_number, None) or bpy.data.scenes.get(placement.scene)
    if scene is None or scene.library is not None:
        where = f"In the scene “{shown.name}”, because “{placement.scene}” is gone."
        return _Destination(shown, shown.collection, where)
    collection = _collection(placement)
    reason = _why_not_there(scene, placement, collection)
    if reason:
        return _Destination(scene, scene.collection, f"In the scene's own collection, because {reason}.")
    if scene != shown and _window(scene) is None:
        return _Destination(scene, collection or scene.collection, f"In the scene “{scene.name}”.")
    return _Destination(scene, collection or scene.collection, "")


def _collection(placement: Placement) -> bpy.types.Collection | None:
    """By its number in this session, which outlives renaming; else by name, which outlives reopening the file."""
    if not placement.collection:
        return None
    by_number = (item for item in bpy.data.collections if item.session_uid == placement.collection_uid)
    return next(by_number, None) or bpy.data.collections.get(placement.collection)


def _why_not_there(scene: bpy.types.Scene, placement: Placement, collection: bpy.types.Collection | None) -> str:
    if _window(scene) is not None:
        viewports = list(_viewports(scene))
        if not viewports:
            return "no 3D viewport is open"
        if any(viewport.local_view is not None for viewport in viewports):
            return "a 3D viewport is in local view"
    if not placement.collection:
        return ""
    if collection is None:
        return f"the collection “{placement.collection}” is gone"
    if collection.library is not None or collection.override_library is not None:
        return f"the collection “{collection.name}” is linked from another file"
    layers = list(_layer_collections(_view_layer(scene).layer_collection, collection))
    if not layers:
        return f"the collection “{collection.name}” is no longer in the scene"
    if all(layer.exclude for layer in layers):
        return f"the collection “{collection.name}” is excluded from the view layer"
    if not any(layer.is_visible for layer in layers):
        return f"the collection “{collection.name}” is hidden"
    return ""


def _layer_collections(
    parent: bpy.types.LayerCollection, collection: bpy.types.Collection
) -> Iterator[bpy.types.LayerCollection]:
    if parent.collection == collection:
        yield parent
    for child in parent.children:
        yield from _layer_collections(child, collection)


def _show(model: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Makes the model visible and, for an artist idle in Object Mode, the selected and active object."""
    layer = _view_layer(scene)
    if not other_mode():
        for item in list(layer.objects.selected):
            item.select_set(False, view_layer=layer)
        model.select_set(True, view_layer=layer)
        layer.objects.active = model
    else:
        model.select_set(False, view_layer=layer)
    for viewport in _viewports(scene):
        if viewport.local_view is not None:
            model.local_view_set(viewport, True)


def _push_undo(scene: bpy.types.Scene, message: str) -> None:
    window = _window(scene) or _window(None)
    if window is None:
        return
    with bpy.context.temp_override(window=window, area=window.screen.areas[0]):
        bpy.ops.ed.undo_push(message=message)


def _view_layer(scene: bpy.types.Scene) -> bpy.types.ViewLayer:
    window = _window(scene)
    if window is not None:
        return window.view_layer
    if bpy.context.scene == scene:
        return bpy.context.view_layer
    return scene.view_layers[0]


def _window(scene: bpy.types.Scene | None) -> bpy.types.Window | None:
    """A window that shows `scene`, any window for None; None where there is none."""
    if bpy.app.background:
        return None
    windows = bpy.context.window_manager.windows
    return next((window for window in windows if scene is None or window.scene == scene), None)


def _viewports(scene: bpy.types.Scene) -> Iterator[bpy.types.SpaceView3D]:
    if bpy.app.background:
        return
    layer = _view_layer(scene)
    for window in bpy.context.window_manager.windows:
        if window.view_layer != layer:
            continue
        for area in window.screen.areas:
            if isinstance(area.spaces.active, bpy.types.SpaceView3D):
                yield area.spaces.active
