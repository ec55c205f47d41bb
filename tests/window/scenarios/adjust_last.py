"""Add Sphere → a model arrives → drag in Adjust Last Operation: the model goes, is missed, and can be placed again."""

import subprocess

import bpy
import drive


def hud() -> object:
    area, _, _ = drive.viewport()
    return next((region for region in area.regions if region.type == 'HUD' and region.width > 10), None)


def unfold() -> drive.Steps:
    """Opens the panel where Blender shows only its header."""
    for _ in range(5):
        yield 1.0
        region = hud()
        if region.height > 100:
            return
        yield from drive.click(region.x + 20, region.y + region.height / 2, 1.0)
    raise AssertionError("Adjust Last Operation does not unfold")


def scenario() -> drive.Steps:
    bpy.ops.object.select_all(action='DESELECT')
    yield from drive.open_sidebar()
    yield from drive.enter("trellis.prompt", "a bear")
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "running", "running")
    # Repeat Last (Shift-R) and Repeat History must find nothing of ours to send again.
    yield from drive.over_viewport()
    yield from drive.key("shift+r", 0.8)
    assert len(drive.generations()) == 1
    bpy.context.scene.cursor.location = (2, 0, 0)
    yield from drive.key("shift+a", 0.8)
    yield from drive.type_text("uv sphere")
    yield from drive.key("Return", 1.0)
    assert "Sphere" in bpy.data.objects, "the menu did not add a sphere"
    drive.shot("00-sphere")
    before = len(bpy.data.objects["Sphere"].data.vertices)
    yield from drive.until(lambda: drive.state() == "placed", "the model")
    yield 1.0
    assert bpy.context.window_manager.operators[-1].bl_idname == "MESH_OT_primitive_uv_sphere_add"
    drive.shot("01-arrived")
    yield from drive.until(hud, "Adjust Last Operation")
    yield from unfold()
    region = hud()
    x, y = region.x + region.width * 0.75, region.y + region.height - 45
    drive.move(x, y)
    yield 0.3
    subprocess.run(["xdotool", "mousedown", "1"], check=True)
    for step in range(12):
        drive.move(x + step * 8, y)
        yield 0.08
    subprocess.run(["xdotool", "mouseup", "1"], check=True)
    yield 1.5
    drive.shot("02-adjusted")
    assert len(bpy.data.objects["Sphere"].data.vertices) != before, "the drag changed nothing"
    assert drive.models() == []
    assert drive.is_gone(drive.generations()[0]), drive.line()
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: drive.models() == ["a bear"], "the bear", 5)
    assert drive.line().stage == "In the scene"
    yield from drive.over_viewport()
    drive.shot("03-placed-again")
    yield from drive.key("F9", 0.8)
    drive.shot("04-f9")
    yield from drive.key("Escape", 0.5)
    assert len(drive.generations()) == 1
