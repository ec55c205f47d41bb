"""Blender is quit while a generation runs."""

import bpy
import drive


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    yield from drive.enter("trellis.prompt", "a bear")
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "running", "running")
    yield 0.5
    bpy.ops.wm.quit_blender()
    yield 20
    raise AssertionError("Blender did not quit")
