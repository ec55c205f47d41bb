"""Help, F1 and What Does This Mean? as they are pressed: without a browser a sentence, with one the page."""

import os
import webbrowser
from collections.abc import Generator
from pathlib import Path
from typing import Any

import bpy
import drive

F1 = "67"
"""By its number: the xdotool of today's Debian does not press it by its name."""
OPENED = drive.CONTROL / "opened"
"""Where the browser of this test, a program of three lines, writes what it was asked to open."""


def no_browser() -> None:
    """Has Python look for browsers where there are none: on somebody's own computer, theirs would open."""
    paths = os.environ.pop("PATH")
    os.environ.pop("BROWSER", None)
    os.environ["PATH"] = str(drive.CONTROL)
    try:
        webbrowser.get()
    except webbrowser.Error:
        os.environ["PATH"] = paths
        return
    raise AssertionError("Python found a browser")


def with_browser() -> None:
    program = drive.CONTROL / "browser"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> "{OPENED}"\n')
    program.chmod(0o755)
    webbrowser.register("of-this-test", None, webbrowser.GenericBrowser([str(program), "%s"]))


def opened() -> drive.Steps:
    """The pages that were asked for since the last look, each of them there; goes on as soon as there is one."""
    yield from drive.until(lambda: OPENED.exists() and OPENED.read_text().endswith("\n"), "the browser", 10)
    asked = OPENED.read_text().splitlines()
    OPENED.unlink()
    start = f"{manual().as_uri()}/"
    for each in asked:
        assert each.startswith(start), each
        name, _, section = each.removeprefix(start).partition("#")
        text = (manual() / name).read_text(encoding="utf-8")
        assert not section or f'id="{section}"' in text, each
    pages.extend(each.removeprefix(start) for each in asked)


pages: list[str] = []


def manual() -> Path:
    return Path(drive.addon().__file__).parent / "manual"


def reports() -> Generator[float, None, str]:
    """What Blender's Info editor says."""
    area: Any = next(area for area in drive.window().screen.areas if area.type == 'OUTLINER')
    area.ui_type = 'INFO'
    yield 0.5
    region = next(region for region in area.regions if region.type == 'WINDOW')
    with bpy.context.temp_override(window=drive.window(), area=area, region=region):
        bpy.ops.info.select_all(action='SELECT')
        bpy.ops.info.report_copy()
    area.ui_type = 'OUTLINER'
    yield 0.5
    return bpy.context.window_manager.clipboard


def scenario() -> drive.Steps:
    no_browser()
    yield from drive.open_sidebar()
    yield from drive.press("trellis.help", column=0.78, wait_s=1.0)
    drive.shot("01-no-browser")
    sentence = f"No browser could be opened. The page is here: {manual() / 'index.html'}"
    assert sentence in (yield from reports())
    with_browser()
    yield from drive.press("trellis.help", column=0.78)
    yield from opened()
    bpy.context.scene.trellis.prompt = "a bear"  # Blender looks up no button that cannot be pressed
    yield 0.4
    for name in ("trellis.generate_from_panel", "trellis.variations"):
        yield from drive.find(name)
        yield from drive.key(F1)
        yield from opened()
    drive.tell_service("refused")
    yield from drive.ask_for("a bear", "failed")
    yield from drive.press("trellis.more", column=0.82, wait_s=0.8)
    drive.shot("02-menu")
    yield from drive.key("w")
    yield from opened()
    drive.shot("03-opened")
    print("opened", *pages)
