"""A model is checked, made printable and exported by the panel's buttons; the window stays free: Esc, undo, redo."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import bpy
import drive
from show_textures import open_this_model


def is_busy() -> bool:
    from bl_ext.user_default.trellis_blender.interface.state import background

    return background.is_running("print")


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    drive.window().scene.trellis.longest_side = 0.1
    yield from drive.ask_for("a small chair", "placed")
    assert drive.models() == ["a small chair"]
    yield 1.0
    model = bpy.data.objects["a small chair"]
    faces = len(model.data.polygons)
    found = bpy.context.window_manager.trellis_print_check
    yield from open_printing()
    yield from press("trellis.check_print")
    yield from drive.until(lambda: found.model, "the check", 30)
    yield from drive.until(lambda: not is_busy(), "its end", 30)
    yield from drive.scroll_to_the_end()  # the findings stand above the other buttons
    assert (found.model, found.closed, found.triangles) == ("a small chair", True, faces)
    assert abs(max(found.size_mm) - 100) < 0.1
    yield from drive.over_viewport()
    drive.shot("01-checked")
    subprocess.run(["xdotool", "click", "3"], check=True)
    yield 1.0
    drive.shot("01-menu")
    yield from drive.key("Escape", 0.4)
    drive.window().scene.trellis_print.detail_mm = 2
    yield from make()
    yield 0.5
    drive.shot("02-making")
    yield from drive.key("Escape", 0.6)
    assert (is_busy(), len(model.data.polygons)) == (False, faces)
    yield from make()
    yield from drive.until(lambda: not is_busy(), "the printable model", 60)
    yield 1.0
    assert "a small chair (before)" in bpy.data.objects
    drive.shot("03-printable")
    yield from drive.key("ctrl+z", 0.8)
    assert "a small chair (before)" not in bpy.data.objects
    assert len(bpy.data.objects["a small chair"].data.polygons) == faces
    yield from drive.key("ctrl+shift+z", 0.8)
    assert "a small chair (before)" in bpy.data.objects
    # A file browser that is closed ends nothing; what is chosen in one is exported.
    yield from browser("Escape")
    path = Path(os.environ["OUT"]) / "a small chair.stl"
    yield from browser("Return")
    yield from drive.until(path.exists, "the file", 30)
    yield from drive.until(lambda: not is_busy(), "the end", 30)
    triangles = 2 * len(bpy.data.objects["a small chair"].data.polygons)
    assert path.stat().st_size == 84 + 50 * triangles
    yield 0.5
    drive.shot("05-exported")
    path.unlink()
    # The file is closed meanwhile.
    yield from make()
    bpy.ops.wm.read_homefile(app_template="", use_factory_startup=True, use_empty=False)
    yield 1.0
    assert not is_busy()
    assert "a small chair" not in bpy.data.objects
    drive.shot("06-another-file")


def open_printing() -> drive.Steps:
    """The panel's header is below the last button of *Finish*."""
    yield from open_this_model()
    yield from drive.scroll_to_the_end()
    yield from find("trellis.save_asset")
    x, y = drive.mouse
    for header in (32, 39, 26):
        yield from drive.click(x, y - header, 0.6)
        yield from drive.scroll_to_the_end()
        with suppress(AssertionError):
            yield from find("trellis.check_print")
            return
    raise AssertionError("the panel “3D Printing” was not opened")


def find(name: str) -> drive.Steps:
    """As `drive.find`, from below, where the panel is."""
    _, _, sidebar = drive.viewport()
    x = sidebar.x + sidebar.width * 0.6
    for height in range(10, 420, 8):
        drive.move(x, sidebar.y + height)
        yield 0.1
        if drive.stands_on(name):
            drive.move(x, sidebar.y + height + 4)
            yield 0.3
            if drive.stands_on(name):
                return
    drive.shot(f"not-found-{name}")
    raise AssertionError(f"no button “{name}” at the end of the sidebar")


def press(name: str) -> drive.Steps:
    yield from find(name)
    yield from drive.click(*drive.mouse)


def make() -> drive.Steps:
    yield from press("trellis.make_printable")
    assert is_busy()
    yield from drive.over_viewport()


def browser(key: str) -> drive.Steps:
    """Shows the file browser, and presses a key there."""
    yield from press("trellis.export_stl")
    windows = bpy.context.window_manager.windows
    yield from drive.until(lambda: len(windows) == 2, "the file browser", 10)
    yield 1.0
    windows[1].screen.areas[0].spaces.active.params.directory = os.environ["OUT"].encode()
    yield 0.5
    drive.move(drive.window().width / 2, drive.window().height / 2)
    yield 0.5
    drive.shot(f"04-browser-{key}")
    yield from drive.key(key, 0.5)
    yield from drive.until(lambda: len(windows) == 1, "the file browser to close", 10)
    yield from drive.over_viewport()
