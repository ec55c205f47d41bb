import json
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import addon_utils
import bpy
import numpy as np
import pytest
import trimesh
from blender_helpers import corner_uvs, counts, world_bounds
from models import box_glb, glb
from mutants import Parts, rich_glb
from service import Fault


@pytest.fixture
def model_file(addon: Any, tmp_path: Path) -> Path:
    path = tmp_path / "box.glb"
    path.write_bytes(box_glb())
    return path


@pytest.fixture
def props(addon: Any) -> bpy.types.Collection:
    """The active collection."""
    collection = bpy.data.collections.new("Props")
    bpy.context.scene.collection.children.link(collection)
    bpy.context.view_layer.active_layer_collection = bpy.context.view_layer.layer_collection.children["Props"]
    return collection


def layer() -> bpy.types.LayerCollection:
    return bpy.context.view_layer.layer_collection.children["Props"]


def place(model_file: Path, placement: Any) -> Any:
    from trellis_blender.scene.arrival.place import place as place_model

    return place_model(model_file, "a box", "id1", placement)


def here() -> Any:
    from trellis_blender.scene.arrival.place import here as place_here

    return place_here(bpy.context, 1.0, "load-1")


def test_the_collection_and_the_cursor_are_those_of_the_press(model_file: Path, props: Any) -> None:
    bpy.context.scene.cursor.location = (1, 2, 3)
    placement = here()
    bpy.context.scene.cursor.location = (9, 9, 9)
    bpy.context.view_layer.active_layer_collection = bpy.context.view_layer.layer_collection
    props.name = "Renamed meanwhile"
    placed = place(model_file, placement)
    assert placed.where == ""
    model = bpy.data.objects[placed.object_name]
    assert (tuple(model.location), list(model.users_collection)) == ((1, 2, 3), [props])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("remove", "the collection “Props” is gone"),
        ("unlink", "the collection “Props” is no longer in the scene"),
        ("exclude", "the collection “Props” is excluded from the view layer"),
        ("hide", "the collection “Props” is hidden"),
        ("hide everywhere", "the collection “Props” is hidden"),
        ("link", "the collection “Linked” is linked from another file"),
    ],
)
def test_a_collection_that_cannot_take_it(
    model_file: Path, props: Any, tmp_path: Path, change: str, reason: str
) -> None:
    placement = here()
    if change == "remove":
        bpy.data.collections.remove(props)
    elif change == "unlink":
        bpy.context.scene.collection.children.unlink(props)
        props.use_fake_user = True
    elif change == "exclude":
        layer().exclude = True
    elif change == "hide":
        layer().hide_viewport = True
    elif change == "hide everywhere":
        props.hide_viewport = True
    else:
        placement = linked_collection(tmp_path)
    placed = place(model_file, placement)
    assert placed.where == f"It is in the Scene Collection, because {reason}."
    model = bpy.data.objects[placed.object_name]
    assert list(model.users_collection) == [bpy.context.scene.collection]
    assert model.visible_get()


def linked_collection(folder: Path) -> Any:
    library = str(folder / "library.blend")
    collection = bpy.data.collections.new("Linked")
    bpy.data.libraries.write(library, {collection}, fake_user=True)
    bpy.data.collections.remove(collection)
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.collections = ["Linked"]
    bpy.context.scene.collection.children.link(wanted.collections[0])
    layers = bpy.context.view_layer.layer_collection.children
    bpy.context.view_layer.active_layer_collection = layers["Linked"]
    return here()


def test_a_scene_that_is_gone(model_file: Path) -> None:
    placed = place(model_file, replace(here(), scene="Gone", scene_uid=0))
    assert "because the scene “Gone” is gone" in placed.where
    assert bpy.data.objects[placed.object_name].users_scene


