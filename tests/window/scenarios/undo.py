"""Undo and redo with real keys while a generation is sent, runs, arrives, is cancelled: the steps are the artist's."""

import bpy
import drive


def x() -> int:
    return round(bpy.data.objects["Cube"].location.x)


def move_cube() -> drive.Steps:
    """One step of the artist's: the cube a metre along X, with the keys."""
    bpy.ops.object.select_all(action='DESELECT')
    bpy.data.objects["Cube"].select_set(True)
    bpy.context.view_layer.objects.active = bpy.data.objects["Cube"]
    goal = x() + 1
    for name in ("g", "x", "1", "Return"):
        yield from drive.key(name, 0.25)
    yield from drive.until(lambda: x() == goal, "the cube to be moved", 10)


def undo(to_x: int, *models: str) -> drive.Steps:
    yield from step("ctrl+z", to_x, *models)


def redo(to_x: int, *models: str) -> drive.Steps:
    yield from step("ctrl+shift+z", to_x, *models)


def step(key: str, to_x: int, *models: str) -> drive.Steps:
    """One step in the history, and what the scene holds then."""
    yield from drive.key(key, 0.2)
    yield from drive.until(lambda: (x(), drive.models()) == (to_x, sorted(models)), f"{key} to {to_x}, {models}", 10)


def photograph_history(name: str) -> drive.Steps:
    """The menu Edit > Undo History."""
    with drive.in_viewport():
        bpy.ops.ed.undo_history('INVOKE_DEFAULT')
    yield 0.8
    drive.shot(name)
    yield from drive.key("Escape")


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    yield from drive.over_viewport()
    bpy.ops.ed.undo_push(message="Begin")
    yield from move_cube()

    # While it is sent (the service takes its time to answer), and while it runs. The placeholder is one step.
    yield from drive.ask_for("a bear", "submitting")
    assert drive.placeholders() == ["a bear"]
    yield from undo(1)
    assert drive.placeholders() == []
    yield from undo(0)
    assert drive.state() == "submitting", drive.state()
    yield 0.3
    drive.shot("01-undone-while-it-is-sent")
    yield from redo(1)
    yield from drive.until(lambda: drive.state() == "running", "running")
    yield from redo(1)
    assert drive.placeholders() == ["a bear"]
    yield from undo(1)
    yield from undo(0)
    assert drive.state() == "running", drive.state()
    yield 0.5
    drive.shot("02-undone-while-it-runs")
    yield from redo(1)
    yield from redo(1)
    before = drive.artists_state()
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "placed", "the bear")
    yield 0.5
    drive.assert_untouched(before, "a bear")

    # The history: the artist's one step, one for the placeholder, one for the arrival.
    yield from undo(1)
    assert drive.is_gone(drive.generations()[0]), drive.line()
    assert drive.placeholders() == ["a bear"]
    yield from undo(1)
    yield from undo(0)
    drive.shot("03-all-undone")
    yield from redo(1)
    yield from redo(1)
    yield from redo(1, "a bear")
    assert drive.line().stage == "In the scene", drive.line()
    yield from photograph_history("04-history-after-the-arrival")
    assert len(drive.generations()) == 1

    # A cancel takes the placeholder away, as a step; undone it is a stray that starts nothing.
    drive.tell_service("pending")
    yield 0.4
    yield from move_cube()
    yield from drive.ask_for("a bear", "waiting")
    drive.press_in_row("cancel")
    yield 1.0
    yield from drive.key("Return", 0.5)
    yield from drive.until(lambda: drive.state() == "cancelled", "cancelled")
    yield from drive.until(lambda: drive.placeholders() == [], "the placeholder to go", 10)
    yield from undo(2, "a bear")
    yield from drive.until(lambda: len(drive.placeholders()) == 1, "the placeholder again", 10)
    yield from undo(2, "a bear")
    yield from undo(1, "a bear")
    yield from redo(2, "a bear")
    yield from redo(2, "a bear")
    yield from redo(2, "a bear")
    yield from drive.until(lambda: drive.placeholders() == [], "the placeholder to go again", 10)
    yield from photograph_history("05-history-after-the-cancel")
    assert drive.state() == "cancelled", drive.state()

    # Undone meanwhile: the model has no place any more, is offered, and nothing comes by itself.
    drive.tell_service("running")
    yield 0.4
    yield from drive.ask_for("a bear")
    yield from undo(2, "a bear")
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "ready", "ready")
    yield 1.0
    drive.shot("06-undone-and-offered")
    assert drive.models() == ["a bear"]
    assert "3D cursor" in drive.line().detail, drive.line()
    drive.press_in_row("place")
    yield from drive.until(lambda: drive.state() == "placed", "the one that was offered", 5)
    yield from undo(2, "a bear")
    yield from redo(2, "a bear", "a bear.001")
