"""A model is rebuilt from quads while the window stays free: cancelled, done, undone, redone, and a file closed
meanwhile.
"""

import os
from pathlib import Path

import bpy
import drive
from show_textures import open_this_model

FACES = 5_120


def scenario() -> drive.Steps:
    from bl_ext.user_default.trellis_blender.interface.placed_model import finish_operator, waiting

    bpy.data.objects.remove(bpy.data.objects["Cube"])  # the model would be within it, and the row would say so
    yield from drive.open_sidebar()
    yield from drive.ask_for("a small chair", "placed")
    with drive.in_viewport():
        # Not the one that it comes with, which takes longer.
        model = bpy.data.objects["a small chair"]
        bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=5, location=(0, 0, 3))
        (material,), model.data = model.data.materials, bpy.context.object.data
        model.data.materials.append(material)
        bpy.data.objects.remove(bpy.context.object)
        bpy.context.view_layer.objects.active = model
        model.name = "Chair"
        bpy.ops.ed.undo_push(message="Add Chair")
    yield 0.5
    yield from open_this_model()
    drive.shot("00-this-model")
    yield from drive.press("finish_again", wait_s=2.0)
    drive.shot("00-presets")
    yield from drive.key("q")  # the letter of “Quads” in the menu
    yield from drive.until(lambda: drive.window().scene.trellis.finish_again == 'QUADS', "the preset to be chosen", 10)
    meshes = len(bpy.data.meshes)
    yield from press()
    said = finish_operator._Running.job
    yield from drive.until(lambda: said.doing == "making quads", "quads to be made", 20)
    yield 0.3
    drive.shot("01-making-quads")
    assert "“Chair” · making quads · " in waiting._Shown.lines["finish"]
    yield from drive.key("Escape", 0.6)
    assert (faces(), finish_operator.is_busy(), len(bpy.data.meshes)) == (FACES, False, meshes)
    assert not waiting._Shown.lines
    yield from press()
    job = finish_operator._Running.job
    yield from drive.until(lambda: job.doing == "baking the colours", "the colours to be baked", 60)
    drive.shot("02-baking")
    yield from drive.until(lambda: not finish_operator.is_busy(), "the quads", 60)
    yield 0.5
    drive.shot("03-quads")
    assert is_new()
    assert bpy.data.objects["Chair (before)"].hide_viewport
    assert abs(max(bpy.data.objects["Chair"].dimensions) - 2) < 0.01  # the preset is about no length
    yield from drive.key("ctrl+z", 0.8)
    assert (faces(), "Chair (before)" in bpy.data.objects) == (FACES, False)
    yield from drive.key("ctrl+shift+z", 0.8)
    assert (is_new(), "Chair (before)" in bpy.data.objects) == (True, True)
    yield from drive.key("ctrl+z", 0.8)
    yield from press()
    job = finish_operator._Running.job
    yield from drive.until(lambda: job.doing != "starting", "the second Blender", 30)
    number, folder = job._process.pid, Path(job._folder.name)
    bpy.ops.wm.read_homefile(app_template="", use_factory_startup=True, use_empty=False)
    yield from drive.until(lambda: not folder.exists() and not is_running(number), "the second Blender's end", 10)
    assert not finish_operator.is_busy()
    assert "Chair" not in bpy.data.objects
    yield 1.0
    drive.shot("04-another-file")


def press() -> drive.Steps:
    """The button below the preset, with the mouse; goes on with it over the viewport, where the keys go."""
    yield from drive.find("finish_again")
    x, y = drive.mouse
    for nudge in range(20):  # Blender may be behind, and notices only a mouse that moves
        drive.move(x, y - 20 - nudge % 2)
        yield 0.3
        if drive.stands_on("trellis.finish(preset='QUADS'"):
            break
    else:
        raise AssertionError(f"the mouse is on “{drive.hovered()}”, not on Finish Model")
    yield from drive.click(*drive.mouse)
    yield from drive.over_viewport()


def faces() -> int:
    return len(bpy.data.objects["Chair"].data.polygons)


def is_new() -> bool:
    """How close the number is to the one that was asked for is measured in tests/blender."""
    return 2_000 < faces() < 4_000


def is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
