"""A model for each box of a block-out: what it is made from, how it fits, and what stays as it was."""

import shutil
import tempfile
from collections.abc import Callable
from math import radians
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from blender_helpers import counts
from mathutils import Matrix, Vector
from models import box_glb
from places import ROOT
from service import Piapi

TOADSTOOL = ROOT / "scripts" / "demo" / "toadstool.png"
MODEL = np.array((1.0, 0.25, 0.5))
"""Width, depth and height of what arrives."""


@pytest.fixture
def scene(addon: Any, piapi: Piapi) -> bpy.types.Scene:
    """An empty scene, with nothing generated before."""
    from trellis_blender.interface.state import configuration, session

    session.end()
    shutil.rmtree(configuration.data_folder(), ignore_errors=True)
    bpy.ops.wm.read_homefile(use_empty=True)
    piapi.behaviour.model = box_glb((1.0, 0.5, 0.25))
    return bpy.context.scene


def box(name: str, matrix: Matrix | None = None, *, like: Any = None, size: float = 2.0) -> Any:
    """A selected box; `like` another, it shares that one's mesh."""
    mesh = like.data if like is not None else bpy.data.meshes.new(name)
    if like is None:
        corners = [(x * size / 2, y * size / 2, z * size / 2) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
        sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
        mesh.from_pydata(corners, [], sides)
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    if matrix is not None:
        item.matrix_basis = matrix
    item.select_set(True)
    bpy.context.view_layer.update()
    return item


def generate() -> set[str]:
    return bpy.ops.trellis.generate_for_selection()


def models() -> list[Any]:
    return sorted((item for item in bpy.data.objects if "trellis_generation" in item), key=lambda item: item.name)


def corners(item: Any, matrix: Matrix | None = None) -> Any:
    """The vertices in world space, or in the space of `matrix`."""
    to = item.matrix_world if matrix is None else matrix.inverted() @ item.matrix_world
    return np.array([to @ vertex.co for vertex in item.data.vertices])


def assert_fits(model: Any, frame: Matrix, size: Any, *, stretch: bool = False) -> None:
    """Within 0.1 %: upright in the box whose floor's middle is `frame`, its front to -Y, not mirrored."""
    points = corners(model, frame)
    low, high = points.min(axis=0), points.max(axis=0)
    factor = np.array(size) / MODEL
    wanted = np.array(size) if stretch else MODEL * factor.min()
    tolerance = max(size) * 1e-3
    assert high - low == pytest.approx(wanted, abs=tolerance)
    assert (low + high)[:2] / 2 == pytest.approx((0, 0), abs=tolerance)
    assert low[2] == pytest.approx(0, abs=tolerance)
    turn = (frame.inverted() @ model.matrix_world).to_3x3()
    for axis, column in enumerate(turn.col):
        assert column.normalized()[axis] == pytest.approx(1, abs=1e-3), "it is turned or mirrored in its box"


TILTED = Matrix.Translation((3, -2, 1)) @ Matrix.Rotation(radians(50), 4, 'Z') @ Matrix.Rotation(radians(20), 4, 'X')


@pytest.mark.parametrize("stretch", [False, True])
@pytest.mark.parametrize("size", [(2, 2, 2), (0.3, 4, 1), (5, 0.1, 0.2), (0.02, 0.03, 90)])
@pytest.mark.parametrize("place", [Matrix(), TILTED])
def test_it_fits(scene: Any, place: Matrix, size: Any, stretch: bool) -> None:
    item = box("Old_Chair.003", place @ Matrix.Diagonal((*(Vector(size) / 2), 1)))
    scene.trellis.fit = 'STRETCH' if stretch else 'EVEN'
    assert generate() == {'FINISHED'}
    (model,) = models()
    assert_fits(model, place @ Matrix.Translation((0, 0, -size[2] / 2)), size, stretch=stretch)
    assert tuple(model.scale) == pytest.approx((1, 1, 1), abs=1e-4)
    assert (model.name, item.name) == ("Old_Chair.003", "Old_Chair.003 box")
    assert (item.visible_get(), item.hide_render) == (False, True)
    assert (model.select_get(), model.visible_get()) == (True, True)


@pytest.mark.parametrize("signs", [(-1, 1, 1), (1, -1, 1), (1, 1, -1), (-1, 1, -1), (-1, -1, -1)])
def test_a_negative_scale_turns_and_mirrors_nothing(scene: Any, signs: Any) -> None:
    item = box("Chair")
    item.location, item.rotation_euler, item.scale = (1, 2, 3), (0, 0, radians(30)), [sign * 1.5 for sign in signs]
    bpy.context.view_layer.update()
    generate()
    place = Matrix.Translation((1, 2, 3 - 1.5)) @ Matrix.Rotation(radians(30), 4, 'Z')
    assert_fits(models()[0], place, (3, 3, 3))


@pytest.mark.parametrize("scale", [(2, 2, 2), (1, 2, 3), (-1, 1, 1), (1, 1, -1)])
def test_below_a_parent(scene: Any, scale: Any) -> None:
    parent = bpy.data.objects.new("Rack", None)
    scene.collection.objects.link(parent)
    parent.location, parent.rotation_euler, parent.scale = (4, 0, 1), (0, 0, radians(90)), scale
    bpy.context.view_layer.update()
    item = box("Chair")
    item.parent, item.location, item.matrix_parent_inverse = parent, (0, 1, 0), Matrix.Translation((0, 0, 2))
    bpy.context.view_layer.update()
    generate()
    bpy.context.view_layer.update()
    (model,) = models()
    size = [2 * abs(part) for part in scale]
    floor = parent.matrix_world @ Vector((0, 1, 1 if scale[2] > 0 else 3))  # its lower side
    mirrored = Matrix.Rotation(radians(90), 4, 'Z')
    assert_fits(model, Matrix.Translation(floor) @ mirrored, size)
    assert model.parent == parent
    parent.location.x += 7
    bpy.context.view_layer.update()
    assert_fits(model, Matrix.Translation(floor + Vector((7, 0, 0))) @ mirrored, size)


def test_a_negative_delta_scale_turns_nothing_over(scene: Any) -> None:
    box("Chair").delta_scale = (1, 1, -1)
    bpy.context.view_layer.update()
    generate()
    assert_fits(models()[0], Matrix.Translation((0, 0, -1)), (2, 2, 2))


def test_modifiers_count_and_the_middle_of_the_mesh_need_not_be_the_origin(scene: Any) -> None:
    item = box("Chair", size=1.0)
    item.data.transform(Matrix.Translation((5, 0, 0)))
    array = item.modifiers.new("Array", 'ARRAY')
    array.count = 3
    bpy.context.view_layer.update()
    generate()
    assert_fits(models()[0], Matrix.Translation((6, 0, -0.5)), (3, 1, 1))


def test_objects_that_share_a_mesh_share_a_model(scene: Any, piapi: Piapi) -> None:
    first = box("Chair", Matrix.Translation((0, 0, 1)))
    for number in range(1, 4):
        turn = Matrix.Rotation(radians(40 * number), 4, 'Z')
        box(f"Chair.00{number}", Matrix.Translation((3 * number, 0, 1)) @ turn @ Matrix.Scale(number, 4), like=first)
    lamp = box("Lamp", Matrix.Translation((-4, 0, 1)))
    bed = box("Cube", Matrix.Translation((-8, 0, 1)), like=first)
    bed.trellis_prompt = "a bed"
    generate()
    assert sorted(create["input"]["prompt"] for create in piapi.creates) == ["Chair", "Lamp", "a bed"]
    found = {item.name: item for item in models()}
    assert sorted(found) == ["Chair", "Chair.001", "Chair.002", "Chair.003", "Lamp", "a bed"]
    chairs = [item for name, item in found.items() if name.startswith("Chair")]
    assert len({item.data for item in chairs}) == 1
    assert len({item["trellis"]["task_id"] for item in chairs}) == 1
    assert found["Lamp"].data != chairs[0].data != found["a bed"].data
    for number in range(1, 4):
        turn = Matrix.Rotation(radians(40 * number), 4, 'Z')
        frame = Matrix.Translation((3 * number, 0, 1 - number)) @ turn
        assert_fits(found[f"Chair.00{number}"], frame, [2 * number] * 3)
    assert (lamp.name, bed.name) == ("Lamp box", "Cube")


def test_what_shares_a_mesh_and_is_called_otherwise_is_another_thing(scene: Any, piapi: Piapi) -> None:
    first = box("Chair.L")
    for number, name in enumerate(("Chair.R", "chair_02", "Chair copy", "Table", "Table.001", "Cube.003"), start=1):
        box(name, Matrix.Translation((4 * number, 0, 0)), like=first)
    assert generate() == {'FINISHED'}
    assert sorted(create["input"]["prompt"] for create in piapi.creates) == ["Chair", "Table"]
    meshes = {item.name: item.data for item in models()}
    assert sorted(meshes) == ["Chair copy", "Chair.L", "Chair.R", "Table", "Table.001", "chair_02"]
    assert len(set(meshes.values())) == 2
    assert meshes["Table"] == meshes["Table.001"] != meshes["Chair.L"]
    # It could be either.
    assert "trellis_box" not in bpy.data.objects["Cube.003"]


def test_the_boxes_come_back_and_go_again(scene: Any) -> None:
    chair, lamp = box("Chair"), box("Lamp", Matrix.Translation((4, 0, 0)))
    lamp.hide_render = True
    generate()
    placed = {item.name: item for item in models()}
    bpy.ops.object.select_all(action='DESELECT')
    placed["Chair"].select_set(True)
    bpy.ops.trellis.show_boxes(boxes=True)
    assert (chair.visible_get(), chair.hide_render, placed["Chair"].visible_get()) == (True, False, False)
    assert (lamp.visible_get(), placed["Lamp"].visible_get()) == (False, True)
    bpy.ops.object.select_all(action='DESELECT')
    bpy.ops.trellis.show_boxes(boxes=True)
    assert (lamp.visible_get(), lamp.hide_render, placed["Lamp"].hide_render) == (True, True, True)
    bpy.ops.trellis.show_boxes(boxes=False)
    seen = [item.name for item in bpy.data.objects if item.visible_get()]
    assert (seen, placed["Lamp"].hide_render) == (["Chair", "Lamp"], False)
    # A box that came back is a box again, under the name it had; the model that stood for it makes room.
    bpy.ops.trellis.show_boxes(boxes=True)
    chair.select_set(True)
    assert generate() == {'FINISHED'}
    assert [(item.name, item["trellis"]["prompt"]) for item in models()] == [
        ("Chair", "Chair"), ("Chair (before)", "Chair"), ("Lamp", "Lamp")
    ]  # fmt: skip
    assert bpy.data.objects["Chair (before)"] == placed["Chair"]
    assert (bpy.data.objects["Chair"].data.name, chair.name) == ("Chair.002", "Chair box")
    bpy.ops.object.select_all(action='DESELECT')
    bpy.ops.trellis.show_boxes(boxes=True)
    assert shown() == ["Chair box", "Lamp box"]
    bpy.ops.trellis.show_boxes(boxes=False)
    assert (shown(), shown_in_renderings()) == (["Chair", "Lamp"], ["Chair", "Lamp"])


def test_a_box_without_a_name_gives_its_next_model_the_name_of_the_last(scene: Any) -> None:
    item = box("Cube")
    item.trellis_prompt = "a bed"
    generate()
    bpy.ops.trellis.show_boxes(boxes=True)
    item.select_set(True)
    generate()
    assert [(each.name, each.visible_get()) for each in models()] == [("a bed", True), ("a bed (before)", False)]
    assert item.name == "Cube"


def test_in_background_what_arrives_is_saved_as_an_asset_where_that_is_wished(scene: Any, tmp_path: Path) -> None:
    from trellis_blender.interface.state import configuration

    preferences: Any = configuration.preferences()
    preferences.asset_folder, preferences.always_save_assets = str(tmp_path), True
    box("Chair")
    generate()
    (saved,) = tmp_path.glob("*.blend")
    assert saved.name.startswith("Chair")


def test_what_is_no_pair_is_left_alone(scene: Any) -> None:
    chair, lamp = box("Chair"), box("Lamp", Matrix.Translation((4, 0, 0)))
    generate()
    placed = {item.name: item for item in models()}
    placed["Lamp"].hide_render = True
    copy = placed["Chair"].copy()
    copy.location = (0, 9, 0)
    scene.collection.objects.link(copy)
    bpy.ops.object.select_all(action='DESELECT')
    bpy.ops.trellis.show_boxes(boxes=True)
    assert shown() == ["Chair box", "Chair.001", "Lamp box"]
    # A copy of a box is no box with a model in it.
    other = lamp.copy()
    scene.collection.objects.link(other)
    bpy.ops.trellis.show_boxes(boxes=False)
    assert shown() == ["Chair", "Chair.001", "Lamp", "Lamp box.001"]
    # The artist's own eye of the camera stays as it was.
    assert (placed["Lamp"].hide_render, other.hide_render) == (True, False)
    # Filled, the copy takes nothing away from the box that it is a copy of.
    other.select_set(True)
    generate()
    assert {"Chair", "Lamp", "Lamp.001"} <= set(shown())
    bpy.data.batch_remove([chair, lamp, other])
    before = shown()
    assert bpy.ops.trellis.show_boxes(boxes=True) == {'CANCELLED'}
    assert shown() == before


@pytest.mark.parametrize("shows", [True, False])
def test_what_is_hidden_stays_hidden_when_its_collection_comes_back(scene: Any, shows: bool) -> None:
    props = bpy.data.collections.new("Props")
    scene.collection.children.link(props)
    item = box("Chair")
    props.objects.link(item)
    scene.collection.objects.unlink(item)
    item.select_set(True)
    generate()
    bpy.ops.trellis.show_boxes(boxes=shows)
    layer = bpy.context.view_layer.layer_collection.children["Props"]
    for layer.exclude in (True, False):
        bpy.context.view_layer.update()
    assert shown() == ["Chair box" if shows else "Chair"]


def shown() -> list[str]:
    return [item.name for item in bpy.data.objects if item.visible_get()]


def shown_in_renderings() -> list[str]:
    return [item.name for item in bpy.data.objects if not item.hide_render]


def test_the_boxes_keep_all_they_were(scene: Any, tmp_path: Path) -> None:
    item = box("Chair", TILTED)
    props = bpy.data.collections.new("Props")
    scene.collection.children.link(props)
    props.objects.link(item)
    before = (item.matrix_world.copy(), item.data, set(item.users_collection), counts()["objects"])
    generate()
    assert (item.matrix_world, item.data, set(item.users_collection), counts()["objects"] - 1) == before
    assert set(models()[0].users_collection) == before[2]
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    bpy.ops.trellis.show_boxes(boxes=True)
    assert [each.name for each in bpy.data.objects if each.visible_get()] == ["Chair box"]


def flattened() -> Any:
    return box("Wall", Matrix.Diagonal((1, 1e-6, 1, 1)))


def of_one_point() -> Any:
    return box("Point", size=0.0)


def without_vertices() -> Any:
    item = box("Nothing")
    item.data = bpy.data.meshes.new("Nothing")
    bpy.context.view_layer.update()
    return item


def sheared() -> Any:
    parent = bpy.data.objects.new("Rack", None)
    bpy.context.scene.collection.objects.link(parent)
    parent.scale = (1, 3, 1)
    item = box("Leaning", Matrix.Rotation(radians(30), 4, 'Z'))
    item.parent = parent
    bpy.context.view_layer.update()
    return item


def of_kind(name: str, data: Any) -> Any:
    item = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(item)
    item.select_set(True)
    return item


def linked(override: str = "") -> Any:
    """From another file: an object in a collection; that, or the collection alone, as a library override."""
    path = str(Path(tempfile.mkdtemp(), "library.blend"))
    mesh, collection = bpy.data.meshes.new("Table"), bpy.data.collections.new("Furniture")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 1)], [], [(0, 1, 2)])
    source = bpy.data.objects.new("Table", mesh)
    collection.objects.link(source)
    bpy.data.libraries.write(path, {collection}, fake_user=True)
    name = collection.name
    bpy.data.batch_remove([source, mesh, collection])
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.collections = [name]
    theirs = wanted.collections[0]
    # From Blender 5.3 on only what is in the scene can be overridden.
    children = bpy.context.scene.collection.children
    children.link(theirs)
    if override:
        linked = theirs
        if override == "object":
            theirs = linked.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
        else:
            theirs = linked.override_create()
        if linked in children.values():
            children.unlink(linked)
        if theirs not in children.values():
            children.link(theirs)
    bpy.context.view_layer.update()
    (item,) = theirs.objects
    item.select_set(True)
    return item


