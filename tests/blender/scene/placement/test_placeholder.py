"""The Empty that stands where a model will: what the artist may do with it, and what becomes of the model."""

from math import radians
from pathlib import Path
from typing import Any

import bpy
import pytest
from blender_helpers import counts, world_bounds
from mathutils import Matrix
from models import box_glb
from service import Piapi

from trellis_blender.interface.text import rows


@pytest.fixture
def found(addon: Any, piapi: Piapi) -> Any:
    """The session; what arrives is a box, 1 wide, 0.25 deep and 0.5 high, its longest side scaled to 2 m."""
    from trellis_blender.interface.state import session

    piapi.behaviour.model = box_glb((1.0, 0.5, 0.25))
    return session.current()


def press(found: Any, *prompts: str, longest_side_m: float = 2.0) -> Any:
    """As if pressed in a window; the generations when they are ready."""
    from trellis_blender.generation.record.request import compose_request
    from trellis_blender.interface.generate import submission
    from trellis_blender.scene.arrival import place

    requests = [
        compose_request(
            model="Qubico/trellis",
            prompt=prompt,
            picture=None,
            picture_name="",
            parameters={},
            placement=place.here(bpy.context, longest_side_m, found.file.blend_load),
        )
        for prompt in prompts or ("a box",)
    ]
    taken = submission.submit(requests, in_place=True)
    bpy.context.view_layer.update()
    ready = [found.wait_for(generation_id) for generation_id in taken]
    return ready if prompts else ready[0]


def placeholder_of(generation: Any) -> Any:
    from trellis_blender.scene.placement import placeholder

    return placeholder.find(generation.id)


def arrive(found: Any, generation: Any) -> Any:
    """The model, after it took its placeholder's place by itself."""
    from trellis_blender.interface.monitor import arrival

    bpy.context.view_layer.update()
    assert found.file.arrives_here(generation)
    placed = arrival.place(generation)
    assert (placed.state.value, placed.problem) == ("placed", "")
    bpy.context.view_layer.update()
    return bpy.data.objects[placed.object_name]


def where(found: Any, generation: Any) -> str:
    return found.generations[generation.id].where


def same(a: Any, b: Any) -> bool:
    return all(abs(x - y) < 1e-5 for row, other in zip(a, b, strict=True) for x, y in zip(row, other, strict=True))


def new_empty(name: str) -> Any:
    item = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(item)
    return item


def test_it_stands_on_the_spot_and_touches_nothing_else(found: Any) -> None:
    props = bpy.data.collections.new("Props")
    bpy.context.scene.collection.children.link(props)
    bpy.context.view_layer.active_layer_collection = bpy.context.view_layer.layer_collection.children["Props"]
    bpy.context.scene.cursor.location = (3, -2, 0.5)
    active, selected = bpy.context.view_layer.objects.active, list(bpy.context.selected_objects)
    before = counts()
    generation = press(found)
    box = placeholder_of(generation)
    assert counts() == {**before, "objects": before["objects"] + 1}
    assert (box.name, box.type, box.empty_display_type, box.empty_display_size) == ("a box", 'EMPTY', 'CUBE', 1.0)
    assert tuple(box.location) == (3, -2, 1.5)
    assert box["trellis_placeholder"] == generation.id
    assert list(box.users_collection) == [props]
    assert (bpy.context.view_layer.objects.active, list(bpy.context.selected_objects)) == (active, selected)
    model = arrive(found, generation)
    assert (model.name, list(model.users_collection)) == ("a box", [props])
    assert list(props.objects) == [model]
    assert counts() == {
        **before, "objects": before["objects"] + 1, "meshes": before["meshes"] + 1,
        "materials": before["materials"] + 1, "images": before["images"] + 1,
    }  # fmt: skip
    low, high = world_bounds(model)
    assert low.tolist() == pytest.approx([2, -2.25, 0.5], abs=1e-5)
    assert high.tolist() == pytest.approx([4, -1.75, 1.5], abs=1e-5)
    assert where(found, generation) == ""


