"""What the panel says of a picture that would come out badly, and its remedies, with real clicks."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

import bpy
import drive

GENERATE = "trellis.generate_from_panel"
IMPROVE = "trellis.improve_image"


def settings() -> Any:
    return bpy.context.scene.trellis


def choose(name: str) -> drive.Steps:
    settings().image = str(Path(os.environ["TEST_IMAGES"], f"{name}.png"))
    # As the file browser does.
    with drive.in_viewport():
        bpy.ops.ed.undo_push(message="Image")
    drive.viewport()[0].tag_redraw()
    yield 1.0


def findings() -> list[str]:
    """The faults that the panel shows."""
    from bl_ext.user_default.trellis_blender.interface.input_image import check, preview

    known = preview.look(settings().image)
    return [finding.fault.name for finding in check.look(known.path, known.changed_ns)]


def shown(name: str, expected: list[str]) -> drive.Steps:
    yield from drive.until(lambda: findings() == expected, f"{expected} to be found, not {findings()}", 30)
    yield 0.8
    yield from drive.over_viewport()
    yield 0.5
    drive.shot(name)


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    settings().source = 'IMAGE'
    yield from background()
    yield from crop()
    yield from choose("Half an apple")
    yield from shown("20-cut-off", ["CUT_OFF"])
    yield from generated(1)
    yield from choose("Nothing")
    yield from shown("21-nothing", ["EMPTY"])
    yield from choose("A good one")
    yield 1.0
    yield from shown("22-a-good-one", [])
    yield from switched_off_meanwhile()


def background() -> drive.Steps:
    """Found, removed, undone, redone, taken back, removed again, and sent."""
    yield from choose("Apple")
    original = settings().image
    yield from shown("01-background", ["BACKGROUND"])
    # A finding stops nothing.
    assert bpy.ops.trellis.generate_from_panel.poll()
    yield from drive.press(IMPROVE)
    yield from drive.until(lambda: settings().image != original, "the better picture", 30)
    better = settings().image
    yield from shown("02-before-and-after", [])
    yield from drive.key("ctrl+z", 1.0)
    assert settings().image == original, "one undo step takes the better picture back"
    yield from drive.key("ctrl+shift+z", 1.0)
    assert settings().image == better
    yield from drive.press("trellis.use_original_image")
    assert settings().image == original
    yield from shown("03-the-original-again", ["BACKGROUND"])
    yield from drive.press(IMPROVE)
    yield from drive.until(lambda: settings().image == better, "the same picture again", 30)
    yield from generated(1)
    assert drive.models() == ["Apple"], drive.models()


def crop() -> drive.Steps:
    yield from choose("Far away")
    original = settings().image
    yield from shown("10-small", ["TINY"])
    yield from drive.press(IMPROVE)
    yield from drive.until(lambda: settings().image != original, "the cropped picture", 30)
    yield from shown("11-cropped", [])


def generated(count: int) -> drive.Steps:
    before = len(drive.generations())
    yield from drive.press(GENERATE)
    yield from drive.until(lambda: len(drive.generations()) == before + count, "a generation", 5)
    yield from drive.until(lambda: all(each.state.value == "placed" for each in drive.generations()), "the model")
    yield from drive.over_viewport()
    yield 1.0


def switched_off_meanwhile() -> drive.Steps:
    """The add-on is disabled while its thread removes a background: it waits for the thread, and leaves nothing."""
    yield from choose("Apple")
    original = settings().image
    yield from drive.until(lambda: findings() == ["BACKGROUND"], "the finding", 30)
    with drive.in_viewport():
        assert bpy.ops.trellis.improve_image('INVOKE_DEFAULT', remedy='REMOVE_BACKGROUND') == {'FINISHED'}
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.trellis_blender")
    assert not [each.name for each in threading.enumerate() if each.name.startswith("trellis")]
    assert "bl_ext.user_default.trellis_blender.interface" not in sys.modules
    yield 1.5
    bpy.ops.preferences.addon_enable(module="bl_ext.user_default.trellis_blender")
    yield 0.5
    assert settings().image == original
