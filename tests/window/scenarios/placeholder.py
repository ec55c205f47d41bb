"""The placeholder: seen early and late, moved, undone, deleted, cancelled; the status bar beside it."""

from contextlib import contextmanager
from types import ModuleType

import bpy
import drive


def empty(name: str = "a bear") -> bpy.types.Object | None:
    found = bpy.data.objects.get(name)
    return found if found is not None and "trellis_placeholder" in found else None


def generate(prompt: str) -> drive.Steps:
    count = len(drive.generations())
    bpy.context.scene.trellis.prompt = prompt
    yield 0.2
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: len(drive.generations()) == count + 1, f"{prompt} to be submitted")
    yield from drive.over_viewport()


def overlay() -> object:
    from bl_ext.user_default.trellis_blender.interface.viewport import overlay

    return overlay


def said() -> dict[str, str]:
    """What is drawn over each placeholder."""
    return {caption.name: caption.said for _, caption in overlay()._Drawn.shown}


def statusbar() -> ModuleType:
    from bl_ext.user_default.trellis_blender.interface.viewport import statusbar

    return statusbar


def status() -> str:
    return statusbar()._Memory.line.text


def looks_are_had_in_time() -> drive.Steps:
    """While there is news: the look that clears it away is due, and one for a change is not held up by it."""
    from bl_ext.user_default.trellis_blender.interface.state import background
    from bl_ext.user_default.trellis_blender.interface.viewport import redraw

    redraw._Memory.looked_at = -redraw.INTERVAL_S
    redraw.refresh()
    had_at = redraw._Memory.looked_at
    assert background.is_waiting(redraw._look)
    redraw.refresh()
    yield from drive.until(lambda: redraw._Memory.looked_at > had_at, "a look after a second", 4)


@contextmanager
def counted_draws():
    draws: list[int] = []
    handler = bpy.types.SpaceView3D.draw_handler_add(lambda: draws.append(1), (), 'WINDOW', 'POST_PIXEL')
    yield draws
    bpy.types.SpaceView3D.draw_handler_remove(handler, 'WINDOW')


def scenario() -> drive.Steps:
    cube = bpy.data.objects["Cube"]
    cube.location.y = 6
    statusbar().NEWS_S = 8.0
    assert not overlay().is_in_use()
    yield from drive.open_sidebar()
    yield from generate("a bear")
    box = empty()
    assert box is not None
    assert tuple(box.location) == (0, 0, 0.5)
    assert bpy.context.view_layer.objects.active == cube
    assert not box.select_get()
    yield from drive.until(lambda: drive.state() == "running", "running")
    yield from drive.until(lambda: " % " in said().get("a bear", "") + " ", "a percentage")
    yield 1.2
    drive.shot("01-early")

    # A G X 2 Return, as an artist does it.
    bpy.ops.object.select_all(action='DESELECT')
    box.select_set(True)
    bpy.context.view_layer.objects.active = box
    for key in ("g", "x", "2", "Return"):
        yield from drive.key(key, 0.3)
    for key in ("r", "z", "3", "0", "Return"):
        yield from drive.key(key, 0.2)
    for key in ("s", "1", "period", "5", "Return"):
        yield from drive.key(key, 0.2)
    assert abs(empty().location.x - 2) < 1e-4, tuple(empty().location)
    with drive.counted_redraws() as asked:
        yield 4.0
    assert 1 <= len(asked) <= 5, f"the viewport was redrawn {len(asked)} times in 4 s"
    yield from drive.until(lambda: (drive.generations()[0].progress or 0) > 0.6, "nearly done")
    yield 1.2
    drive.shot("02-late-moved")
    area, _, _ = drive.viewport()
    area.spaces.active.show_region_ui = False
    area.spaces.active.overlay.show_overlays = False
    yield 1.0
    drive.shot("03-overlays-off-sidebar-closed")
    area.spaces.active.overlay.show_overlays = True

    yield from drive.until(lambda: drive.state() == "placed", "the model")
    yield from drive.until(lambda: status() == "Trellis: a bear is done", "the status bar to say so", 5)
    yield 0.2
    yield from looks_are_had_in_time()
    model = bpy.data.objects["a bear"]
    assert drive.models() == ["a bear"]
    assert empty() is None
    assert abs(model.location.x - 2) < 1e-4
    assert abs(model.location.z + 0.25) < 1e-4, tuple(model.location)
    assert abs(model.scale.x - 1.5) < 1e-4
    assert abs(model.rotation_euler.z - 0.5236) < 1e-3
    assert len(bpy.data.collections["Collection"].objects) == 4
    assert not overlay().is_in_use()
    drive.shot("04-arrived")
    # Blender itself draws some more frames, to smooth the edges.
    for _ in range(5):
        with counted_draws() as draws:
            yield 2.0
        if not draws:
            break
    assert not draws, "the viewport is redrawn while nothing is generated"
    yield from drive.until(lambda: not status(), "the news to be over", 12)

    # Undo brings the box back, and nothing goes on by itself; redo brings the model back.
    yield from drive.key("ctrl+z", 1.5)
    assert drive.models() == []
    assert abs(empty().location.x - 2) < 1e-4
    assert said() == {"a bear": "Undone · Place Again"}, said()
    drive.shot("05-undone")
    yield from drive.key("ctrl+shift+z", 1.5)
    assert drive.models() == ["a bear"]
    assert empty() is None
    assert not overlay().is_in_use()
    yield from drive.key("ctrl+z", 1.5)
    assert len(drive.generations()) == 1
    yield from drive.open_sidebar()
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: drive.models() == ["a bear"], "the bear", 5)
    assert abs(bpy.data.objects["a bear"].location.x - 2) < 1e-4
    yield from drive.over_viewport()

    # Deleted meanwhile: the model waits, and Place puts it at the 3D cursor.
    drive.tell_service("quick")
    yield 0.3
    yield from generate("a fox")
    bpy.ops.object.select_all(action='DESELECT')
    empty("a fox").select_set(True)
    yield from drive.key("Delete", 0.6)
    assert empty("a fox") is None
    yield from drive.until(lambda: drive.state() == "ready", "ready")
    yield 1.5
    assert drive.models() == ["a bear"]
    assert "3D cursor" in drive.line().detail, drive.line()
    drive.shot("06-deleted")
    bpy.context.scene.cursor.location = (-2, 0, 0)
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: "a fox" in bpy.data.objects, "the fox")
    assert tuple(bpy.data.objects["a fox"].location) == (-2, 0, 0)

    # Cancelled: the box goes, as a step of its own.
    drive.tell_service("slow")
    yield 0.3
    yield from generate("an owl")
    yield from drive.until(lambda: drive.state() == "waiting", "waiting")
    yield from drive.press("trellis.cancel", column=0.81, wait_s=1.0)
    yield from drive.key("Return", 0.5)
    yield from drive.until(lambda: drive.state() == "cancelled", "cancelled")
    yield from drive.until(lambda: empty("an owl") is None, "the box to go", 5)
    yield from drive.over_viewport()
    yield from drive.key("ctrl+z", 1.5)
    assert said() == {"an owl": "Cancelled · nothing arrives here"}, said()
    drive.shot("07-cancelled-and-undone")
    yield from drive.key("ctrl+shift+z", 1.5)
    assert said() == {}