def test_of_unknown_size_it_is_a_metre(found: Any) -> None:
    generation = press(found, longest_side_m=0.0)
    assert placeholder_of(generation).empty_display_size == 0.5
    low, high = world_bounds(arrive(found, generation))
    assert (high - low).tolist() == pytest.approx([1.0, 0.25, 0.5], abs=1e-5)
    assert low[2] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("rotation_mode", ["XYZ", "QUATERNION"])
def test_the_model_stands_as_the_box_stood(found: Any, rotation_mode: str) -> None:
    generation = press(found)
    box = placeholder_of(generation)
    box.rotation_mode = rotation_mode
    box.matrix_world = (
        Matrix.Translation((5, 6, 7)) @ Matrix.Rotation(radians(40), 4, 'X') @ Matrix.Diagonal((2, 3, 4, 1))
    )
    bpy.context.view_layer.update()
    wanted = box.matrix_world @ Matrix.Translation((0, 0, -1))
    model = arrive(found, generation)
    assert same(model.matrix_world, wanted)
    assert model.rotation_mode == rotation_mode
    assert tuple(model.scale) == pytest.approx((2, 3, 4))


def test_parent_inverse_and_children_are_taken_over(found: Any) -> None:
    generation = press(found)
    box = placeholder_of(generation)
    carrier, lamp, camera = new_empty("Carrier"), new_empty("Lamp"), new_empty("Camera")
    carrier.location = (1, 1, 1)
    carrier.rotation_euler = (0, 0.4, 0)
    carrier.scale = (1, 2, 1)
    bpy.context.view_layer.update()
    box.parent = carrier
    box.matrix_parent_inverse = carrier.matrix_world.inverted()
    carrier.location = (4, 0, 0)
    lamp.parent = box
    lamp.location = (0, 0, 3)
    camera.constraints.new('TRACK_TO').target = box
    bpy.context.view_layer.update()
    wanted, lamp_wanted = box.matrix_world @ Matrix.Translation((0, 0, -1)), lamp.matrix_world.copy()
    model = arrive(found, generation)
    assert model.parent == carrier
    assert same(model.matrix_world, wanted)
    assert lamp.parent == model
    assert same(lamp.matrix_world, lamp_wanted)
    assert camera.constraints[0].target == model


def test_all_its_collections_and_the_name_it_was_given(found: Any) -> None:
    generation = press(found)
    box = placeholder_of(generation)
    collections = [bpy.data.collections.new(name) for name in ("One", "Two")]
    for collection in collections:
        bpy.context.scene.collection.children.link(collection)
        collection.objects.link(box)
    for collection in [item for item in box.users_collection if item not in collections]:
        collection.objects.unlink(box)
    box.name = "Hero prop"
    model = arrive(found, generation)
    assert list(model.users_collection) == collections
    assert (model.name, model.data.name) == ("Hero prop", "Hero prop")


def test_several_are_told_apart(found: Any) -> None:
    first, second = press(found, "a box", "a box")
    assert [placeholder_of(item).name for item in (first, second)] == ["a box", "a box.001"]
    placeholder_of(second).location.x = 7
    assert arrive(found, second).location.x == 7
    assert arrive(found, first).location.x == 0


def test_a_deleted_one_leaves_the_model_in_the_list(found: Any) -> None:
    from trellis_blender.interface.monitor import monitor

    generation = press(found)
    bpy.data.objects.remove(placeholder_of(generation))
    assert not found.file.arrives_here(generation)
    assert not monitor.has_work()
    line = monitor.line_of(generation)
    assert (line.stage, "3D cursor" in line.detail) == ("Ready", True)
    bpy.context.scene.cursor.location = (0, 9, 0)
    bpy.ops.trellis.place(generation=generation.id)
    assert tuple(bpy.data.objects["a box"].location) == (0, 9, 0)


