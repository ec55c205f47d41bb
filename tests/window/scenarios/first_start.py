"""What a newcomer sees: no key yet, then online access off. The button cannot be pressed and says why."""

import subprocess

import bpy
import drive

from bl_ext.user_default.trellis_blender.interface.state import configuration  # isort: skip


def scenario() -> drive.Steps:
    bpy.context.scene.trellis.prompt = "a bear"
    yield from drive.open_sidebar()
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
    yield from drive.find("trellis.generate")
    subprocess.run(["xdotool", "click", "1"], check=True)
    yield 1.0
    assert drive.generations() == []

    yield from drive.press("screen.userpref_show", wait_s=2.0)
    drive.shot("04-system-preferences")
    assert len(bpy.context.window_manager.windows) == 2
    assert bpy.context.preferences.active_section == 'SYSTEM'