def test_parts_become_one_object_with_transforms_applied(addon: Any, tmp_path: Path) -> None:
    path = tmp_path / "parts.glb"
    path.write_bytes(two_parts())
    before = counts()
    placed = place(path, here())
    after = counts()
    assert (after["objects"] - before["objects"], after["meshes"] - before["meshes"]) == (1, 1)
    model = bpy.data.objects[placed.object_name]
    assert len(model.data.polygons) == 2 * 12
    low, high = world_bounds(model)
    # Two boxes of 1 × 0.5 × 0.25, the second moved by 4 in x and turned upside down: 5 wide, scaled to 1.
    assert (high - low).tolist() == pytest.approx([1.0, 0.05, 0.1], abs=1e-5)


def test_parts_keep_their_materials_uv_maps_and_normals(addon: Any, tmp_path: Path) -> None:
    from trellis_blender.scene.importing.staging import staged_model

    path = tmp_path / "parts.glb"
    path.write_bytes(red_green_red())
    with staged_model(path) as staged:
        mesh = staged.item.data
        assert [material.name for material in mesh.materials] == ["red", "green"]
        corners = np.array([loop.vertex_index for loop in mesh.loops])
        places = np.array([vertex.co for vertex in mesh.vertices])[corners]
        uvs = corner_uvs(mesh)
        normals = np.array([corner.vector for corner in mesh.corner_normals])
        assert len(mesh.polygons) == 3 * 12
        for face in mesh.polygons:
            part = round(face.center.x / 4)
            assert face.material_index == (0, 1, 0)[part]
            for corner in face.loop_indices:
                assert uvs[corner].tolist() == pytest.approx([part / 4, places[corner][2] / 4 + 0.5], abs=1e-5)
                if part == 1:
                    assert normals[corner].tolist() == pytest.approx([0, 0, 1], abs=1e-3)
        assert mesh.has_custom_normals


def red_green_red() -> bytes:
    """Three boxes at x = 0, 4 and 8. U tells which, V how high a corner is; all normals of the second point upwards."""
    scene = trimesh.Scene()
    paints = {name: trimesh.visual.material.PBRMaterial(name=name) for name in ("red", "green")}
    for part, paint in enumerate(("red", "green", "red")):
        box = trimesh.creation.box()
        box.apply_translation([4 * part, 0, 0])
        # glTF's V goes down, and Y is up.
        uvs = np.stack([np.full(8, part / 4), box.vertices[:, 1] / 4 + 0.5], -1)
        box.visual = trimesh.visual.TextureVisuals(uv=uvs, material=paints[paint])
        if part == 1:
            box.vertex_normals = np.tile([0.0, 1.0, 0.0], (8, 1))
        scene.add_geometry(box, geom_name=f"part {part}", node_name=f"part {part}")
    return scene.export(file_type="glb")


def test_without_blenders_importer_a_sentence_says_what_to_do(addon: Any, model_file: Path, tmp_path: Path) -> None:
    from trellis_blender.scene.importing.importer import ADDON, ImportFailed

    rigged = tmp_path / "rigged.glb"
    rigged.write_bytes(rich_glb())
    before = counts()
    addon_utils.disable(ADDON)
    try:
        with pytest.raises(ImportFailed, match="is switched off"):
            place(rigged, here())
        assert counts() == before
        place(model_file, here())
    finally:
        addon_utils.enable(ADDON)


def two_parts() -> bytes:
    content = box_glb()
    length = struct.unpack("<I", content[12:16])[0]
    gltf = json.loads(content[20 : 20 + length])
    gltf["nodes"] = [
        {"name": "world", "children": [1, 2]},
        {"name": "a", "mesh": 0},
        {"name": "b", "mesh": 0, "translation": [4, 0, 0], "scale": [1, -1, 1]},
        {"name": "camera", "camera": 0},
    ]
    gltf["nodes"][0]["children"].append(3)
    gltf["cameras"] = [{"type": "perspective", "perspective": {"yfov": 1.0, "znear": 0.1}}]
    return glb(gltf, content[20 + length + 8 :])