@pytest.mark.parametrize("keeps_collection", [True, False])
def test_one_in_a_scene_that_was_removed_is_gone(found: Any, keeps_collection: bool) -> None:
    from trellis_blender.interface.monitor import monitor

    scene = bpy.data.scenes.new("Second")
    generation = press(found)
    box = placeholder_of(generation)
    props = bpy.data.collections.new("Props")
    scene.collection.children.link(props)
    for collection in box.users_collection:
        collection.objects.unlink(box)
    (props if keeps_collection else scene.collection).objects.link(box)
    bpy.data.scenes.remove(scene)
    monitor.tick()
    assert found.generations[generation.id].state.value == "ready"
    assert monitor.line_of(generation).detail.startswith("Its placeholder")
    bpy.ops.trellis.place(generation=generation.id)
    assert bpy.data.objects[found.generations[generation.id].object_name].users_scene == (bpy.context.scene,)


def test_in_another_scene_it_arrives_there(found: Any) -> None:
    scene = bpy.data.scenes.new("Second")
    generation = press(found)
    box = placeholder_of(generation)
    for collection in box.users_collection:
        collection.objects.unlink(box)
    scene.collection.objects.link(box)
    model = arrive(found, generation)
    assert list(model.users_scene) == [scene]
    assert where(found, generation) == "It is in the scene “Second”."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("exclude", "Its collection “Props” is excluded from the view layer."),
        ("hide", "Its collection “Props” is hidden."),
        ("hide everywhere", "Its collection “Props” is hidden."),
    ],
)
def test_in_a_collection_that_is_not_shown_the_model_goes_there_and_says_so(found: Any, change: str, said: str) -> None:
    generation = press(found)
    box = placeholder_of(generation)
    props = bpy.data.collections.new("Props")
    bpy.context.scene.collection.children.link(props)
    for collection in box.users_collection:
        collection.objects.unlink(box)
    props.objects.link(box)
    layer = bpy.context.view_layer.layer_collection.children["Props"]
    if change == "exclude":
        layer.exclude = True
    elif change == "hide":
        layer.hide_viewport = True
    else:
        props.hide_viewport = True
    active, selected = bpy.context.view_layer.objects.active, list(bpy.context.selected_objects)
    model = arrive(found, generation)
    assert list(model.users_collection) == [props]
    assert where(found, generation) == said
    assert (bpy.context.view_layer.objects.active, list(bpy.context.selected_objects)) == (active, selected)


def test_a_child_of_something_flat(found: Any) -> None:
    generation = press(found)
    box = placeholder_of(generation)
    carrier = new_empty("Carrier")
    carrier.scale = (0, 0, 0)
    carrier.location = (1, 2, 3)
    box.parent = carrier
    model = arrive(found, generation)
    assert where(found, generation) == "It has no parent any more, because “Carrier” is scaled to zero."
    assert (model.parent, tuple(model.scale)) == (None, (1, 1, 1))
    assert tuple(model.location) == pytest.approx((1, 2, 3))


def test_itself_scaled_to_nothing(found: Any) -> None:
    generation = press(found)
    placeholder_of(generation).scale.z = 0
    model = arrive(found, generation)
    assert where(found, generation) == "It has its own size, because its placeholder is scaled to zero."
    assert tuple(model.scale) == (1, 1, 1)


@pytest.mark.parametrize("renames", [True, False])
def test_of_a_duplicate_the_original_wins(found: Any, renames: bool) -> None:
    from trellis_blender.scene.placement import placeholder

    generation = press(found)
    box = placeholder_of(generation)
    copy = box.copy()
    bpy.context.scene.collection.objects.link(copy)
    if renames:
        box.name = "zz"
        copy.name = "a box"
    copy.location.x = 5
    placeholder.forget_if_changed()
    assert placeholder_of(generation) == box
    assert placeholder.copies_here() == [copy]
    model = arrive(found, generation)
    assert model.location.x == 0
    assert copy.users_collection
    # The original is gone, so this one is what is left of them; its caption says that nothing arrives.
    bpy.ops.trellis.remove_placeholder(name=copy.name)
    assert [item for item in bpy.data.objects if "trellis_placeholder" in item] == []


