"""What a newcomer sees: a sample to try, no key, then online access off. The button cannot be pressed and says why."""

import subprocess
import time

import bpy
import drive

from bl_ext.user_default.trellis_blender.interface.state import configuration  # isort: skip


def sample() -> drive.Steps:
    """The first minute: no key, no picture, and a model."""
    yield from drive.over_viewport()
    yield 1.0
    drive.shot("00-sample-offered")
    yield from drive.find("trellis.try_sample", column=0.3)
    begun = time.monotonic()
    subprocess.run(["xdotool", "click", "1"], check=True)
    yield from drive.until(lambda: drive.state() == "placed", "the sample", limit_s=20)
    print(f"{time.monotonic() - begun:.1f} s from the press to the sample's model")
    yield from drive.over_viewport()
    yield 1.5
    drive.shot("00-sample-placed")
    assert len(drive.models()) == 1
    from bl_ext.user_default.trellis_blender.interface.generate import samples

    assert not samples.are_offered()


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    yield from sample()
    bpy.context.scene.trellis.prompt = "a bear"
    assert configuration.why_not_ready().startswith("There is no API key yet.")
    yield from drive.over_viewport()
    drive.shot("01-no-key")
    yield from drive.press("preferences.addon_show", wait_s=2.0)
    drive.shot("02-preferences")
    assert len(bpy.context.window_manager.windows) == 2
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[1]):
        bpy.ops.wm.window_close()
    yield 0.5

    preferences = bpy.context.preferences.addons["bl_ext.user_default.trellis_blender"].preferences
    preferences.api_key = "a-key-from-the-preferences"
    assert configuration.why_not_ready() == "Online access is off. Allow it in Preferences → System → Network."
    drive.viewport()[0].tag_redraw()
    yield 1.0
    drive.shot("03-online-access-off")
    # A greyed-out button stays one however it is clicked.
    yield from drive.find("trellis.generate_from_panel")
    subprocess.run(["xdotool", "click", "1"], check=True)
    yield 1.0
    assert len(drive.generations()) == 1

    yield from drive.press("screen.userpref_show", wait_s=2.0)
    drive.shot("04-system-preferences")
    assert len(bpy.context.window_manager.windows) == 2
    assert bpy.context.preferences.active_section == 'SYSTEM'
