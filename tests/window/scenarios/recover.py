"""Blender ends in the middle of a generation; the next one recovers the last session, in the middle of two."""

import bpy
import drive

STREET, QUIT = drive.CONTROL / "street.blend", drive.CONTROL / "quit.blend"


def recover() -> drive.Steps:
    """File > Recover > Last Session."""
    with drive.in_viewport():
        bpy.ops.wm.recover_last_session()
    yield 1.0
    assert bpy.data.filepath == str(STREET), bpy.data.filepath
    assert "Marker" in bpy.data.objects, "what was recovered is not what was open when Blender ended"


def first_blender() -> drive.Steps:
    bpy.ops.wm.save_as_mainfile(filepath=str(STREET))
    yield from drive.ask_for("a lamp")
    # Never saved by the artist: only in Blender's own quit.blend.
    with drive.in_viewport():
        bpy.ops.object.empty_add('EXEC_DEFAULT', True)
    bpy.context.object.name = "Marker"
    bpy.ops.ed.undo_push(message="Name the Marker")
    bpy.ops.wm.quit_blender()
    yield 20
    raise AssertionError("Blender did not quit")


def second_blender() -> drive.Steps:
    yield from drive.until(lambda: drive.state() == "running" and drive.generations()[0].is_working, "the lamp again")
    assert drive.models() == []
    yield from recover()
    yield from drive.open_sidebar()
    before = drive.artists_state()
    yield 0.5
    drive.shot("01-recovered-while-it-runs")
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "placed", "the lamp in the file it was made for")
    assert drive.models() == ["a lamp"]
    drive.assert_untouched(before, "a lamp")
    yield 0.5
    drive.shot("02-arrived-in-the-recovered-file")

    # What was recovered is not saved yet: this takes the lamp out again, and its row says so.
    yield from drive.ask_for("a bench")
    yield from recover()
    yield from drive.until(drive.monitored, "the monitor in the recovered file", 5)
    yield from drive.open_sidebar()
    yield from drive.finish()
    # Its placeholder went with what was never saved: the bench is offered.
    yield from drive.until(lambda: drive.state() == "ready", "the bench")
    yield 1.0
    assert drive.models() == []
    assert "Place" in drive.line().detail, drive.line()
    drive.press_in_row("place")
    yield from drive.until(lambda: drive.models() == ["a bench"], "the bench where it was put", 10)
    yield 1.0
    lamp = drive.generations()[1]
    assert drive.is_gone(lamp), drive.line_of(lamp)
    drive.shot("03-recovered-again")


def scenario() -> drive.Steps:
    bpy.context.preferences.filepaths.temporary_directory = str(drive.CONTROL)
    yield from (second_blender() if QUIT.exists() else first_blender())