def test_place_again_takes_the_place_of_the_box_that_undo_brought_back(found: Any) -> None:
    from trellis_blender.interface.monitor import monitor
    from trellis_blender.scene.placement import placeholder

    generation = press(found)
    box = placeholder_of(generation)
    box.location = (2, 3, 4)
    model = arrive(found, generation)
    # As undo leaves it: the model is not there, the box is.
    bpy.data.objects.remove(model)
    box = new_empty("a box")
    box.empty_display_size = 1.0
    box.location = (2, 3, 4)
    box["trellis_placeholder"] = generation.id
    found.file.look_again()
    placed = found.generations[generation.id]
    assert not found.file.arrives_here(placed)
    assert not monitor.has_work()
    assert monitor.line_of(placed).stage == rows.NO_LONGER_HERE
    bpy.context.view_layer.update()
    bpy.ops.trellis.place(generation=generation.id)
    assert tuple(bpy.data.objects["a box"].location) == (2, 3, 3)
    assert placeholder.find(generation.id) is None


def test_a_model_that_was_deleted_comes_back_where_it_stood(found: Any) -> None:
    from trellis_blender.interface.monitor import monitor

    generation = press(found)
    placeholder_of(generation).location = (2, 3, 4)
    bpy.data.objects.remove(arrive(found, generation))
    placed = found.generations[generation.id]
    assert monitor.line_of(placed).stage == rows.NO_LONGER_HERE
    bpy.ops.trellis.place(generation=generation.id)
    assert tuple(bpy.data.objects["a box"].location) == pytest.approx((2, 3, 3))


def test_saved_and_reopened_it_is_found_again_and_elsewhere_it_is_not(found: Any, tmp_path: Path) -> None:
    from trellis_blender.interface.monitor import monitor

    path = str(tmp_path / "street.blend")
    generation = press(found)
    placeholder_of(generation).location.x = 4
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile()
    assert placeholder_of(generation) is None
    assert "made for another file" in monitor.line_of(generation).detail
    assert not found.file.arrives_here(generation)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert arrive(found, generation).location.x == 4
    assert monitor.line_of(found.generations[generation.id]).stage == "In the scene"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "square.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "square.blend"))
    assert monitor.line_of(found.generations[generation.id]).stage == "In the scene"
    bpy.ops.wm.read_homefile()
    assert monitor.line_of(found.generations[generation.id]).stage == rows.IN_ANOTHER_FILE


def test_a_file_saved_before_the_press_has_no_placeholder(found: Any, tmp_path: Path) -> None:
    from trellis_blender.interface.monitor import monitor

    path = str(tmp_path / "street.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    generation = press(found)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert not found.file.arrives_here(generation)
    assert monitor.line_of(generation).detail.startswith("Its placeholder")


def test_a_file_is_the_same_however_the_letters_of_its_name_are_composed(found: Any, tmp_path: Path) -> None:
    """macOS hands out decomposed ones."""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "ba\u0308r.blend"))
    generation = press(found)
    bpy.ops.wm.read_homefile()
    assert not found.file.misses_placeholder(generation)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "b\u00e4r.blend"))
    assert found.file.misses_placeholder(generation)


def test_somebody_elses_is_shown_removed_and_costs_nothing(found: Any, piapi: Piapi) -> None:
    from trellis_blender.interface.monitor import monitor
    from trellis_blender.interface.text import captions
    from trellis_blender.interface.viewport import overlay
    from trellis_blender.scene.placement import placeholder

    box = new_empty("a bear")
    box["trellis_placeholder"] = "0123"
    placeholder.forget()
    overlay.update()
    assert overlay.orphans() == [
        (box, captions.Caption("a bear", "Made elsewhere · nothing arrives here", is_orphan=True))
    ]
    monitor.tick()
    assert not monitor.has_work()
    assert bpy.ops.trellis.remove_placeholder(name="a bear") == {'FINISHED'}
    assert "a bear" not in bpy.data.objects
    overlay.update()
    assert overlay.orphans() == []
    assert piapi.requests == []
    overlay.unregister()


def test_only_placeholders_are_removed_as_such(found: Any) -> None:
    cube = bpy.data.objects["Cube"]
    with pytest.raises(RuntimeError, match="no placeholder"):
        bpy.ops.trellis.remove_placeholder(name="Cube")
    assert cube.users