def test_a_rigged_and_animated_model_arrives_as_a_mesh_alone(addon: Any, tmp_path: Path) -> None:
    path = tmp_path / "rich.glb"
    path.write_bytes(rich_glb())
    before = counts()
    model = bpy.data.objects[place(path, here()).object_name]
    after = counts()
    new = {kind: after[kind] - before[kind] for kind in after if after[kind] != before[kind]}
    assert (new.pop("objects"), new.pop("meshes")) == (1, 1)
    assert set(new) <= {"materials", "images", "node_groups"}
    assert not bpy.data.armatures
    assert (list(model.modifiers), list(model.vertex_groups), model.data.shape_keys) == ([], [], None)
    assert len(model.data.polygons) == 2 * 12


def changed(change: Callable[[dict[str, Any]], object], folder: Path) -> Path:
    """A box whose description was changed."""
    parts = Parts(box_glb())
    change(parts.gltf)
    path = folder / "changed.glb"
    path.write_bytes(parts.whole())
    return path


def test_a_file_of_several_scenes_leaves_no_scene_behind(addon: Any, tmp_path: Path) -> None:
    def two_scenes(gltf: dict[str, Any]) -> None:
        gltf["nodes"].append({"mesh": 0})
        gltf["scenes"].append({"name": "another", "nodes": [2]})

    before = counts()
    place(changed(two_scenes, tmp_path), here())
    after = counts()
    kinds = ("objects", "meshes", "scenes", "collections")
    assert [after[kind] - before[kind] for kind in kinds] == [1, 1, 0, 0]


def test_a_model_moved_to_nowhere_is_refused_and_leaves_nothing(addon: Any, tmp_path: Path) -> None:
    from trellis_blender.gltf.errors import NOT_FINITE, ModelUnusable

    def enlarge(gltf: dict[str, Any]) -> None:
        for node in gltf["nodes"]:
            node["scale"] = [1e30, 1e30, 1e30]

    before = counts()
    with pytest.raises(ModelUnusable, match=NOT_FINITE):
        place(changed(enlarge, tmp_path), here())
    assert counts() == before


def test_a_model_too_small_to_enlarge_keeps_its_size(addon: Any, tmp_path: Path) -> None:
    path = tmp_path / "speck.glb"
    path.write_bytes(box_glb((1e-39, 1e-39, 1e-39)))
    low, high = world_bounds(bpy.data.objects[place(path, here()).object_name])
    assert np.isfinite([low, high]).all()


@pytest.mark.parametrize("surface", [None, [], "x"])
def test_a_material_that_says_nothing_of_its_surface_arrives(addon: Any, tmp_path: Path, surface: object) -> None:
    from trellis_blender.gltf.errors import ModelUnusable
    from trellis_blender.scene.importing.importer import ImportFailed

    path = changed(lambda gltf: gltf["materials"][0].update(pbrMetallicRoughness=surface), tmp_path)
    with suppress(ImportFailed, ModelUnusable):
        place(path, here())
    assert surface is not None or bpy.data.objects.get("a box") is not None


def ready_generation(addon: Any, piapi: Any) -> Any:
    """A generation whose model is on the disk and not yet placed."""
    from trellis_blender.generation.record.request import compose_request
    from trellis_blender.interface.generate import submission
    from trellis_blender.interface.state import session

    found = session.current()
    request = compose_request(
        model="Qubico/trellis", prompt="a bear", picture=None, picture_name="", parameters={}, placement=here()
    )
    request = replace(request, placement=replace(request.placement, blend_load=found.file.blend_load))
    return found.wait_for(*submission.submit([request]))


