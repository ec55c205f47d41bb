"""The pictures of the manual: each shows what its page speaks of, in a window as a newcomer's."""

import os
from math import radians
from pathlib import Path
from typing import Any

import bpy
import drive
from assets import library
from mathutils import Euler, Vector

PICTURES = Path(os.environ["TEST_PICTURES"])
PROMPT = "a red toadstool"
QUADS: dict[str, Any] = {"preset": 'QUADS', "size": 'KEEP', "origin": 'KEEP'}
FROM_THE_FRONT = Euler((radians(72), 0, radians(22)))
"""Models look towards -Y; Blender's own first view is from their side."""
BOXES = {
    "Toadstool": ((-0.9, 0.2, 0.9), (0.8, 0.8, 1.8)),
    "Small_Toadstool.001": ((0.35, -0.3, 0.45), (0.5, 0.5, 0.9)),
    "Small_Toadstool.002": ((1.15, 0.35, 0.65), (0.65, 0.65, 1.3)),
}


def photograph(name: str) -> drive.Steps:
    yield from drive.over_viewport()
    drive.viewport()[0].tag_redraw()
    yield 1.2
    drive.shot(name)


def look(distance: float, at: tuple[float, float, float]) -> None:
    view = drive.viewport()[0].spaces.active.region_3d
    view.view_distance, view.view_location, view.view_rotation = distance, at, FROM_THE_FRONT.to_quaternion()


def scenario() -> drive.Steps:
    bpy.context.preferences.system.viewport_aa = '8'
    for name in ("Cube", "Camera", "Light"):
        bpy.data.objects.remove(bpy.data.objects[name])
    drive.viewport()[0].spaces.active.shading.color_type = 'TEXTURE'
    look(4.6, (0.4, 0, 0.4))
    yield from drive.open_sidebar()
    yield from photograph("samples")
    preferences = bpy.context.preferences.addons["bl_ext.user_default.trellis_blender"].preferences
    preferences.api_key = os.environ["TEST_KEY"]
    yield from one_model()
    yield from quads()
    yield from variations()
    yield from a_drop()
    yield from a_failure()
    yield from block_out()
    yield from this_model()
    yield from account()
    yield from assets()


def one_model() -> drive.Steps:
    bpy.context.scene.trellis.prompt = PROMPT
    yield from photograph("panel")
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: (drive.generations()[0].progress or 0) > 0.5, "half of the toadstool", 60)
    yield from photograph("running")
    yield from drive.finish()
    yield from drive.until(lambda: len(drive.models()) == 1, "the toadstool")


def quads() -> drive.Steps:
    """A model, what it becomes of quads, and the quads themselves, side by side as they are looked at."""
    (model,) = (bpy.data.objects[name] for name in drive.models())
    made = model.copy()
    made.data = model.data.copy()
    bpy.context.scene.collection.objects.link(made)
    assert bpy.ops.trellis.finish(model=made.name, **QUADS) == {'FINISHED'}
    wires = made.copy()
    wires.show_wire = wires.show_all_edges = True
    bpy.context.scene.collection.objects.link(wires)
    aside = drive.viewport()[0].spaces.active.region_3d.view_rotation @ Vector((0.95, 0, 0))
    made.location += aside
    wires.location += 2 * aside
    look(3.4, tuple(1.6 * aside + Vector((0, 0, 0.45))))
    overlay = drive.viewport()[0].spaces.active.overlay
    overlay.show_cursor = False
    with drive.in_viewport():
        bpy.ops.object.select_all(action='DESELECT')
    yield from photograph("quads")
    overlay.show_cursor = True
    bpy.data.batch_remove([wires, bpy.data.objects[f"{made.name} (before)"], made])
    bpy.context.view_layer.objects.active = model
    look(4.6, (0.4, 0, 0.4))


def variations() -> drive.Steps:
    bpy.context.scene.cursor.location = (-1.2, 1.6, 0)
    bpy.context.scene.trellis.variations = 3
    look(6.5, (0.2, 0.7, 0.4))
    yield 0.5
    yield from drive.press("trellis.generate_from_panel")
    running = lambda: sum((each.progress or 0) > 0.3 for each in drive.generations()[:3])  # noqa: E731
    yield from drive.until(lambda: running() == 3, "three on their way", 60)
    yield from drive.finish()
    yield from drive.until(lambda: len(drive.models()) == 4, "all three")
    yield from drive.over_viewport()
    yield 3.0  # the pictures in the rows come one after the other
    yield from photograph("variations")
    bpy.context.scene.trellis.variations = 1


