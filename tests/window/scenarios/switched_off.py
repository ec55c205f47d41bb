"""The add-on switched off and on again in the middle of a generation: nothing runs on, nothing is lost."""

import threading

import addon_utils
import bpy
import drive

NAME = "bl_ext.user_default.trellis_blender"


def handlers() -> dict[str, int]:
    found = {name: getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)}
    return {name: len(value) for name, value in found.items() if isinstance(value, list)}


def scenario() -> drive.Steps:
    addon_utils.disable(NAME)
    clean = handlers()
    addon_utils.enable(NAME)
    yield from drive.open_sidebar()
    yield from drive.enter("trellis.prompt", "a bear")
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "running", "running")
    yield 1.0
    from bl_ext.user_default.trellis_blender.interface.monitor import monitor
    from bl_ext.user_default.trellis_blender.interface.state import background

    look = background._Begun.timers[monitor._look_after_monitor]
    assert bpy.app.timers.is_registered(look)
    addon_utils.disable(NAME)
    yield 0.5
    assert not bpy.app.timers.is_registered(look)
    assert handlers() == clean
    assert not drive.monitored()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("trellis")]
    drive.shot("01-switched-off")

    addon_utils.enable(NAME)
    yield from drive.open_sidebar()
    yield from drive.until(lambda: drive.state() == "running", "the row of the earlier session", 5)
    yield from drive.until(lambda: drive.generations()[0].is_working, "it to be taken up again", 5)
    yield from drive.over_viewport()
    drive.shot("02-taken-up-again")
    # The .blend was never saved, but its placeholder tells that it is the same one.
    yield from drive.until(lambda: drive.state() == "placed", "the model")
    assert drive.models() == ["a bear"]
    assert drive.line().stage == "In the scene"
    yield from drive.over_viewport()
    drive.shot("03-placed")

    # Off and on again between two events of its window, as it is when the mouse is over the preferences' window.
    yield from drive.ask_for("a fox")
    yield from drive.until(drive.monitored, "the monitor")
    addon_utils.disable(NAME)
    addon_utils.enable(NAME)
    from bl_ext.user_default.trellis_blender.scene import user_activity

    assert user_activity.has_orphaned_operators(drive.window())
    with bpy.context.temp_override(window=drive.window()):
        assert bpy.ops.trellis.monitor('INVOKE_DEFAULT') == {'CANCELLED'}
    yield from drive.until(drive.monitored, "the monitor of the add-on that was switched on again")
    assert not user_activity.has_orphaned_operators(drive.window())
    yield from drive.until(lambda: drive.state() == "placed", "the fox")
    assert drive.models() == ["a bear", "a fox"]
