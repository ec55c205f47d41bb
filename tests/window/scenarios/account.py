"""The account: whose key it is, a model made elsewhere, removing, what the preferences tell."""

import bpy
import drive


def scenario() -> drive.Steps:
    from bl_ext.user_default.trellis_blender.generation.questions import Topic
    from bl_ext.user_default.trellis_blender.interface import session

    current = session.current()
    yield from drive.open_sidebar()
    yield from drive.open_last_panel("trellis.test_key")
    drive.tell_service("made-elsewhere")
    yield 0.6
    yield from drive.press("trellis.test_key")
    yield from drive.until(lambda: Topic.ACCOUNT in current.answers, "the account")
    yield from drive.press("trellis.list_tasks")
    yield from drive.until(lambda: Topic.TASKS in current.answers, "the account's tasks")
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("01-account-and-others")
    yield from drive.press("trellis.fetch_task(task_id", column=0.85)
    yield from drive.until(lambda: drive.state() == "ready", "the lamp")
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("02-fetched-and-offered")
    assert drive.models() == []
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: drive.models() == ["a lamp"], "the lamp in the scene")

    # Removing a paid model asks first; Escape leaves everything as it is.
    yield from drive.press("trellis.remove", column=0.82)
    yield 0.5
    drive.shot("03-remove-asks")
    yield from drive.key("Escape", 0.6)
    assert drive.state() == "placed"
    yield from drive.press("trellis.remove", column=0.82)
    yield from drive.key("Return", 0.6)
    yield from drive.until(lambda: not drive.generations(), "the row to go")
    assert drive.models() == ["a lamp"]
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("04-removed-and-still-in-the-scene")

    drive.tell_service("no-such-key")
    yield 0.6
    yield from drive.press("trellis.test_key")
    yield from drive.until(lambda: current.answers[Topic.ACCOUNT].problem, "the refusal")
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("05-key-refused")

    with bpy.context.temp_override(window=drive.window()):
        bpy.ops.preferences.addon_show(module="bl_ext.user_default.trellis_blender")
    yield from drive.until(lambda: Topic.DISK in current.answers, "the disk used")
    yield 1.5
    drive.shot("06-preferences")
