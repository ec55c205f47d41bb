"""A batch from a table: opened, made by a second Blender, looked at, put into the scene in a grid."""

import os
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import drive
from looks import narrow

TABLE = """name;prompt;variations;colour
Chair;a wooden chair;1;brown
Lamp;a small lamp;2;green
;;1;nothing to make
Table;a round table;1;white
"""
MADE_S = 60.0


def stages() -> Any:
    from bl_ext.user_default.trellis_blender.batch.row_progress import Stage

    return Stage


def running() -> ModuleType:
    from bl_ext.user_default.trellis_blender.interface.batch import running

    return running


def scenario() -> drive.Steps:
    table = Path(os.environ["TEST_CONTROL"]) / "Props.csv"
    table.write_text(TABLE, encoding="utf-8")
    out = table.with_name("Props models")
    yield from drive.open_sidebar()
    yield from drive.open_last_panel("trellis.open_batch")
    yield from drive.over_viewport()
    drive.shot("01-ways-in")
    # The file browser is Blender's own.
    ops: Any = bpy.ops
    assert ops.trellis.open_batch(filepath=str(table)) == {'FINISHED'}
    yield from drive.find("trellis.run_batch")
    yield from drive.over_viewport()
    drive.shot("02-opened")

    yield from drive.press("trellis.run_batch")
    yield from drive.until(running().is_running, "the second Blender", 5)
    run = running().current()
    yield from drive.until(lambda: run.count()[stages().MAKING], "the first rows at the service", MADE_S)
    drive.shot("03-running")
    yield from drive.until(lambda: run.process is None, "its end", MADE_S)
    yield 0.7
    drive.shot("04-there")
    assert run.code == 1, (run.code, run.last_said)  # a row cannot be made
    assert run.count()[stages().DONE] == 3, run.count()
    assert (out / "report.html").is_file(), run.last_said

    # The artist's own scene was left alone until now.
    assert drive.models() == []
    yield from drive.press("trellis.place_batch", column=0.8)
    yield from drive.until(lambda: len(drive.models()) == 4, "the models in a grid", 10)
    places = {tuple(round(value, 3) for value in bpy.data.objects[name].location[:2]) for name in drive.models()}
    assert len(places) == 4, places
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("05-in-a-grid")
    yield from drive.key("ctrl+z")
    yield from drive.until(lambda: drive.models() == [], "the grid to be taken back")
    # Once more makes nothing that is there.
    yield from drive.press("trellis.run_batch")
    yield from drive.until(lambda: running().current() is not run, "a second run", 5)
    run = running().current()
    yield from drive.until(lambda: run.process is None, "its end", MADE_S)
    assert run.count()[stages().DONE] == 3, run.count()
    yield from placed_by_itself(table)


def placed_by_itself(table: Path) -> drive.Steps:
    """Without another press, once the artist has left the mode that they are in, and in one step."""
    from bl_ext.user_default.trellis_blender.interface.batch import opened, place_in_grid

    ops: Any = bpy.ops
    manager: Any = bpy.context.window_manager
    table.write_text(TABLE.replace("a wooden chair", "a tall chair").replace("a small lamp", "a large lamp"))
    assert ops.trellis.open_batch(filepath=str(table)) == {'FINISHED'}
    yield from drive.until(lambda: not opened.is_reading(), "the table", 10)
    manager.trellis_batch.in_scene = True
    yield 0.5
    drive.shot("06-with-a-grid")
    yield from narrow(0.25)
    yield from drive.over_viewport()
    drive.shot("06-narrow")
    before = running().current()
    yield from drive.press("trellis.run_batch")
    yield from drive.until(lambda: running().current() is not before, "a third run", 5)
    run = running().current()
    cube = bpy.data.objects["Cube"]
    cube.select_set(state=True)
    bpy.context.view_layer.objects.active = cube
    with drive.in_viewport():
        ops.object.mode_set(mode='SCULPT')
    yield from drive.until(lambda: run.process is None and "Sculpt Mode" in place_in_grid.said(), "its end", MADE_S)
    assert drive.models() == []
    yield from drive.over_viewport()
    drive.shot("07-waits-for-the-artist")
    with drive.in_viewport():
        ops.object.mode_set(mode='OBJECT')
        ops.ed.undo_push(message="Sculpted")
    yield from drive.until(lambda: len(drive.models()) == 3, "what was made again, in a grid", 10)
    assert bpy.context.view_layer.objects.active == cube
    assert bpy.context.selected_objects == [cube]
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("08-placed-by-itself")
    yield from drive.key("ctrl+z")
    yield from drive.until(lambda: drive.models() == [], "the grid to be taken back")
    assert "Cube" in bpy.data.objects
