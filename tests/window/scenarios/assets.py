"""A model is finished by a Blender of its own, saved as an asset, and dragged from the Asset Browser into a file."""

import subprocess
from pathlib import Path
from typing import Any

import bpy
import drive


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    drive.window().scene.trellis.finish = 'GAME_ASSET'
    yield from drive.ask_for("a small chair")
    yield from drive.finish()
    yield from drive.until(lambda: drive.models() == ["a small chair"], "the model")
    yield from finished()
    with drive.in_viewport():
        assert bpy.ops.trellis.save_asset() == {'FINISHED'}
    yield 0.5
    drive.shot("03-saved")
    folder = library()
    assert len(list(folder.glob("*.blend"))) == 1
    assert bpy.ops.trellis.add_library() == {'FINISHED'}
    triangles = len(bpy.data.objects["a small chair"].data.polygons)
    bpy.ops.wm.read_homefile(app_template="", use_factory_startup=True, use_empty=False)
    yield 1.5
    assert drive.models() == []
    yield from dragged()
    model = bpy.data.objects["a small chair"]
    assert len(model.data.polygons) == triangles
    (material,) = model.data.materials
    images = [node.image for node in material.node_tree.nodes if node.type == 'TEX_IMAGE']
    assert images
    assert all(image.packed_file is not None or image.library is not None for image in images)


def finished() -> drive.Steps:
    """The real model is too large to be reduced at once: that begins by itself, is cancelled, and asked for again."""
    from bl_ext.user_default.trellis_blender.interface.placed_model import finish_operator
    from bl_ext.user_default.trellis_blender.scene.finish.fingerprint import fingerprint

    model = bpy.data.objects["a small chair"]
    before = len(model.data.polygons)
    yield from drive.over_viewport()
    yield from drive.until(finish_operator.is_busy, "the arrived model to be finished", 10)
    yield 0.4
    drive.shot("01-finishing")
    yield from drive.key("Escape", 0.6)
    assert (len(model.data.polygons), finish_operator.is_busy()) == (before, False)
    unfinished = fingerprint(model.data)
    with drive.in_viewport():
        assert bpy.ops.trellis.finish('INVOKE_DEFAULT', preset='GAME_ASSET', triangles=5_000) == {'RUNNING_MODAL'}
    yield from drive.until(lambda: not finish_operator.is_busy(), "the model to be finished", 60)
    yield 0.5
    drive.shot("02-finished")
    model = bpy.data.objects["a small chair"]
    assert abs(len(model.data.polygons) - 5_000) <= 100
    yield from drive.key("ctrl+z", 0.8)
    assert len(bpy.data.objects["a small chair"].data.polygons) == before
    yield from drive.key("ctrl+shift+z", 0.8)
    assert abs(len(bpy.data.objects["a small chair"].data.polygons) - 5_000) <= 100
    # What an adjustment takes back first is the finish, and no step that the artist has made since.
    bpy.data.objects["a small chair"].location.x += 1
    with drive.in_viewport():
        bpy.ops.ed.undo_push(message="Move")
    x = bpy.data.objects["a small chair"].location.x
    assert not finish_operator._take_back("a small chair", unfinished)
    yield 0.5
    model = bpy.data.objects["a small chair"]
    assert (model.location.x, abs(len(model.data.polygons) - 5_000) <= 100) == (x, True)
    yield from drive.key("ctrl+z", 0.8)
    assert finish_operator._take_back("a small chair", unfinished)
    yield 0.5
    assert len(bpy.data.objects["a small chair"].data.polygons) == before
    yield from drive.key("ctrl+shift+z", 0.8)
    assert abs(len(bpy.data.objects["a small chair"].data.polygons) - 5_000) <= 100


def dragged() -> drive.Steps:
    known = set(drive.window().screen.areas)
    with drive.in_viewport():
        bpy.ops.screen.area_split(direction='VERTICAL', factor=0.4)
    (new,) = set(drive.window().screen.areas) - known
    area: Any = min(new, drive.viewport()[0], key=lambda each: each.x)
    area.ui_type = 'ASSETS'
    yield 1.0
    area.spaces.active.params.asset_library_reference = "Trellis"
    yield from drive.until(lambda: area.spaces.active.params is not None, "the Asset Browser")
    yield 2.0  # Blender reads the library in a thread of its own, and does not say when it is done
    drive.shot("04-asset-browser")
    main = next(region for region in area.regions if region.type == 'WINDOW')
    _, view, _ = drive.viewport()
    x, y = main.x + 60, main.y + main.height - 60
    to_x, to_y = view.x + view.width * 0.4, view.y + view.height * 0.4
    drive.move(x - 4, y - 3)
    yield 0.6
    drive.move(x, y)
    yield 0.6
    subprocess.run(["xdotool", "mousedown", "1"], check=True)
    yield 0.4
    for step in range(1, 13):
        drive.move(x + 3 * step, y - 2 * step)
        yield 0.08
    for step in range(1, 13):
        drive.move(x + 36 + (to_x - x - 36) * step / 12, y - 24 + (to_y - y + 24) * step / 12)
        yield 0.1
    yield 0.8
    drive.shot("05-dragging")
    subprocess.run(["xdotool", "mouseup", "1"], check=True)
    yield from drive.until(lambda: drive.models() == ["a small chair"], "the asset in the viewport", 10)
    yield 1.0
    drive.shot("06-there")


def library() -> Path:
    from bl_ext.user_default.trellis_blender.interface.placed_model import assets

    return assets.library_folder()
