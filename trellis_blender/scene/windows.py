# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows, view layers and 3D Viewports that show a scene, and pushing an undo step."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import bpy


def window_of(scene: bpy.types.Scene | None) -> bpy.types.Window | None:
    """A window that shows `scene` (None: any window); None if there is none."""
    if bpy.app.background:
        return None
    windows = bpy.context.window_manager.windows
    return next((window for window in windows if scene is None or window.scene == scene), None)


def shown_scene() -> bpy.types.Scene:
    """The scene that the artist sees."""
    window = window_of(None)
    return window.scene if window is not None else bpy.context.scene


def view_layer_of(scene: bpy.types.Scene) -> bpy.types.ViewLayer:
    """The view layer in which `scene` is shown; its first one if no window shows it."""
    window = window_of(scene)
    if window is not None:
        return window.view_layer
    if bpy.context.scene == scene:
        return bpy.context.view_layer
    return scene.view_layers[0]


def viewports_of(scene: bpy.types.Scene) -> Iterator[bpy.types.SpaceView3D]:
    """The 3D Viewports that show `scene`; none in background mode."""
    if bpy.app.background:
        return
    layer = view_layer_of(scene)
    for window in bpy.context.window_manager.windows:
        if window.view_layer != layer:
            continue
        for area in window.screen.areas:
            if isinstance(area.spaces.active, bpy.types.SpaceView3D):
                yield area.spaces.active


def where_it_is(scene: bpy.types.Scene) -> str:
    """For what is in another scene than the one that is shown, as a sentence."""
    return f"It is in the scene “{scene.name}”."


def has(layer: bpy.types.ViewLayer, item: bpy.types.Object) -> bool:
    """Whether an object is in a view layer. `visible_get` makes Blender update the layer first, so it is right for an
    object that was just linked, too.
    """
    item.visible_get(view_layer=layer)
    return layer.objects.get(item.name) == item


def layer_collections(
    parent: bpy.types.LayerCollection, collection: bpy.types.Collection
) -> Iterator[bpy.types.LayerCollection]:
    """Every layer collection of `collection` in a view layer: it may be linked in several places."""
    if parent.collection == collection:
        yield parent
    for child in parent.children:
        yield from layer_collections(child, collection)


def push_undo(scene: bpy.types.Scene, message: str) -> None:
    """Pushes one undo step for what was just changed in `scene`.

    Needed after adding or removing any object, in every mode. Without it, undoing the artist's next stroke or edit
    would undo our change as well, and redoing it in Sculpt Mode crashes Blender 5.2.
    """
    window = window_of(scene) or window_of(None)
    if window is None:
        return
    with inside(window):
        # Without an area: in a Text or Image Editor it would be an undo step of the text or the image.
        bpy.ops.ed.undo_push('EXEC_SCREEN', message=message)


def inside(window: bpy.types.Window) -> AbstractContextManager[object]:
    """A context manager in which `window` is the context's window. It overrides nothing if it is that already (in
    timers the first window is), because of `versions.OPERATORS_CRASH_IN_OVERRIDES`.
    """
    return nullcontext() if bpy.context.window == window else bpy.context.temp_override(window=window)