def test_it_is_placed_once_however_often_it_is_asked_for(addon: Any, piapi: Any) -> None:
    generation = ready_generation(addon, piapi)
    before = counts()["objects"]
    for _ in range(3):
        bpy.ops.trellis.place(generation=generation.id)
    assert counts()["objects"] == before + 1
    bpy.data.objects.remove(bpy.data.objects["a bear"])
    bpy.ops.trellis.place(generation=generation.id)
    assert counts()["objects"] == before + 1


def test_a_model_file_that_is_gone_is_a_sentence_and_tried_once(addon: Any, piapi: Any) -> None:
    from trellis_blender.interface.monitor import monitor
    from trellis_blender.interface.state import background, configuration, session

    generation = ready_generation(addon, piapi)
    assert monitor.has_work()
    (configuration.data_folder() / generation.folder_name / "model.glb").unlink()
    monitor.tick()
    while background._hand_over() is not None:  # as the timer does it in a window
        time.sleep(0.01)
    monitor.tick()
    found = session.current().generations[generation.id]
    assert (found.state.value, found.parked) == ("ready", True)
    assert "is gone" in found.problem
    assert not monitor.has_work()


def test_resume_asks_only_the_service_that_has_the_task(
    addon: Any, piapi: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trellis_blender.interface.state import session

    piapi.fail_always("file", Fault(404))
    generation = ready_generation(addon, piapi)
    assert generation.parked
    monkeypatch.setenv("PIAPI_API_URL", "http://127.0.0.1:9")
    with pytest.raises(RuntimeError, match="This task is at http"):
        bpy.ops.trellis.resume(generation=generation.id)
    monkeypatch.undo()
    assert session.current().generations[generation.id].parked


def a_cube(size: float, *, scale: float = 1.0, where: tuple[float, float, float] = (0, 0, 0)) -> Any:
    bpy.ops.mesh.primitive_cube_add(size=size, location=where, scale=(scale, scale, scale))
    return bpy.context.active_object


@pytest.mark.parametrize(
    ("size", "scale", "where", "is_said"),
    [
        (2, 1, (0, 0, 0), True),  # Blender's own first cube: the model is as high as its upper half
        (0.5, 4, (0, 0, 0), True),
        (2, 1, (0.8, 0, 0), False),
        (0.5, 1, (0, 0, 0), False),
        (20, 1, (0, 0, 0), False),  # a room
    ],
)
def test_what_hides_a_model_is_named(
    model_file: Path, props: Any, size: float, scale: float, where: tuple[float, float, float], is_said: bool
) -> None:
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    cube = a_cube(size, scale=scale, where=where)
    cube.name = "Hall"
    bpy.context.scene.cursor.location = (0, 0, 0)
    placed = place(model_file, here())
    assert placed.where == ("It is inside “Hall”, which hides it." if is_said else "")


def test_what_hides_a_model_is_named_as_long_as_it_does(model_file: Path, props: Any) -> None:
    from trellis_blender.scene.arrival.hidden import still_said

    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    cube = a_cube(0.5, scale=4, where=(0, 0, 0))
    cube.name = "Hall"
    bpy.context.scene.cursor.location = (0, 0, 0)
    said = place(model_file, here()).where
    also = f"It has no texture. {said}"
    assert (still_said(said), still_said(also)) == (said, also)
    cube.hide_set(state=True)
    assert (still_said(said), still_said(also)) == ("", "It has no texture.")
    cube.hide_set(state=False)
    assert still_said(said) == said
    bpy.data.objects.remove(cube)
    assert still_said(said) == ""


@pytest.mark.parametrize("change", ["hidden", "wire", "inwards", "empty"])
def test_what_hides_nothing_is_not_named(model_file: Path, props: Any, change: str) -> None:
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    cube = a_cube(2)
    if change == "hidden":
        cube.hide_set(True)
    elif change == "wire":
        cube.display_type = 'WIRE'
    elif change == "inwards":
        cube.data.flip_normals()
    else:
        cube.data.clear_geometry()
    bpy.context.scene.cursor.location = (0, 0, 0)
    assert place(model_file, here()).where == ""
