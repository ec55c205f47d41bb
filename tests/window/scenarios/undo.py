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


def press(button: str) -> None:
    """A button in the newest row, without the way there: the mouse stays over the viewport, where the keys go."""
    with drive.in_viewport():
        getattr(bpy.ops.trellis, button)('INVOKE_DEFAULT', generation=drive.generations()[0].id)


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

    # While it is sent (the service takes its time to answer), and while it runs.
    yield from drive.ask_for("a bear", "submitting")
    yield from undo(0)
    assert drive.state() == "submitting", drive.state()
    yield 0.3
    drive.shot("01-undone-while-it-is-sent")
    yield from redo(1)
    yield from drive.until(lambda: drive.state() == "running", "running")
    yield from undo(0)
    yield from redo(1)
    yield from undo(0)
    assert drive.state() == "running", drive.state()
    yield 0.5
    drive.shot("02-undone-while-it-runs")
    yield from redo(1)
    before = drive.artists_state()
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "placed", "the bear")
    yield 0.5
    drive.assert_untouched(before, "a bear")

    # The history: the artist's one step, and one for the arrival.
    yield from undo(1)
    assert drive.line().stage == "No longer in the scene", drive.line()
    yield from undo(0)
    drive.shot("03-arrival-and-step-undone")
    yield from redo(1)
    yield from redo(1, "a bear")
    assert drive.line().stage == "In the scene", drive.line()
    yield from photograph_history("04-history-after-the-arrival")
    assert len(drive.generations()) == 1

    # A cancel is no step.
    drive.tell_service("pending")
    yield 0.4
    yield from move_cube()
    yield from drive.ask_for("a bear", "waiting")
    yield from undo(1, "a bear")
    press("cancel")
    yield from redo(2, "a bear")
    yield from drive.until(lambda: drive.state() == "cancelled", "cancelled")
    yield from undo(1, "a bear")
    yield from redo(2, "a bear")
    yield from undo(1, "a bear")
    yield from undo(1)
    yield from redo(1, "a bear")
    yield from redo(2, "a bear")
    yield from photograph_history("05-history-after-the-cancel")
    assert drive.state() == "cancelled", drive.state()

    # Cancelled too late: it is kept and does not come by itself, whatever is undone.
    drive.tell_service("running")
    yield 0.4
    yield from drive.ask_for("a bear")
    press("cancel")
    yield from undo(1, "a bear")
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "ready", "ready")
    yield from redo(2, "a bear")
    yield 1.0
    drive.shot("06-cancelled-too-late")
    assert drive.models() == ["a bear"]
    press("place")
    yield from drive.until(lambda: drive.state() == "placed", "the one cancelled too late", 5)
    yield from undo(2, "a bear")
    yield from redo(2, "a bear", "a bear.001")

    # The collection that it was made for, undone under it.
    props = bpy.data.collections.new("Props")
    bpy.context.scene.collection.children.link(props)
    layer = bpy.context.view_layer.layer_collection
    bpy.context.view_layer.active_layer_collection = layer.children["Props"]
    bpy.ops.ed.undo_push(message="New Collection")
    yield from drive.ask_for("a bear")
    assert drive.generations()[0].request.placement.collection == "Props"
    yield from undo(2, "a bear", "a bear.001")
    assert "Props" not in bpy.data.collections
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "placed", "the one whose collection was undone")
    yield 0.5
    drive.shot("07-collection-undone")
    assert "“Props” is gone" in drive.line().detail, drive.line()
    yield from undo(2, "a bear", "a bear.001")
    yield from redo(2, "a bear", "a bear.001", "a bear.002")
