"""A second main window, and the first one closed in the middle: the news go on in the one that remains."""

import bpy
import drive


def close(window: object) -> None:
    with bpy.context.temp_override(window=window):
        bpy.ops.wm.window_close()


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    first = drive.window()
    with bpy.context.temp_override(window=first):
        bpy.ops.wm.window_new_main()
    yield 1.5
    windows = bpy.context.window_manager.windows
    assert len(windows) == 2, len(windows)
    yield from drive.ask_for("a bear")
    yield from drive.until(drive.monitored, "the monitor in the first window")
    drive.shot("01-two-windows")
    close(first)
    yield 0.5
    assert len(windows) == 1, len(windows)
    assert drive.state() == "running", drive.state()
    yield from drive.until(drive.monitored, "the monitor in the window that remained", 5)
    yield from drive.open_sidebar()
    before = drive.artists_state()
    yield 0.5
    drive.shot("02-first-closed-while-it-runs")
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "placed", "the bear")
    drive.assert_untouched(before, "a bear")
    assert drive.models() == ["a bear"]
    yield 1.0
    drive.shot("03-arrived")

    # Made for the scene of a window that closes meanwhile: it goes there all the same, and the row names the scene.
    with bpy.context.temp_override(window=drive.window()):
        bpy.ops.wm.window_new_main()
    yield 1.5
    first, _second = windows
    with bpy.context.temp_override(window=first):
        bpy.ops.scene.new(type='EMPTY')
    first.scene.name = "Stage"
    yield 0.5
    yield from drive.ask_for("a fox")
    assert drive.generations()[0].request.placement.scene == "Stage"
    close(first)
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "placed", "the fox")
    assert drive.window().scene.name == "Scene"
    assert drive.models() == ["a bear"]
    assert [item.name for item in bpy.data.scenes["Stage"].objects] == ["a fox"]
    assert "“Stage”" in drive.line().detail, drive.line()
    yield from drive.open_sidebar()
    yield 1.0
    drive.shot("04-in-a-scene-that-no-window-shows")