def a_model() -> Any:
    item = box("Chair")
    item["trellis_generation"] = "x"
    return item


BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "thin": (flattened, "“Wall” has no thickness along Y. Give it some."),
    "point": (of_one_point, "“Point” has no size."),
    "empty mesh": (without_vertices, "“Nothing” has no size."),
    "sheared": (sheared, "“Leaning” is sheared by its parent's scale. Apply that scale first."),
    "empty": (lambda: of_kind("Goal", None), "“Goal” is an Empty. Only a mesh can be a box."),
    "curve": (lambda: of_kind("Path", bpy.data.curves.new("Path", 'CURVE')), "“Path” is a curve. Only a mesh"),
    "light": (lambda: of_kind("Sun", bpy.data.lights.new("Sun", 'SUN')), "“Sun” is a light. Only a mesh"),
    "camera": (lambda: of_kind("Eye", bpy.data.cameras.new("Eye")), "“Eye” is a camera. Only a mesh"),
    "linked": (linked, "“Table” is linked from another file. Make it local first."),
    "override": (lambda: linked("object"), "“Table” is a library override. Make it local first."),
    "in an overridden collection": (lambda: linked("collection"), "“Table” is linked from another file."),
    "model": (a_model, "“Chair” is a generated model already."),
    "nameless": (lambda: box("Cube.012"), "The name “Cube.012” does not say what to make."),
    "only a number": (lambda: box("_12.003"), "The name “_12.003” does not say what to make."),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_box_is_a_sentence_and_costs_nothing(scene: Any, piapi: Piapi, name: str) -> None:
    make, said = BAD[name]
    make()
    before = counts()
    with pytest.raises(RuntimeError) as refused:
        generate()
    assert said in str(refused.value)
    assert "Nothing was submitted." in str(refused.value)
    assert (piapi.creates, counts()) == ([], before)


