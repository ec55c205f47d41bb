"""A model is checked, made printable and exported while the window stays free: Esc, undo, redo, the panel."""

import os
import subprocess
from pathlib import Path
from typing import Any

import bpy
import drive

OPS: Any = bpy.ops.trellis


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
    with drive.in_viewport():
        assert OPS.check_print('INVOKE_DEFAULT') == {'RUNNING_MODAL'}
    yield from drive.until(lambda: not is_busy(), "the check", 30)
    yield 0.5
    assert (found.model, found.closed, found.triangles) == ("a small chair", True, faces)
    assert abs(max(found.size_mm) - 100) < 0.1
    yield from drive.over_viewport()
    drive.shot("01-checked")
    subprocess.run(["xdotool", "click", "3"], check=True)
    yield 1.0
    drive.shot("01-menu")
    yield from drive.key("Escape", 0.4)
    make()
    yield 0.5
    drive.shot("02-making")
    yield from drive.key("Escape", 0.6)
    assert (is_busy(), len(model.data.polygons)) == (False, faces)
    make()
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
    path.unlink()
    # The file is closed meanwhile.
    make()
    bpy.ops.wm.read_homefile(app_template="", use_factory_startup=True, use_empty=False)
    yield 1.0
    assert not is_busy()
    assert "a small chair" not in bpy.data.objects
    drive.shot("05-another-file")


def make() -> None:
    with drive.in_viewport():
        assert OPS.make_printable('INVOKE_DEFAULT', detail_mm=2) == {'RUNNING_MODAL'}


def browser(key: str) -> drive.Steps:
    """Shows the file browser, and presses a key there."""
    with drive.in_viewport():
        assert OPS.export_stl('INVOKE_DEFAULT') == {'RUNNING_MODAL'}
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
