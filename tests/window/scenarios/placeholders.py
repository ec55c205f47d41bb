"""Placeholders: made in Edit Mode and in Sculpt Mode, several at once, one refused, one duplicated, twenty drawn."""

import subprocess
import time

import bpy
import drive
from placeholder import empty, generate, overlay, said, status


def scenario() -> drive.Steps:
    cube = bpy.data.objects["Cube"]
    cube.location.y = 6
    yield from drive.open_sidebar()
    # Pressed in Edit Mode and in Sculpt Mode: the artist stays there, and undo takes the box away alone.
    bpy.ops.object.select_all(action='DESELECT')
    cube.select_set(True)
    bpy.context.view_layer.objects.active = cube
    yield from drive.key("Tab", 0.6)
    assert cube.mode == 'EDIT'
    yield from generate("a cat")
    assert cube.mode == 'EDIT'
    assert empty("a cat") is not None
    yield from drive.key("ctrl+z", 0.8)
    assert bpy.data.objects["Cube"].mode == 'EDIT'
    assert empty("a cat") is None
    yield from drive.key("ctrl+shift+z", 0.8)
    assert bpy.data.objects["Cube"].mode == 'EDIT'
    assert empty("a cat") is not None
    yield from drive.key("Tab", 0.6)
    assert empty("a cat") is not None

    # Undone further than the press in Sculpt Mode, and redone: Blender 5.2 crashes where an object came without a step.
    with drive.in_viewport():
        bpy.ops.object.mode_set(mode='SCULPT')
        bpy.ops.ed.undo_push(message="Sculpt Mode")
    yield 0.5
    yield from stroke(0)
    yield from generate("a dog")
    assert bpy.data.objects["Cube"].mode == 'SCULPT'
    yield from stroke(20)
    for _ in range(5):
        yield from drive.key("ctrl+z", 0.5)
    assert empty("a dog") is None
    for _ in range(5):
        yield from drive.key("ctrl+shift+z", 0.5)
    assert empty("a dog") is not None
    with drive.in_viewport():
        bpy.ops.object.mode_set(mode='OBJECT')
    drive.shot("01-edit-and-sculpt-mode")

    # Duplicated, as an artist does it.
    bpy.ops.object.select_all(action='DESELECT')
    empty("a cat").select_set(True)
    yield from drive.over_viewport()
    yield from drive.key("shift+d", 0.4)
    for key in ("y", "2", "Return"):
        yield from drive.key(key, 0.2)
    yield from drive.until(lambda: "a cat.001" in said(), "the copy to be noticed", 5)
    assert said()["a cat.001"] == "A copy · nothing arrives here"

    # Three more, in different places, one fails; one is duplicated.
    drive.tell_service("three")
    yield 0.3
    for number, name in enumerate(("a tall oak tree with a swing", "a well", "a bench")):
        bpy.context.scene.cursor.location = (-3 + number * 1.7, -1.5 * number, 0)
        if name == "a bench":
            drive.tell_service("refused")
            yield 0.3
        yield from generate(name)
    yield from drive.until(lambda: drive.state() == "failed", "the refusal", 80)
    assert empty("a bench") is not None
    yield 2.5
    assert said()["a bench"] == "Failed · see the list"
    drive.shot("02-several")
    assert "running" in status(), status()
    yield from drive.press("trellis.submit_again", column=0.8)
    yield from drive.until(lambda: len(drive.models()) == 3, "all three", 60)
    yield from drive.over_viewport()
    yield 1.5
    assert list(said()) == ["a cat", "a dog", "a cat.001"], said()
    drive.shot("03-all-there")

    yield from crowd_of_twenty()


def stroke(dx: int) -> drive.Steps:
    _, region, _ = drive.viewport()
    from bpy_extras.view3d_utils import location_3d_to_region_2d

    with drive.in_viewport():
        middle = location_3d_to_region_2d(region, region.data, bpy.data.objects["Cube"].location)
    x, y = region.x + middle.x + dx, region.y + middle.y
    drive.move(x, y)
    yield 0.3
    subprocess.run(["xdotool", "mousedown", "1"], check=True)
    for step in range(6):
        drive.move(x + step * 5, y + step * 3)
        yield 0.05
    subprocess.run(["xdotool", "mouseup", "1"], check=True)
    yield 0.5


def crowd_of_twenty() -> drive.Steps:
    shown = overlay()
    scene = bpy.context.scene
    from bl_ext.user_default.trellis_blender.scene.placement import placeholder

    for number in range(20):
        item = bpy.data.objects.new(f"crowd {number}", None)
        item.empty_display_type = 'CUBE'
        item.empty_display_size = 0.3
        item.location = (-4 + 1.6 * (number % 5), -5 + 1.6 * (number // 5), 0.3)
        item["trellis_placeholder"] = f"crowd-{number}"
        scene.collection.objects.link(item)
    yield 1.0
    placeholder.forget()
    shown.update()
    from dataclasses import replace

    from bl_ext.user_default.trellis_blender.generation.states import State
    from bl_ext.user_default.trellis_blender.interface.text import captions

    made = drive.generations()[0]
    busy = replace(made, state=State.RUNNING, progress=0.45, stage="Sparse structure", expected_s=60.0)
    shown._Drawn.shown = [
        (item, captions.caption(item.name, busy, time.time(), in_scene=False, waits_for=""))
        for _, item in placeholder.all_here()
        if item.name.startswith("crowd")
    ]
    assert len(shown._Drawn.shown) == 20
    shown.update = lambda: False  # nothing but the twenty from here on
    _, region, _ = drive.viewport()
    region.tag_redraw()
    yield 1.0
    drive.shot("04-twenty")
    shown._remove_handlers()