def test_the_others_are_made_all_the_same(scene: Any, piapi: Piapi) -> None:
    for make, _ in BAD.values():
        make()
    cube = box("Cube.013")
    cube.trellis_prompt = "an oak table"
    box("Würfel")
    assert generate() == {'FINISHED'}
    assert sorted(create["input"]["prompt"] for create in piapi.creates) == ["Würfel", "an oak table"]
    # The first has no name of its own to give.
    made = {item["trellis"]["prompt"]: item.name for item in models() if "trellis" in item}
    assert made == {"an oak table": "an oak table", "Würfel": "Würfel"}


def test_pressed_twice_pays_once(scene: Any, piapi: Piapi) -> None:
    from trellis_blender.interface.generate import submission
    from trellis_blender.interface.state import session

    item = box("Chair")
    (request,) = submission.compose(bpy.context, {"prompt": "Chair"}, 1)
    found = session.current()
    (number,) = submission.submit([request], in_place=True, places=[[item]])
    assert item["trellis_placeholder"] == number
    with pytest.raises(RuntimeError, match="“Chair” is being made already"):
        generate()
    assert found.wait_for(number).state.value == "ready"
    with pytest.raises(RuntimeError, match="“Chair” is being made already"):
        generate()
    assert len(piapi.creates) == 1


