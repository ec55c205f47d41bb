"""File > Open and File > New in the middle of a generation: nothing is lost, nothing lands in the wrong file."""

import bpy
import drive


def open_file(path: str) -> drive.Steps:
    with drive.in_viewport():
        bpy.ops.wm.open_mainfile(filepath=path)
    yield 1.0


def generate(prompt: str) -> drive.Steps:
    yield from drive.open_sidebar()
    yield from drive.enter("trellis.prompt", prompt)
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "running", f"{prompt} running")


def scenario() -> drive.Steps:
    street, other = str(drive.CONTROL / "street.blend"), str(drive.CONTROL / "other.blend")
    bpy.ops.wm.save_as_mainfile(filepath=other)
    bpy.ops.wm.save_as_mainfile(filepath=street)
    yield from generate("a lamp")
    bpy.ops.wm.save_mainfile()
    yield from open_file(other)
    yield from drive.until(lambda: drive.monitored() or drive.state() == "ready", "the monitor in the other file", 5)
    yield from drive.open_sidebar()
    drive.shot("01-opened-another-file")
    yield from drive.until(lambda: drive.state() == "ready", "ready")
    yield 1.5
    assert drive.models() == []
    assert "made for another file" in drive.line().detail
    yield from drive.over_viewport()
    drive.shot("02-ready-for-the-other-file")
    yield from drive.until(lambda: not drive.monitored(), "the monitor to end", 5)

    yield from open_file(street)
    yield from drive.open_sidebar()
    yield from drive.until(lambda: drive.state() == "placed", "the lamp in the file it was made for", 5)
    assert drive.models() == ["a lamp"]
    yield from drive.over_viewport()
    drive.shot("03-back-in-the-street")
    bpy.ops.wm.save_mainfile()

    yield from generate("a bench")
    with drive.in_viewport():
        bpy.ops.wm.read_homefile()
    yield from drive.until(lambda: drive.monitored() or drive.state() == "ready", "the monitor in the new file", 5)
    yield from drive.until(lambda: drive.state() == "ready", "ready")
    yield from drive.open_sidebar()
    bpy.context.scene.cursor.location = (0, 0, 3)
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: drive.models() == ["a bench"], "the bench", 5)
    assert bpy.data.objects["a bench"].location.z == 3
    assert drive.line().stage == "In the scene", drive.line()
    yield from drive.over_viewport()
    drive.shot("04-placed-in-the-new-file")

    yield from open_file(street)
    # Reverted to what was saved before the press: its placeholder is not in there.
    yield from generate("a tree")
    yield from open_file(street)
    yield from drive.until(lambda: drive.state() == "ready", "the tree after Revert")
    yield 1.5
    assert drive.models() == ["a lamp"]
    assert "3D cursor" in drive.line().detail, drive.line()
    yield from drive.open_sidebar()
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: drive.models() == ["a lamp", "a tree"], "the tree beside the lamp", 5)

    # Saved with a placeholder, and opened where nobody knows of it.
    yield from generate("a well")
    bpy.ops.wm.save_mainfile()
    bpy.data.objects["a well"]["trellis_placeholder"] = "made on another computer"
    bpy.ops.wm.save_as_mainfile(filepath=other)
    yield from open_file(other)
    yield from drive.open_sidebar()
    yield 1.5
    yield from drive.over_viewport()
    drive.shot("05-somebody-elses")
    yield from drive.press("trellis.remove_placeholder", column=0.81)
    assert "a well" not in bpy.data.objects
    yield 1.2
    drive.shot("06-removed")
