# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows, view layers and 3D viewports that show a scene, and the undo step that is pushed from there."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import bpy


def window_of(scene: bpy.types.Scene | None) -> bpy.types.Window | None:
    """A window that shows `scene`, any window for None; None where there is none."""
    if bpy.app.background:
        return None
    windows = bpy.context.window_manager.windows
    return next((window for window in windows if scene is None or window.scene == scene), None)


def shown_scene() -> bpy.types.Scene:
    """The scene that the artist has before them."""
    window = window_of(None)
    return window.scene if window is not None else bpy.context.scene


def view_layer_of(scene: bpy.types.Scene) -> bpy.types.ViewLayer:
    """The view layer in which `scene` is shown, its first one where it is not."""
    window = window_of(scene)
    if window is not None:
        return window.view_layer
    if bpy.context.scene == scene:
        return bpy.context.view_layer
    return scene.view_layers[0]


def viewports_of(scene: bpy.types.Scene) -> Iterator[bpy.types.SpaceView3D]:
    """The 3D viewports that show `scene`; none in background Blender."""
    if bpy.app.background:
        return
    layer = view_layer_of(scene)
    for window in bpy.context.window_manager.windows:
        if window.view_layer != layer:
            continue
        for area in window.screen.areas:
            if isinstance(area.spaces.active, bpy.types.SpaceView3D):
                yield area.spaces.active


def has(layer: bpy.types.ViewLayer, item: bpy.types.Object) -> bool:
    """Whether an object is in a view layer, one too that was linked just now: asking whether it is visible makes
    Blender look.
    """
    item.visible_get(view_layer=layer)
    return layer.objects.get(item.name) == item


def layer_collections(
    parent: bpy.types.LayerCollection, collection: bpy.types.Collection
) -> Iterator[bpy.types.LayerCollection]:
    """Where `collection` stands in a view layer: it may be in several places."""
    if parent.collection == collection:
        yield parent
    for child in parent.children:
        yield from layer_collections(child, collection)


def push_undo(scene: bpy.types.Scene, message: str) -> None:
    """One undo step for what was changed in `scene` just now.

    Whatever makes or removes an object pushes one, in every mode: without it the artist's next stroke or edit takes it
    along when it is undone, and Blender 5.2 crashes when it is redone in Sculpt Mode.
    """
    window = window_of(scene) or window_of(None)
    if window is None:
        return
    with inside(window):
        # Of no area: in a Text or Image Editor the step would be one of the text or the picture.
        bpy.ops.ed.undo_push('EXEC_SCREEN', message=message)


def inside(window: bpy.types.Window) -> AbstractContextManager[object]:
    """A context in `window`: no override where it is the context's already, as the first one is in timers, because of
    `versions.OPERATORS_CRASH_IN_OVERRIDES`.
    """
    return nullcontext() if bpy.context.window == window else bpy.context.temp_override(window=window)
