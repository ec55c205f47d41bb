"""The account: whose key it is, a model made elsewhere, removing, what the preferences tell."""

import os

import bpy
import drive
from looks import light_theme


def scenario() -> drive.Steps:
    from bl_ext.user_default.trellis_blender.generation.lookups.questions import Topic
    from bl_ext.user_default.trellis_blender.interface.state import session

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
    yield from drive.press("trellis.more", column=0.82)
    yield 0.5
    drive.shot("02b-menu")
    yield from drive.key("Escape", 0.4)
    yield from drive.over_viewport()
    drive.press_in_row("remove")
    yield 0.8
    drive.shot("03-remove-asks")
    yield from drive.key("Escape", 0.6)
    assert drive.state() == "placed"
    drive.press_in_row("remove")
    yield 0.8
    yield from drive.key("Return", 0.6)
    yield from drive.until(lambda: not drive.generations(), "the row to go")
    assert drive.models() == ["a lamp"]
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("04-removed-and-still-in-the-scene")

    yield from costs()

    drive.tell_service("no-such-key")
    yield 0.6
    yield from drive.press("trellis.test_key")
    yield from drive.until(lambda: current.answers[Topic.ACCOUNT].problem, "the refusal")
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("07-key-refused")

    yield from preferences()


def costs() -> drive.Steps:
    """What a model cost that was made for this file, and the table with it, written by real clicks."""
    from bl_ext.user_default.trellis_blender.generation.lookups.questions import Topic
    from bl_ext.user_default.trellis_blender.interface.state import session

    current = session.current()
    bpy.context.preferences.view.filebrowser_display_type = 'SCREEN'
    bpy.ops.wm.save_as_mainfile(filepath=str(drive.CONTROL / "scene.blend"))
    with drive.in_viewport():
        bpy.ops.trellis.generate('INVOKE_DEFAULT', prompt="a chair")
    yield from drive.until(lambda: "a chair" in drive.models(), "the chair")
    yield from drive.until(lambda: Topic.SPENT in current.answers, "what was spent")
    spent = current.answers[Topic.SPENT].spending
    assert (spent.month.usd, spent.file.usd, spent.month.is_exact) == (0.08, 0.04, True), spent
    yield from drive.press("trellis.export_costs", wait_s=2.0)
    # The file browser is the whole window now.
    drive.move(drive.window().width / 2, drive.window().height / 2)
    yield 0.5
    drive.shot("05-where-the-table-goes")
    yield from drive.key("Return", 1.0)
    yield from drive.until(lambda: Topic.COSTS_TABLE in current.answers, "the table")
    assert (drive.CONTROL / "trellis-costs.csv").read_text(encoding="utf-8-sig").count("charged") == 3
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("06-costs")


def preferences() -> drive.Steps:
    """All sections, closed and open, where there is room for them."""
    from bl_ext.user_default.trellis_blender.generation.lookups.questions import Topic
    from bl_ext.user_default.trellis_blender.interface.state import session

    current = session.current()
    area, _, _ = drive.viewport()
    area.ui_type = 'PREFERENCES'
    bpy.context.preferences.active_section = 'ADDONS'
    bpy.context.window_manager.addon_search = "Trellis"
    bpy.ops.preferences.addon_expand(module="bl_ext.user_default.trellis_blender")
    yield from drive.until(lambda: Topic.DISK in current.answers, "the disk used")
    yield 1.5
    drive.shot("08-preferences")
    # From below upwards, so that what opens moves none of those that are still to be opened.
    region = next(region for region in area.regions if region.type == 'WINDOW')
    x, lowest = region.x + region.width * 0.75, 0
    for y in range(region.y + 8, region.y + region.height, 10):
        drive.move(x, y)
        yield 0.06
        if "path_open" in drive.hovered(area, region):
            lowest = y
            break
    while "path_open" in drive.hovered(area, region):
        lowest -= 2
        drive.move(x, lowest)
        yield 0.1
    # The headers of closed sections lie close together, in Blender 4 a little less so.
    pitch = 21 if bpy.app.version >= (5, 0, 0) else 25
    for number in range(6):
        yield from drive.click(region.x + region.width * 0.2, lowest + 40 + number * pitch, 0.5)
    yield from drive.until(lambda: Topic.ROUTE in current.answers, "the way to the service")
    assert current.answers[Topic.ROUTE].route.source == "for a service on this computer"
    drive.move(x, region.y + 4)
    yield 1.0
    drive.shot("09-preferences-all-open")
    drive.move(x, region.y + region.height / 2)
    yield 0.3
    for _ in range(10):
        yield from drive.scroll_down()
    drive.move(x, region.y + 4)
    yield 0.5
    for y in range(region.y + 8, region.y + region.height, 10):
        drive.move(x, y)
        yield 0.06
        if "copy_report" in drive.hovered(area, region):
            yield from drive.click(x, y + 4, 1.0)
            break
    copied = bpy.context.window_manager.clipboard
    assert copied.startswith("## Versions\nTrellis 0."), copied
    assert "TRELLIS, text-to-3d, placed" in copied
    assert os.environ["PIAPI_API_KEY"] not in copied
    assert "a chair" not in copied
    drive.shot("10-report-copied-and-the-rest")
    light_theme()
    yield 1.0
    drive.shot("11-preferences-light")
    bpy.context.preferences.view.ui_scale = 2.0
    yield 1.0
    drive.shot("12-preferences-twice-the-size")
    drive.move(region.x + region.width / 2, region.y + region.height / 2)
    for part in range(13, 16):
        for _ in range(8):
            yield from drive.scroll_down()
        yield 0.5
        drive.shot(f"{part}-preferences-further-down")