def test_a_box_whose_model_is_paid_for_is_not_paid_for_again_by_the_next_blender(
    scene: Any, piapi: Piapi, tmp_path: Path
) -> None:
    from trellis_blender.interface.state import session

    generation = waiting(piapi, box("Chair"))
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    session.end()
    bpy.ops.wm.open_mainfile(filepath=path)
    bpy.data.objects["Chair"].select_set(True)
    # In a window nobody waits: what is not known yet may still come.
    found = session.current()
    assert (found.generations, found.may_come(generation.id), found.may_come("")) == ({}, True, False)
    with pytest.raises(RuntimeError, match="“Chair” is being made already"):
        generate()
    assert len(piapi.creates) == 1
    # A mark that no generation here belongs to is none: the file is somebody else's.
    bpy.data.objects["Chair"]["trellis_placeholder"] = "0" * 32
    session.end()
    assert generate() == {'FINISHED'}
    assert len(piapi.creates) == 2


def waiting(piapi: Piapi, *items: Any) -> Any:
    """The generation of boxes whose model is ready and has not arrived."""
    from dataclasses import replace

    from trellis_blender.interface.generate import submission
    from trellis_blender.interface.state import session

    (request,) = submission.compose(bpy.context, {"prompt": items[0].name}, 1)
    request = replace(request, placement=replace(request.placement, stretch=True))
    (number,) = submission.submit([request], in_place=True, places=[list(items)])
    return session.current().wait_for(number)


