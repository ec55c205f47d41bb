"""Models as assets: what is in the file, what stays as it was, and what a crash leaves."""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from blender_helpers import counts, lumpy_ball
from models import box_glb, picture_png
from places import ROOT
from service import Piapi


@pytest.fixture
def library(addon: Any, tmp_path: Path) -> Path:
    from trellis_blender.interface.state import configuration

    configuration.preferences().asset_folder = str(tmp_path / "library")
    configuration.preferences().asset_author = "Ada"
    configuration.preferences().asset_licence = "CC-BY-4.0"
    return tmp_path / "library"


@pytest.fixture
def chair(library: Path, generate: Any, piapi: Piapi) -> Any:
    """A model that was generated, in the scene."""
    piapi.behaviour.model = box_glb()
    generate(prompt="a small chair")
    return bpy.data.objects["a small chair"]


def read(path: Path) -> Any:
    """The asset in a file, appended into the open .blend."""
    with bpy.data.libraries.load(str(path), assets_only=True) as (found, wanted):
        wanted.objects = found.objects
    (item,) = wanted.objects
    return item


def only(folder: Path) -> Path:
    (path,) = folder.glob("*.blend")
    return path


def catalogs(folder: Path) -> list[str]:
    lines = (folder / "blender_assets.cats.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_asset_tells_what_it_is_and_needs_no_other_file(chair: Any, library: Path) -> None:
    from trellis_blender.scene.custom_properties import ID_PROPERTY

    chair.location, chair.rotation_euler, chair.scale = (5, 6, 7), (0, 0, 1), (2, 2, 2)
    number = chair[ID_PROPERTY]
    bpy.context.view_layer.update()
    assert bpy.ops.trellis.save_asset() == {'FINISHED'}
    bpy.ops.wm.read_factory_settings()
    asset = read(only(library))
    data = asset.asset_data
    assert (asset.name, data.description, data.author) == ("a small chair", "a small chair", "Ada")
    assert data.license == "CC-BY-4.0"
    assert getattr(data, "preferred_import_method", 'APPEND') == 'APPEND'
    assert {tag.name for tag in data.tags} == {"Trellis", "TRELLIS"}
    assert catalogs(library) == ["VERSION 1", f"{data.catalog_id}:Trellis/TRELLIS:Trellis-TRELLIS"]
    assert asset[ID_PROPERTY] == number
    assert tuple(asset.location) == (0, 0, 0)
    assert (tuple(asset.scale), asset.rotation_euler.z) == (pytest.approx((2, 2, 2)), pytest.approx(1))
    (material,) = asset.data.materials
    images = [node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE"]
    assert all(image.packed_file is not None for image in images)
    assert len(images) == 1
    assert tuple(asset.preview.image_size) == (128, 128)
    pixels = np.empty(128 * 128 * 4, np.float32)
    asset.preview.image_pixels_float.foreach_get(pixels)
    alpha = pixels[3::4]
    assert 0.05 < (alpha > 0.5).mean() < 0.95


def test_a_model_made_elsewhere_tells_the_same_of_itself(chair: Any, library: Path) -> None:
    from trellis_blender.interface.state import session

    session.current().generations.clear()
    assert bpy.ops.trellis.save_asset() == {'FINISHED'}
    data = read(only(library)).asset_data
    assert (data.description, {tag.name for tag in data.tags}) == ("a small chair", {"Trellis", "TRELLIS"})
    assert catalogs(library) == ["VERSION 1", f"{data.catalog_id}:Trellis/TRELLIS:Trellis-TRELLIS"]


def test_a_model_in_a_box_is_saved_without_it(chair: Any, library: Path) -> None:
    chair["trellis_in_box"], chair["trellis_placeholder"], chair.hide_render = "pair", "number", True
    chair["mine"] = 3
    assert bpy.ops.trellis.save_asset() == {'FINISHED'}
    assert (chair["trellis_in_box"], chair["trellis_placeholder"], chair.hide_render) == ("pair", "number", True)
    asset = read(only(library))
    assert [name for name in asset.keys() if "box" in name or "placeholder" in name] == []  # noqa: SIM118
    assert (asset.hide_render, asset["mine"], "trellis_generation" in asset) == (False, 3, True)


def test_objects_that_come_along_are_named(chair: Any, library: Path) -> None:
    from trellis_blender.interface.placed_model import assets

    assert assets.save_as_asset(bpy.context, chair)[1] == []
    cutter, other = (bpy.data.objects.new(name, bpy.data.meshes.new(name)) for name in ("Cutter", "Other"))
    for item in (cutter, other):
        bpy.context.scene.collection.objects.link(item)
    other.parent = chair
    chair.modifiers.new("cut", 'BOOLEAN').object = cutter
    path, (said,) = assets.save_as_asset(bpy.context, chair)
    assert "“Cutter”" in said
    assert "Other" not in said
    with bpy.data.libraries.load(str(path)) as (found, _):
        assert set(found.objects) == {"a small chair", "Cutter"}


def test_saving_changes_nothing_in_the_file_that_is_open(chair: Any, library: Path, tmp_path: Path) -> None:
    parent = bpy.data.objects.new("parent", None)
    bpy.context.scene.collection.objects.link(parent)
    chair.parent = parent
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    before, selected = counts(), [item.name for item in bpy.context.selected_objects]
    bpy.ops.trellis.save_asset()
    assert (counts(), [item.name for item in bpy.context.selected_objects]) == (before, selected)
    assert (chair.name, chair.parent, chair.asset_data) == ("a small chair", parent, None)
    assert (bpy.data.filepath, len(bpy.data.libraries)) == (str(tmp_path / "scene.blend"), 0)
    bpy.ops.wm.read_factory_settings()
    read(only(library))
    assert "parent" not in bpy.data.objects


def test_the_same_model_is_one_asset_and_another_of_the_name_another(chair: Any, library: Path, generate: Any) -> None:
    for _ in range(2):
        bpy.ops.trellis.save_asset()
    only(library)
    generate(prompt="a small chair", seed=5)
    bpy.context.view_layer.objects.active.name = "a small chair"
    bpy.ops.trellis.save_asset()
    assert len(list(library.glob("*.blend"))) == 2
    assert len(catalogs(library)) == 2
    assert [path.name for path in library.iterdir() if path.name.startswith(".")] == []


def test_any_mesh_can_be_an_asset(library: Path) -> None:
    lumpy_ball(500).name = "a/ball: “of” mine"
    bpy.ops.trellis.save_asset()
    assert re.fullmatch("a_ball_ “of” mine-[0-9a-f]{8}.blend", only(library).name)
    assert read(only(library)).name.startswith("a/ball: “of” mine")


def test_a_file_of_the_artists_is_never_replaced(library: Path) -> None:
    model = lumpy_ball(200)
    library.mkdir()
    (library / "ball.blend").write_bytes(b"the artist's")
    for _ in range(2):
        bpy.ops.trellis.save_asset()
    assert (library / "ball.blend").read_bytes() == b"the artist's"
    (ours,) = set(library.glob("*.blend")) - {library / "ball.blend"}
    other, model.name = lumpy_ball(300), "a first ball"
    other.name = "ball"
    bpy.ops.trellis.save_asset()
    assert len(list(library.glob("*.blend"))) == 3
    item = read(ours)
    assert len(item.data.polygons) == len(model.data.polygons)
    # What the artist makes of an asset is another one.
    bpy.context.scene.collection.objects.link(item)
    model.name, other.name, item.name = "x", "y", "ball"
    bpy.context.view_layer.objects.active = item
    bpy.ops.trellis.save_asset()
    assert len(list(library.glob("*.blend"))) == 4


def test_the_open_file_is_never_replaced(library: Path) -> None:
    lumpy_ball(200)
    bpy.ops.trellis.save_asset()
    path = only(library)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    content = path.read_bytes()
    with pytest.raises(RuntimeError, match="in its own asset file"):
        bpy.ops.trellis.save_asset()
    assert path.read_bytes() == content


def test_the_open_file_is_known_however_its_letters_are_composed(library: Path) -> None:
    """macOS hands out decomposed ones."""
    lumpy_ball(200).name = "b\u00e4r"
    bpy.ops.trellis.save_asset()
    path = only(library)
    bpy.ops.wm.save_as_mainfile(filepath=str(path.with_name(path.name.replace("\u00e4", "a\u0308"))))
    with pytest.raises(RuntimeError, match="in its own asset file"):
        bpy.ops.trellis.save_asset()


@pytest.mark.parametrize("name", ["", "always"])
def test_every_model_is_saved_where_that_is_wanted(library: Path, generate: Any, piapi: Piapi, name: str) -> None:
    from trellis_blender.interface.state import configuration

    configuration.preferences().always_save_assets = bool(name)
    piapi.behaviour.model = box_glb()
    generate(prompt="a chair")
    assert len(list(library.glob("*.blend"))) == bool(name)


def test_textures_in_files_are_packed_in_the_asset_alone(library: Path, tmp_path: Path) -> None:
    model = lumpy_ball(200)
    (tmp_path / "wood.png").write_bytes(picture_png(30, 20))
    paths = [tmp_path / "wood.png", tmp_path / "gone.png"]
    paths[1].write_bytes(picture_png(30, 20))
    material = bpy.data.materials.new("wood")
    if material.node_tree is None:
        material.use_nodes = True
    for path in paths:
        image = bpy.data.images.load(str(path))
        material.node_tree.nodes.new("ShaderNodeTexImage").image = image
    model.data.materials.append(material)
    paths[1].unlink()
    assert bpy.ops.trellis.save_asset() == {'FINISHED'}
    images = [bpy.data.images[path.name] for path in paths]
    assert [(image.packed_file, image.filepath) for image in images] == [(None, str(path)) for path in paths]
    paths[0].unlink()
    bpy.ops.wm.read_factory_settings()
    (material,) = read(only(library)).data.materials
    found = {node.image.name: node.image.packed_file for node in material.node_tree.nodes if node.type == "TEX_IMAGE"}
    assert (found["wood.png"] is not None, found["gone.png"]) == (True, None)


def textured(image: Any) -> Any:
    model = lumpy_ball(200)
    material = bpy.data.materials.new("painted")
    if material.node_tree is None:
        material.use_nodes = True
    material.node_tree.nodes.new("ShaderNodeTexImage").image = image
    model.data.materials.append(material)
    return model


def image_in(path: Path) -> Any:
    (material,) = read(path).data.materials
    return next(node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE")


def test_what_was_baked_and_never_saved_is_in_the_asset(library: Path) -> None:
    image = bpy.data.images.new("bake", 8, 8)
    image.pixels[:] = [1.0, 0.0, 0.5, 1.0] * 64
    image.update()
    textured(image)
    assert bpy.ops.trellis.save_asset() == {'FINISHED'}
    assert tuple(image.pixels[:4]) == pytest.approx((1, 0, 0.5, 1), abs=0.01)
    bpy.ops.wm.read_factory_settings()
    found = image_in(only(library))
    assert tuple(found.pixels[:4]) == pytest.approx((1, 0, 0.5, 1), abs=0.01)


def test_a_texture_of_tiles_is_packed_in_the_asset_alone(library: Path, tmp_path: Path) -> None:
    image = bpy.data.images.new("tiles", 8, 8, tiled=True)
    image.filepath_raw = str(tmp_path / "tiles.<UDIM>.png")
    image.file_format = 'PNG'
    image.save()
    textured(image)
    assert (image.packed_file, image.is_dirty) == (None, False)
    assert bpy.ops.trellis.save_asset() == {'FINISHED'}
    assert (image.packed_file, image.source) == (None, 'TILED')
    assert image.filepath == str(tmp_path / "tiles.<UDIM>.png")
    bpy.ops.wm.read_factory_settings()
    assert image_in(only(library)).packed_file is not None


def test_the_library_is_added_to_blenders_own_once(library: Path) -> None:
    libraries = bpy.context.preferences.filepaths.asset_libraries
    before = len(libraries)
    for _ in range(2):
        assert bpy.ops.trellis.add_library() == {'FINISHED'}
    assert len(libraries) == before + 1
    assert (libraries[-1].name, Path(libraries[-1].path)) == ("Trellis", library)
    assert library.is_dir()


def a_file_for_a_folder(library: Path) -> None:
    library.write_bytes(b"")


def a_folder_in_the_way(library: Path) -> None:
    (library / f"ball-{'0' * 8}.blend" / "inside").mkdir(parents=True)


def a_catalog_in_the_way(library: Path) -> None:
    (library / "blender_assets.cats.txt").mkdir(parents=True)


def read_only(library: Path) -> None:
    library.mkdir()
    library.chmod(0o500)


@pytest.mark.parametrize("spoil", [a_file_for_a_folder, a_folder_in_the_way, a_catalog_in_the_way, read_only])
def test_a_library_that_cannot_be_written_to_is_a_sentence(library: Path, spoil: Any) -> None:
    spoil(library)
    if spoil is read_only and os.access(library, os.W_OK):
        library = library.parent.parent / "proc"  # for the administrator nothing is read-only but what never is written
        bpy.context.preferences.addons["trellis_blender"].preferences.asset_folder = "/proc/library"
    model = lumpy_ball(200)
    model["trellis_asset"] = "0" * 32
    before = counts()
    with pytest.raises(RuntimeError, match="The asset was not saved"):
        bpy.ops.trellis.save_asset()
    assert (counts(), model.name) == (before, "ball")


@pytest.mark.parametrize("kind", ["nothing", "light", "unknown"])
def test_what_is_no_model_is_a_sentence(library: Path, kind: str) -> None:
    light = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", 'POINT'))
    bpy.context.scene.collection.objects.link(light)
    bpy.context.view_layer.objects.active = light if kind == "light" else None
    said = {"light": "is no mesh", "nothing": "Select a model", "unknown": "not in the scene"}
    with pytest.raises(RuntimeError, match=said[kind]):
        bpy.ops.trellis.save_asset(generation="nobody" if kind == "unknown" else "")


@pytest.mark.parametrize("is_overridden", [False, True])
def test_a_linked_model_is_a_sentence_and_stays_as_it_is(library: Path, tmp_path: Path, is_overridden: bool) -> None:
    model = lumpy_ball(200)
    path = str(tmp_path / "theirs.blend")
    bpy.data.libraries.write(path, {model})
    bpy.data.objects.remove(model)
    with bpy.data.libraries.load(path, link=True) as (found, wanted):
        wanted.objects = found.objects
    (item,) = wanted.objects
    bpy.context.scene.collection.objects.link(item)
    if is_overridden:
        item = item.override_create(remap_local_usages=True)
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = item
    name, before = item.name, counts()
    with pytest.raises(RuntimeError, match="is linked from another file"):
        bpy.ops.trellis.save_asset()
    assert (item.name, counts(), list(library.glob("*.blend"))) == (name, before, [])


def test_catalogs_that_several_blenders_add_at_the_same_moment_are_all_there(tmp_path: Path) -> None:
    from trellis_blender.scene.assets import catalog

    def add(number: int) -> None:
        for each in range(30):
            catalog.ensure(tmp_path, f"Props/{number}-{each}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(4)))
    assert len(catalogs(tmp_path)) == 1 + 4 * 30
    assert [path.name for path in tmp_path.iterdir()] == [catalog.FILE_NAME]


def test_the_catalogs_of_others_stay(library: Path, chair: Any) -> None:
    from trellis_blender.scene.assets import catalog

    library.mkdir()
    theirs = "# mine\nVERSION 1\n\n11111111-2222-3333-4444-555555555555:Chairs/Old:Chairs-Old"
    (library / "blender_assets.cats.txt").write_text(theirs, encoding="utf-8")
    bpy.ops.trellis.save_asset()
    bpy.ops.trellis.save_asset()
    text = (library / "blender_assets.cats.txt").read_text(encoding="utf-8")
    assert text.startswith(theirs + "\n")
    assert len(catalogs(library)) == 3
    # The artist moves ours: the asset goes along.
    moved = text.replace("Trellis/TRELLIS:", "Furniture:")
    (library / "blender_assets.cats.txt").write_text(moved, encoding="utf-8")
    bpy.ops.trellis.save_asset()
    assert (library / "blender_assets.cats.txt").read_text(encoding="utf-8") == moved
    assert catalog.catalog_of('a: "b"/c\\d') == "Trellis/a b c d"


IN_A_CHILD = """
import os, sys
sys.path[:0] = [{root!r}, {tests!r}]
import bpy
from pathlib import Path
bpy.ops.wm.read_factory_settings()
from blender_helpers import lumpy_ball
from trellis_blender.scene.assets import save as assets
model = lumpy_ball(60_000)
print('ready', flush=True)
while True:
    assets.save(model, Path({library!r}), assets.About("ball", key="12345678"))
"""


@pytest.mark.soak
def test_a_crash_leaves_no_broken_file(addon: Any, tmp_path: Path, soak: bool, record_property: Any) -> None:
    library = tmp_path / "library"
    tests = str(ROOT / "tests" / "blender")
    script = IN_A_CHILD.format(root=str(ROOT), tests=tests, library=str(library))
    chance = np.random.default_rng(3)
    kills = 50 if soak else 2
    for _ in range(kills):
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert any(line.strip() == "ready" for line in process.stdout)
            time.sleep(0.3 + float(chance.random()) * 0.2)
            process.kill()
        asset = read(only(library))
        assert len(asset.data.polygons) > 50_000
        bpy.data.objects.remove(asset)
    record_property("count", f"{kills} Blenders killed while they saved an asset, no broken file")