def a_failure() -> drive.Steps:
    yield from drive.tell("refused")
    bpy.context.scene.trellis.prompt = "a lantern"
    yield 0.5
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "failed", "the refusal")
    yield 1.0
    yield from drive.press("trellis.more", column=0.82, wait_s=0.3)
    drive.shot("row-menu")  # before a tooltip covers it
    yield from drive.key("Escape", 0.4)
    remove_rows()


def remove_rows() -> None:
    with drive.in_viewport():
        for generation in drive.generations():
            bpy.ops.trellis.remove(generation=generation.id)


def a_drop() -> drive.Steps:
    yield from drive.over_viewport()
    picture = str(PICTURES / "fish.png")
    with drive.in_viewport():
        bpy.ops.trellis.generate_from_files('INVOKE_DEFAULT', filepath=picture)
    yield 4.0  # Blender reads the picture in a thread of its own
    drive.shot("drop")
    yield from drive.key("Escape", 0.6)


def block_out() -> drive.Steps:
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    for name, (place, size) in BOXES.items():
        bpy.ops.mesh.primitive_cube_add(size=1, location=place, scale=size)
        bpy.context.active_object.name = name
    look(4.4, (0.5, 0, 0.7))
    with drive.in_viewport():
        bpy.ops.object.select_all(action='SELECT')
        bpy.ops.ed.undo_push(message="Block-out")
    yield 0.6
    yield from drive.open_last_panel("trellis.generate_for_selection")
    with drive.in_viewport():
        bpy.ops.object.select_all(action='SELECT')
    yield from photograph("blockout-panel")
    yield from drive.press("trellis.generate_for_selection", wait_s=1.0)
    drive.shot("blockout-dialog")
    yield from drive.key("Return", 1.0)
    shares = lambda: [each.progress or 0 for each in drive.generations()[:3]]  # noqa: E731
    yield from drive.until(lambda: min(shares()) > 0.2 and max(shares()) > 0.5, "the boxes to fill", 60)
    yield from photograph("blockout-running")
    yield from drive.finish()
    yield from drive.until(lambda: len(drive.models()) == 3, "a model in each box")
    with drive.in_viewport():
        bpy.ops.object.select_all(action='DESELECT')
    yield from photograph("blockout-done")


def this_model() -> drive.Steps:
    remove_rows()
    model = bpy.data.objects["Toadstool"]
    model.select_set(True)
    bpy.context.view_layer.objects.active = model
    yield 0.5
    yield from photograph("this-model-closed")
    yield from open_above("trellis.generate_for_selection", "trellis.generate_again")
    yield from photograph("this-model")
    with drive.in_viewport():
        assert bpy.ops.trellis.save_asset() == {'FINISHED'}
    assert len(list(library().glob("*.blend"))) == 1
    assert bpy.ops.trellis.add_library() == {'FINISHED'}


def open_above(below: str, name: str) -> drive.Steps:
    """Opens the closed panel above the one in which the button `below` is the first; `name` is a button in it."""
    yield from drive.find(below)
    x, top = drive.mouse
    _, _, sidebar = drive.viewport()
    for above in range(30, 80, 8):
        yield from drive.click(sidebar.x + sidebar.width * 0.3, top + above, 0.6)
        for under in range(30, 200, 9):
            drive.move(x, top + above - under)
            yield 0.08
            if name in drive.hovered():
                return
    raise AssertionError(f"no panel with “{name}” above “{below}”")


def assets() -> drive.Steps:
    known = set(drive.window().screen.areas)
    with drive.in_viewport():
        bpy.ops.screen.area_split(direction='HORIZONTAL', factor=0.35)
    (new,) = set(drive.window().screen.areas) - known
    area: Any = min(new, drive.viewport()[0], key=lambda each: each.y)
    area.ui_type = 'ASSETS'
    yield 1.0
    area.spaces.active.params.asset_library_reference = "Trellis"
    yield from drive.until(lambda: area.spaces.active.params is not None, "the Asset Browser")
    yield 3.0  # Blender reads the library in a thread of its own, and does not say when it is done
    main = next(region for region in area.regions if region.type == 'WINDOW')
    yield from drive.click(main.x + 60, main.y + main.height - 60, 0.5)
    yield from photograph("assets")


def account() -> drive.Steps:
    from bl_ext.user_default.trellis_blender.generation.lookups.questions import Topic
    from bl_ext.user_default.trellis_blender.interface.state import session

    current = session.current()
    bpy.context.view_layer.objects.active = None  # the panel This Model makes room
    yield 0.5
    yield from drive.open_last_panel("trellis.test_key")
    yield from drive.press("trellis.test_key")
    yield from drive.until(lambda: Topic.ACCOUNT in current.answers, "the account")
    yield from photograph("account")
