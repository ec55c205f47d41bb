"""A model gets levels of detail, and is rebuilt from quads while the window stays free: cancelled, done as *Game Asset*
while it is renamed, saved and rendered, undone, redone, and a file closed meanwhile.
"""

import os
import subprocess
from pathlib import Path

import bpy
import drive
import rendering
from adjust_last import hud, unfold
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
    yield from lods()
    yield from choose_game_asset()
    meshes = len(bpy.data.meshes)
    yield from press('GAME_ASSET')
    said = finish_operator._Running.job
    yield from drive.until(lambda: said.doing == "making quads", "quads to be made", 20)
    yield 0.3
    drive.shot("01-making-quads")
    assert "“Chair” · making quads · " in waiting._Shown.lines["finish"]
    yield from drive.key("Escape", 0.6)
    assert (faces(), finish_operator.is_busy(), len(bpy.data.meshes)) == (FACES, False, meshes)
    assert not waiting._Shown.lines
    yield from press('GAME_ASSET')
    yield from meanwhile()
    yield 0.5
    drive.shot("03-game-asset")
    assert is_new("Stool")
    assert bpy.data.objects["Stool (before)"].hide_viewport
    assert abs(max(bpy.data.objects["Stool"].dimensions) - 2) < 0.01  # the preset is about no length
    yield from drive.key("ctrl+z", 0.8)
    assert (faces("Stool"), "Stool (before)" in bpy.data.objects) == (FACES, False)
    yield from drive.key("ctrl+shift+z", 0.8)
    assert (is_new("Stool"), "Stool (before)" in bpy.data.objects) == (True, True)
    yield from drive.key("ctrl+z", 0.8)
    yield from press('GAME_ASSET')
    job = finish_operator._Running.job
    yield from drive.until(lambda: job.doing != "starting", "the second Blender", 30)
    number, folder = job._process.pid, Path(job._folder.name)
    bpy.ops.wm.read_homefile(app_template="", use_factory_startup=True, use_empty=False)
    yield from drive.until(lambda: not folder.exists() and not is_running(number), "the second Blender's end", 10)
    assert not finish_operator.is_busy()
    assert "Stool" not in bpy.data.objects
    yield 1.0
    drive.shot("04-another-file")


def lods() -> drive.Steps:
    """*Scene* takes no time. LODs, and then a collision shape, chosen in Adjust Last Operation, take some."""
    yield from press('SCENE')
    yield from drive.until(hud, "Adjust Last Operation", 10)
    yield from unfold()
    region = hud()
    drive.move(region.x + region.width * 0.7, region.y + 41)  # the last but one
    yield 0.3
    subprocess.run(["xdotool", "click", "--repeat", "2", "--delay", "60", "1"], check=True)
    yield 0.5
    yield from drive.key("ctrl+a", 0.2)
    yield from drive.type_text("2")
    yield from drive.key("Return", 0.3)
    yield from finished()
    drive.shot("00-lods")
    assert parts() == {"Chair_LOD0": FACES, "Chair_LOD1": FACES // 2, "Chair_LOD2": FACES // 4}
    yield from drive.click(region.x + region.width * 0.7, region.y + 19, 0.8)  # the last one: the box is still there
    yield from drive.key("u", 0.3)  # the letter of “Unreal” in the menu
    yield from finished()
    drive.shot("00-collision")
    assert parts().keys() == {"Chair_LOD0", "Chair_LOD1", "Chair_LOD2", "UCX_Chair_00"}
    yield from drive.over_viewport()
    yield from drive.key("ctrl+z", 0.8)
    assert parts() == {}


def finished() -> drive.Steps:
    from bl_ext.user_default.trellis_blender.interface.placed_model import finish_operator

    yield from drive.until(finish_operator.is_busy, "what was chosen to be begun", 10)
    yield from drive.until(lambda: not finish_operator.is_busy(), "its end", 30)
    yield 0.6


def parts() -> dict[str, int]:
    return {item.name: len(item.data.polygons) for item in bpy.data.objects["Chair"].children}


def meanwhile() -> drive.Steps:
    """The model gets another name, the file is saved, and a picture is rendered: the model waits for that alone."""
    from bl_ext.user_default.trellis_blender.interface.placed_model import finish_operator, waiting

    job = finish_operator._Running.job
    yield from drive.until(lambda: job.doing != "starting", "the second Blender", 30)
    bpy.data.objects["Chair"].name = "Stool"
    with drive.in_viewport():
        bpy.ops.ed.undo_push(message="Rename")
    assert bpy.ops.wm.save_as_mainfile(filepath=str(drive.CONTROL / "stool.blend")) == {'FINISHED'}
    rendering.render_for_long()
    yield from rendering.start_render()
    yield from drive.until(lambda: job.doing == "baking the colours", "the colours to be baked", 60)
    yield from drive.until(lambda: "“Stool” · baking" in waiting._Shown.lines["finish"], "its new name to be said", 10)
    drive.shot("02-baking")
    yield from drive.until(lambda: job.is_done, "the quads", 60)
    yield 0.5
    drive.shot("02-waits-for-the-render")
    assert "waiting until the render is finished" in waiting._Shown.lines["finish"]
    assert (faces("Stool"), rendering.works(rendering.RENDER)) == (FACES, True)
    yield from rendering.stop()
    yield from drive.until(lambda: not finish_operator.is_busy(), "the quads after the render", 10)


def choose_game_asset() -> drive.Steps:
    yield from drive.press("finish_again", wait_s=2.0)
    drive.shot("00-presets")
    yield from drive.key("g")  # the letter of “Game Asset” in the menu
    chosen = drive.window().scene.trellis
    yield from drive.until(lambda: chosen.finish_again == 'GAME_ASSET', "the preset to be chosen", 10)


def press(preset: str) -> drive.Steps:
    """The button below the preset, with the mouse; goes on with it over the viewport, where the keys go."""
    yield from drive.find("finish_again")
    x, y = drive.mouse
    for nudge in range(20):  # Blender may be behind, and notices only a mouse that moves
        drive.move(x, y - 20 - nudge % 2)
        yield 0.3
        if drive.stands_on(f"trellis.finish(preset='{preset}'"):
            break
    else:
        raise AssertionError(f"the mouse is on “{drive.hovered()}”, not on Finish Model")
    yield from drive.click(*drive.mouse)
    yield from drive.over_viewport()


def faces(name: str = "Chair") -> int:
    return len(bpy.data.objects[name].data.polygons)


def is_new(name: str) -> bool:
    """How close the number is to the one that was asked for is measured in tests/blender."""
    return 4_000 < faces(name) < 6_000


def is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