def test_what_becomes_of_a_box_meanwhile(scene: Any, piapi: Piapi) -> None:
    from trellis_blender.interface.monitor import arrival

    item = box("Chair")
    generation = waiting(piapi, item)
    # Moved, renamed, copied with its mesh: the copy is a box like the other.
    item.location, item.name = (0, 9, 1), "Throne"
    copy = item.copy()
    copy.data, copy.location = item.data.copy(), (5, 9, 1)
    scene.collection.objects.link(copy)
    bpy.context.view_layer.update()
    placed = arrival.place(generation)
    bpy.context.view_layer.update()
    assert (placed.state.value, placed.problem) == ("placed", "")
    assert [model.name for model in models()] == ["Throne", "Throne.001"]
    for model, x in zip(models(), (0, 5), strict=True):
        assert_fits(model, Matrix.Translation((x, 9, 0)), (2, 2, 2), stretch=True)
    assert len({model.data for model in models()}) == 1
    assert len(piapi.creates) == 1


@pytest.mark.parametrize("change", ["flat", "sheared", "deleted", "cancelled", "edited"])
def test_a_box_that_is_spoilt_meanwhile_loses_nothing(scene: Any, piapi: Piapi, change: str) -> None:
    from trellis_blender.interface.monitor import arrival
    from trellis_blender.interface.state import session

    item, found = box("Chair"), session.current()
    generation = waiting(piapi, item)
    if change == "flat":
        item.scale = (1, 1, 0)
    elif change == "sheared":
        sheared().select_set(False)
        item.parent, item.rotation_euler = bpy.data.objects["Rack"], (0, 0, 0.5)
    elif change == "deleted":
        bpy.data.objects.remove(item)
    elif change == "edited":
        bpy.context.view_layer.objects.active = item
        bpy.ops.object.mode_set(mode='EDIT')
    else:
        found.abandoned.add(generation.id)
        arrival.remove_abandoned()
        assert bpy.data.objects["Chair"] == item
        assert "trellis_placeholder" not in item
    bpy.context.view_layer.update()
    assert found.file.arrives_here(generation) == (change not in {"deleted", "cancelled"})
    placed = arrival.place(generation)
    if change == "edited":
        assert (placed.state.value, "“Chair” is in Edit Mode" in placed.problem) == ("ready", True)
        bpy.ops.object.mode_set(mode='OBJECT')
        placed = arrival.place(placed)
    assert (placed.state.value, placed.problem) == ("placed", "")
    said = {"flat": "has become flat", "sheared": "has been sheared"}.get(change, "")
    assert said in placed.where
    (model,) = models()
    assert np.isfinite(corners(model)).all()
    assert np.linalg.det(np.array(model.matrix_world.to_3x3())) > 0


