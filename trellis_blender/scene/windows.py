# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows, view layers and 3D Viewports that show a scene, and pushing an undo step."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

import bpy

from . import versions
from .user_activity import job_that_reads_the_scene


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
    yield from (viewport for window, viewport in viewports() if window.view_layer == layer)


def viewports() -> Iterator[tuple[bpy.types.Window, bpy.types.SpaceView3D]]:
    """All 3D Viewports that are open, with their windows."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if isinstance(area.spaces.active, bpy.types.SpaceView3D):
                yield window, area.spaces.active


def where_it_is(scene: bpy.types.Scene) -> str:
    """For what is in another scene than the one that is shown, as a sentence."""
    return f"It is in the scene “{scene.name}”."


def has(layer: bpy.types.ViewLayer, item: bpy.types.Object) -> bool:
    """Whether an object is in a view layer. `visible_get` makes Blender update the layer first, so it is right for an
    object that was just linked, too.
    """
    item.visible_get(view_layer=layer)
    return layer.objects.get(item.name) == item


def select_only(layer: bpy.types.ViewLayer, items: Sequence[bpy.types.Object]) -> None:
    """Selects `items` in a view layer and nothing else; the first one is active."""
    for item in list(layer.objects.selected):
        item.select_set(False, view_layer=layer)
    for item in items:
        item.select_set(True, view_layer=layer)
    layer.objects.active = items[0]


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
    would undo our change as well, and redoing it in Sculpt Mode crashes Blender 5.2. While Blender renders or bakes it
    pushes none: what was changed, which can be no object then, belongs to the artist's next step.
    """
    window = window_of(scene) or window_of(None)
    if window is None or job_that_reads_the_scene():
        return
    with inside(window):
        # Without an area: in a Text or Image Editor it would be an undo step of the text or the image.
        bpy.ops.ed.undo_push('EXEC_SCREEN', message=message)


def inside(window: bpy.types.Window) -> AbstractContextManager[object]:
    """A context manager in which `window` is the context's window. It overrides nothing if it is that already (in
    timers the first window is), because of `versions.OPERATORS_CRASH_IN_OVERRIDES`.
    """
    return nullcontext() if bpy.context.window == window else bpy.context.temp_override(window=window)


def inside_viewport(window: bpy.types.Window) -> AbstractContextManager[object]:
    """As `inside`, and in the window's first 3D Viewport where there is one and an operator is safe in an override."""
    area = next((area for area in window.screen.areas if area.type == 'VIEW_3D'), None)
    if area is None or not versions.may_operate_in_override():
        return inside(window)
    return bpy.context.temp_override(window=window, area=area)