@pytest.mark.parametrize("is_overridden", [False, True])
def test_a_linked_one_is_somebody_elses(found: Any, tmp_path: Path, is_overridden: bool) -> None:
    from trellis_blender.scene.placement import placeholder

    box = new_empty("a bear")
    box["trellis_placeholder"] = "0123"
    library = str(tmp_path / "library.blend")
    bpy.data.libraries.write(library, {box})
    bpy.data.objects.remove(box)
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.objects = ["a bear"]
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    if is_overridden:
        copy = wanted.objects[0].override_create(remap_local_usages=True)
        assert copy.library is None
        assert list(bpy.context.scene.objects).count(copy) == 1
    placeholder.forget()
    assert placeholder.all_here() == []


def test_one_that_was_deleted_stands_again_when_it_is_submitted_again(found: Any, piapi: Piapi) -> None:
    from service import Fault

    piapi.fail("create", Fault(402, {"message": "insufficient credits"}))
    bpy.context.scene.cursor.location = (3, 1, 0)
    failed = press(found)
    bpy.data.objects.remove(placeholder_of(failed))
    assert found.file.misses_placeholder(failed)
    bpy.ops.trellis.submit_again(generation=failed.id)
    generation = found.wait_for(failed.id)
    assert placeholder_of(generation) is not None
    assert arrive(found, generation).location.to_tuple() == pytest.approx((3, 1, 0))


def test_cancelled_it_goes_and_failed_it_stays(found: Any, piapi: Piapi) -> None:
    from service import Fault

    from trellis_blender.interface.monitor import arrival

    piapi.fail("create", Fault(402, {"message": "insufficient credits"}))
    failed = press(found)
    assert failed.state.value == "failed"
    box = placeholder_of(failed)
    assert box is not None
    bpy.ops.trellis.submit_again(generation=failed.id)
    generation = found.wait_for(failed.id)
    assert placeholder_of(generation) == box
    arrive(found, generation)

    piapi.behaviour.pending_s = 60
    from trellis_blender.generation.record.request import compose_request
    from trellis_blender.interface.generate import submission
    from trellis_blender.scene.arrival import place

    request = compose_request(
        model="Qubico/trellis", prompt="an owl", picture=None, picture_name="", parameters={},
        placement=place.here(bpy.context, 1.0, found.file.blend_load),
    )  # fmt: skip
    owl = found.generations[submission.submit([request], in_place=True)[0]]
    bpy.ops.trellis.cancel(generation=owl.id)
    assert found.wait_for(owl.id).state.value == "cancelled"
    arrival.remove_abandoned()
    assert placeholder_of(owl) is None
    assert "an owl" not in bpy.data.objects


def test_a_script_that_waits_makes_none(addon: Any, piapi: Piapi) -> None:
    bpy.ops.trellis.generate(prompt="a bear")
    assert [item.name for item in bpy.data.objects if item.type == 'EMPTY'] == []
    assert not [item for item in bpy.data.objects if "trellis_placeholder" in item]


def test_what_is_put_into_a_file_for_it_survives_the_store(found: Any) -> None:
    from trellis_blender.generation.store.stored import from_json, to_json

    generation = press(found)
    assert from_json(to_json(generation)).request.placement.has_placeholder
    old = to_json(generation).replace('"has_placeholder": true', '"blend_file": ""')
    assert not from_json(old).request.placement.has_placeholder


def test_a_placeholder_in_no_scene_gives_its_name_to_the_model(addon: Any, piapi: Piapi) -> None:
    """Guards placeholder.remove_remains: without it the model is called “a lamp.001”."""
    from trellis_blender.generation.record.request import compose_request
    from trellis_blender.interface.generate import submission
    from trellis_blender.interface.monitor import arrival
    from trellis_blender.interface.state import session
    from trellis_blender.scene.arrival import place

    found = session.current()
    request = compose_request(
        model="Qubico/trellis", prompt="a lamp", picture=None, picture_name="", parameters={},
        placement=place.here(bpy.context, 1.0, found.file.blend_load),
    )  # fmt: skip
    (generation_id,) = submission.submit([request], in_place=True)
    empty = bpy.data.objects["a lamp"]
    for collection in list(empty.users_collection):
        collection.objects.unlink(empty)
    ready = found.wait_for(generation_id)
    assert arrival.place(ready).object_name == "a lamp"