def test_pictures_by_name_and_the_offline_preview(scene: Any, piapi: Piapi, tmp_path: Path) -> None:
    for name in ("old chair", "Lamp"):
        shutil.copy(TOADSTOOL, tmp_path / f"{name}.png")
    chair, lamp, bed = box("Old_Chair"), box("Lamp.001"), box("Bed")
    assert bpy.ops.trellis.pictures_for_boxes(directory=str(tmp_path)) == {'FINISHED'}
    assert [Path(item.trellis_image).name for item in (chair, lamp, bed)] == ["old chair.png", "Lamp.png", ""]
    scene.trellis.model = 'offline-preview'
    assert generate() == {'FINISHED'}
    assert [(item.name, item["trellis"]["price_usd"]) for item in models()] == [("Lamp.001", 0.0), ("Old_Chair", 0.0)]
    assert piapi.creates == []
    assert bed.visible_get()
    with pytest.raises(RuntimeError, match="“Bed” has no picture, and this model needs one"):
        generate()
    scene.trellis.model = 'Qubico/trellis2'
    bed.trellis_image = str(tmp_path / "nowhere.png")
    with pytest.raises(RuntimeError, match=r"“Bed”: .*nowhere\.png.* Nothing was submitted"):
        generate()
    assert piapi.creates == []


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("Chair", "Chair"), ("Old_Chair.003", "Old Chair"), ("cube.012", ""), ("Cube", ""), ("Plane.1000", ""),
        ("Round Cube", ""), ("Cube_2", ""), ("Cube of cheese", "Cube of cheese"), ("...", ""), ("Stuhl 3", "Stuhl 3"),
        ("object.001", ""), ("鳥居", "鳥居"), ("Cube copy", ""), ("Cube copy 2", ""), ("Cube.L", ""),
        ("Cube_R.001", ""),
        ("UV Sphere", ""), ("Ico Sphere", ""), ("Monkey", ""), ("Mball.003", ""), ("Empty", ""), ("geometry_0", ""),
        ("Node1", ""), ("New Object", ""), ("Cubes", ""), ("cube_big", ""), ("pCube12", ""), ("Cube.012.001", ""),
        ("Box", ""), ("Wheel.L", "Wheel"), ("Lamp copy 2", "Lamp"), ("Glass", "Glass"), ("New York", "New York"),
        ("Plane Tree", "Plane Tree"), ("Toolbox", "Toolbox"), ("椅", "椅"),
    ],
)  # fmt: skip
def test_what_a_name_says(addon: Any, name: str, prompt: str) -> None:
    from trellis_blender.scene.object_names import prompt_in

    assert prompt_in(name) == prompt
