"""A generation of three minutes with autosave at one minute: the autosave is written meanwhile."""

import time
from pathlib import Path

import bpy
import drive


def scenario() -> drive.Steps:
    paths = bpy.context.preferences.filepaths
    paths.temporary_directory = str(drive.CONTROL)
    paths.use_auto_save_temporary_files = True
    paths.auto_save_time = 1
    yield from drive.open_sidebar()
    yield from drive.enter("trellis.prompt", "a bear")
    yield from drive.press("trellis.generate")
    start = time.monotonic()
    bpy.ops.mesh.primitive_cube_add()
    saved: dict[str, float] = {}
    modal = looks = 0
    while drive.state() != "placed":
        assert time.monotonic() - start < 220, drive.state()
        yield 0.25
        looks += 1
        modal += drive.monitored()
        for path in Path(drive.CONTROL).glob("*autosave*.blend"):
            key = f"{path.name} {path.stat().st_mtime:.0f}"
            saved.setdefault(key, time.monotonic() - start)
    drive.shot("01-done")
    print(
        "autosaves after", [round(seconds) for seconds in saved.values()], "s;", f"monitor in {modal} of {looks} looks"
    )
    assert time.monotonic() - start > 170, "the generation was too short to show anything"
    assert len(saved) >= 2, saved
    assert modal > looks * 0.9
