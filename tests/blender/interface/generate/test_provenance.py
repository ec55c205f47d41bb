"""What an object says of how it was made, where that goes along, and what can be done with it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import bpy
import pytest
from blender_helpers import counts, lumpy_ball, world_bounds
from mathutils import Matrix
from models import box_glb, picture_png
from paper import Paper
from places import ROOT
from service import KEY, Piapi


@pytest.fixture
def session(addon: Any, piapi: Piapi) -> Any:
    """The module; what arrives is a box, 1 wide, 0.25 deep and 0.5 high."""
    from trellis_blender.interface.state import session

    piapi.behaviour.model = box_glb((1.0, 0.5, 0.25))
    return session


def made(session: Any, **wanted: Any) -> Any:
    """A model in the scene, the active object."""
    bpy.ops.trellis.generate(**{"prompt": "a chair", **wanted})
    return bpy.context.view_layer.objects.active


def picture(folder: Path, name: str = "leaf.png") -> Path:
    path = folder / name
    path.write_bytes(picture_png(60, 40))
    return path


def group_of(item: Any) -> dict[str, Any]:
    return item["trellis"].to_dict()


def press(name: str, session: Any) -> Any:
    """As a click in the panel; what it made, when it is ready."""
    from trellis_blender.interface.generate import spending_operator

    known = set(session.current().generations)
    spending_operator._LastPress.at = -10.0
    assert getattr(bpy.ops.trellis, name)('INVOKE_DEFAULT') == {'FINISHED'}
    (new,) = session.current().generations.keys() - known
    return session.current().wait_for(new)


def arrive(session: Any, generation: Any) -> Any:
    from trellis_blender.interface.monitor import arrival

    bpy.context.view_layer.update()
    placed = arrival.place(generation)
    assert (placed.state.value, placed.problem) == ("placed", "")
    bpy.context.view_layer.update()
    return bpy.data.objects[placed.object_name]


def test_all_that_made_it_is_on_the_object(session: Any, piapi: Piapi) -> None:
    import tomllib

    item = made(session, seed=77, ss_sampling_steps=20)
    generation = session.current().generations[item["trellis_generation"]]
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text())
    group = group_of(item)
    assert group.pop("made_at").startswith("20")
    assert group == {
        "generation": generation.id,
        "model": "Qubico/trellis",
        "task_type": "text-to-3d",
        "prompt": "a chair",
        "seed": 77,
        "parameters": {
            "ss_sampling_steps": 20, "slat_sampling_steps": 50,
            "ss_guidance_strength": 7.5, "slat_guidance_strength": 3.0,
        },
        "task_id": next(iter(piapi.tasks)),
        "price_usd": 0.04,
        "charged_usd": 0.04,
        "addon_version": manifest["version"],
        "picture": "",
        "picture_sha256": "",
        "picture_kept": "",
    }  # fmt: skip


def test_a_picture_is_known_by_its_hash_and_its_place_and_no_path_goes_along(
    session: Any, tmp_path: Path, folder: Path
) -> None:
    item = made(session, prompt="", image=str(picture(tmp_path)), model="Qubico/trellis2")
    group = group_of(item)
    kept = folder / group["picture_kept"]
    assert kept.name == "input.png"
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == group["picture_sha256"]
    assert (group["picture"], group["prompt"], group["task_type"]) == ("leaf.png", "", "image-to-3d")
    said = json.dumps(group)
    assert not [secret for secret in (KEY, str(tmp_path), str(folder), str(Path.home())) if secret in said]


def in_a_new_file_by(way: str, item: Any, folder: Path) -> Any:
    """The object after it was saved and opened, appended, copied, or exported and imported."""
    blend, glb = str(folder / "saved.blend"), str(folder / "exported.glb")
    if way == "copy":
        copy = item.copy()
        bpy.context.scene.collection.objects.link(copy)
        bpy.data.objects.remove(item)
        return copy
    if way == "glTF":
        bpy.ops.export_scene.gltf(filepath=glb, use_selection=True, export_extras=True)
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.ops.import_scene.gltf(filepath=glb)
        return next(each for each in bpy.data.objects if each.type == 'MESH')
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    if way == "save":
        bpy.ops.wm.open_mainfile(filepath=blend)
        return bpy.data.objects["a chair"]
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(blend, link=False) as (_, wanted):
        wanted.objects = ["a chair"]
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    return wanted.objects[0]


@pytest.mark.parametrize("way", ["save", "append", "copy", "glTF"])
def test_it_survives(session: Any, tmp_path: Path, way: str) -> None:
    from trellis_blender.scene import provenance

    item = made(session, seed=2**31 - 1)
    group, read = group_of(item), provenance.read(item)
    assert read is not None
    after = in_a_new_file_by(way, item, tmp_path)
    assert group_of(after) == group
    assert provenance.read(after) == read
    assert {name for name in after.keys() if name.startswith("trellis")} == {"trellis", "trellis_generation"}  # noqa: SIM118


def test_the_extras_stand_in_the_file(session: Any, tmp_path: Path) -> None:
    item = made(session)
    group, path = group_of(item), tmp_path / "exported.gltf"
    bpy.ops.export_scene.gltf(filepath=str(path), use_selection=True, export_extras=True, export_format='GLTF_SEPARATE')
    (node,) = json.loads(path.read_text())["nodes"]
    assert node["extras"]["trellis"] == group


@pytest.mark.parametrize(
    "group",
    [
        {}, {"model": 3}, {"seed": 5, "prompt": "x"}, "text", 7,
        {"model": "Qubico/trellis", "parameters": "none", "seed": float("inf"), "prompt": [1, 2], "price_usd": "free"},
        {"model": "Qubico/trellis", "parameters": {"ss_sampling_steps": {"a": 1}, "x": float("nan")}},
    ],
)  # fmt: skip
def test_whatever_another_file_holds_is_no_error(session: Any, group: Any) -> None:
    from trellis_blender.interface.generate import model_panel, regenerate
    from trellis_blender.scene import provenance

    item = bpy.context.view_layer.objects.active
    item["trellis"] = group
    read = provenance.read(item)
    assert (read is not None) == (isinstance(group, dict) and group.get("model") == "Qubico/trellis")
    assert model_panel.TRELLIS_PT_this_model.poll(bpy.context) == (read is not None)
    if read is not None:
        assert (read.prompt, read.seed, read.parameters, read.price_usd) == ("", 0, (), 0.0)
        with pytest.raises(RuntimeError, match="There is no prompt"):
            bpy.ops.trellis.generate_again('INVOKE_DEFAULT')
    else:
        assert regenerate.why_not(bpy.context) == "Select a model that was generated."


@pytest.mark.parametrize("kept", ["../../secret.png", "/etc/passwd", "generation-x/input.png", "input.png"])
def test_no_other_file_is_sent_than_one_that_was_sent(session: Any, folder: Path, kept: str) -> None:
    from trellis_blender.interface.generate import regenerate
    from trellis_blender.scene import provenance

    item = bpy.context.view_layer.objects.active
    item["trellis"] = {"model": "Qubico/trellis2", "task_type": "image-to-3d", "picture": "a.png", "picture_kept": kept}
    read = provenance.read(item)
    assert regenerate.pictures_of(read) == []


def forget_everything(folder: Path) -> None:
    """As on another computer: neither list nor folder know anything."""
    import shutil

    from trellis_blender.interface.state import session

    session.end()
    shutil.rmtree(folder)


def test_once_more_on_another_computer(session: Any, piapi: Piapi, tmp_path: Path, folder: Path) -> None:
    item = made(session, seed=5, slat_sampling_steps=9)
    item.location = (4, 1, 0)
    item.scale = (2, 2, 2)
    blend = str(tmp_path / "theirs.blend")
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    forget_everything(folder)
    bpy.ops.wm.open_mainfile(filepath=blend)
    bpy.context.view_layer.objects.active = bpy.data.objects["a chair"]
    again = press("generate_again", session)
    varied = press("vary_seed", session)
    sent = [create["input"] for create in piapi.creates]
    assert sent[1] == sent[0]
    assert {**sent[2], "seed": 5} == sent[0]
    assert sent[2]["seed"] not in {0, 5}
    model = arrive(session, again)
    # As large as the one it was made after, beside it, and that one is as it was.
    low, high = world_bounds(model)
    assert (high - low).tolist() == pytest.approx([2, 0.5, 1], abs=1e-4)
    assert low.tolist() == pytest.approx([4 + 2 * 1.2 - 1, 0.75, 0], abs=1e-4)
    assert arrive(session, varied).name == "a chair.002"
    assert tuple(bpy.data.objects["a chair"].location) == (4, 1, 0)


def test_a_picture_that_is_missing_is_a_sentence_and_nothing_is_sent(
    session: Any, piapi: Piapi, tmp_path: Path, folder: Path
) -> None:
    item = made(session, prompt="", image=str(picture(tmp_path)), model="Qubico/trellis2")
    again = press("generate_again", session)
    assert piapi.creates[0] == piapi.creates[1]
    assert again.picture_sha256 == group_of(item)["picture_sha256"]
    forget_everything(folder)
    for name in ("generate_again", "vary_seed", "show_source"):
        with pytest.raises(RuntimeError, match=r"Its picture “leaf\.png” is not on this computer"):
            getattr(bpy.ops.trellis, name)('INVOKE_DEFAULT')
    settings = bpy.context.scene.trellis
    settings.image = ""
    assert bpy.ops.trellis.use_model_settings() == {'FINISHED'}
    assert (settings.source, settings.model, settings.image) == ('IMAGE', 'Qubico/trellis2', "")
    assert len(piapi.creates) == 2


def test_a_picture_is_found_by_its_hash_where_its_own_is_gone(session: Any, tmp_path: Path, folder: Path) -> None:
    from trellis_blender.interface.generate import regenerate
    from trellis_blender.scene import provenance

    item = made(session, prompt="", image=str(picture(tmp_path)), model="Qubico/trellis2")
    other = made(session, prompt="", image=str(picture(tmp_path, "other.png")), model="Qubico/trellis2")
    read = provenance.read(item)
    (folder / read.picture_kept).unlink()
    assert regenerate.pictures_of(read) == [folder / provenance.read(other).picture_kept]
    assert bpy.ops.trellis.show_source() == {'FINISHED'}


def test_these_settings_go_into_the_panel(session: Any) -> None:
    made(session, prompt="an old oak", seed=9, ss_sampling_steps=12, slat_guidance_strength=4.0)
    settings = bpy.context.scene.trellis
    settings.source, settings.model, settings.prompt, settings.seed = 'IMAGE', 'Qubico/pixal3d', "x", 0
    assert bpy.ops.trellis.use_model_settings() == {'FINISHED'}
    assert (settings.source, settings.prompt, settings.model) == ('TEXT', "an old oak", 'Qubico/trellis')
    assert (settings.seed, settings.ss_sampling_steps, settings.slat_guidance_strength) == (9, 12, 4.0)


def test_a_model_that_is_not_known_here_is_a_sentence(session: Any, piapi: Piapi) -> None:
    item = made(session)
    item["trellis"]["model"] = "Qubico/trellis9"
    with pytest.raises(RuntimeError, match="There is no model “Qubico/trellis9”"):
        bpy.ops.trellis.generate_again('INVOKE_DEFAULT')
    with pytest.raises(RuntimeError, match="There is no model “Qubico/trellis9”"):
        bpy.ops.trellis.use_model_settings()
    assert len(piapi.creates) == 1


def test_the_new_one_takes_the_old_ones_place(session: Any, piapi: Piapi) -> None:
    item = made(session)
    rack, target, other = (bpy.data.objects.new(name, None) for name in ("Rack", "Target", "Other"))
    props = bpy.data.collections.new("Props")
    bpy.context.scene.collection.children.link(props)
    for each in (rack, target, other):
        bpy.context.scene.collection.objects.link(each)
    props.objects.link(item)
    rack.rotation_euler = (0, 0, 0.5)
    item.parent, other.parent = rack, item
    item.matrix_parent_inverse = Matrix.Translation((0, 1, 0))
    item.rotation_mode, item.scale, item.location = 'QUATERNION', (1, 2, 3), (5, 6, 7)
    item.constraints.new('TRACK_TO').target = target
    other.constraints.new('COPY_LOCATION').target = item
    item.modifiers.new("Bevel", 'BEVEL')
    item.name = "Throne"
    bpy.context.view_layer.update()
    basis, collections = item.matrix_basis.copy(), set(item.users_collection)
    old_mesh, old_group, before = item.data, group_of(item), counts()
    old_low, old_high = old_bounds = world_bounds(item)

    bpy.context.scene.trellis.renewal = 'REPLACE'
    piapi.behaviour.model = box_glb((1.0, 0.25, 0.5))
    generation = press("vary_seed", session)
    with pytest.raises(RuntimeError, match="is being made already"):
        press("vary_seed", session)
    assert len(piapi.creates) == 2
    assert item.data == old_mesh
    new = arrive(session, generation)

    assert (new, new.name, new.rotation_mode) == (item, "Throne", 'QUATERNION')
    assert (new.parent, other.parent, set(new.users_collection)) == (rack, new, collections)
    assert new.matrix_basis == basis
    assert [each.type for each in new.constraints] == ['TRACK_TO']
    assert other.constraints[0].target == new
    assert [each.name for each in new.modifiers] == ["Bevel"]
    assert new.data != old_mesh
    assert group_of(new)["seed"] == generation.request.seed != old_group["seed"]
    # As wide as the old one was, its underside where it was.
    low, high = bounds_of(new.data)
    old_low, old_high = bounds_of(old_mesh)
    assert (high[0] - low[0], low[2]) == pytest.approx((old_high[0] - old_low[0], old_low[2]), abs=1e-5)
    # The old one is kept, hidden, with what made it.
    kept = bpy.data.objects["Throne (before)"]
    assert (kept.data, kept.visible_get(), kept.hide_viewport, kept.hide_render) == (old_mesh, False, True, True)
    assert group_of(kept) == old_group
    assert world_bounds(kept)[0] == pytest.approx(old_bounds[0], abs=1e-5)
    assert "trellis_placeholder" not in kept
    assert "trellis_placeholder" not in new
    after = counts()
    assert [after[kind] - before[kind] for kind in ("objects", "meshes", "scenes")] == [1, 1, 0]


def test_a_budget_of_triangles_holds_for_the_new_mesh(session: Any) -> None:
    from trellis_blender.scene.arrival import replace
    from trellis_blender.scene.placement import placeholder

    item, finer = lumpy_ball(2_000), lumpy_ball(8_000)
    item["trellis_generation"] = "x"
    bpy.context.view_layer.objects.active = item
    assert bpy.ops.trellis.finish(triangles=500, keeps_modifier=True) == {'FINISHED'}
    placeholder.mark([item], "y")
    replace.replace(item, finer.data)
    for each in (item, bpy.data.objects["ball (before)"]):
        each.hide_viewport = False
        bpy.context.view_layer.update()
        drawn = each.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        assert len(drawn.polygons) == pytest.approx(500, abs=5)


def test_what_hangs_on_a_vertex_of_the_old_mesh_stays_where_it_is(session: Any) -> None:
    from trellis_blender.scene.arrival import replace
    from trellis_blender.scene.placement import placeholder

    item, finer = lumpy_ball(2_000), lumpy_ball(8_000)
    child = bpy.data.objects.new("Flag", None)
    bpy.context.scene.collection.objects.link(child)
    child.parent, child.parent_type, child.parent_vertices = item, 'VERTEX', (400, 0, 0)
    child.location, item.location = (0, 0, 0.5), (1, 2, 3)
    bpy.context.view_layer.update()
    x, y, z = child.matrix_world.translation
    assert (x, y, z) != pytest.approx((1, 2, 3.5), abs=0.1)
    placeholder.mark([item], "y")
    replace.replace(item, finer.data)
    bpy.context.view_layer.update()
    assert tuple(child.matrix_world.translation) == pytest.approx((x, y, z), abs=1e-5)
    item.location.x += 1
    bpy.context.view_layer.update()
    assert tuple(child.matrix_world.translation) == pytest.approx((x + 1, y, z), abs=1e-5)


@pytest.mark.parametrize("preset", ['AS_DELIVERED', 'GAME_ASSET'])
def test_it_is_finished_as_everything_that_arrives(session: Any, preset: str) -> None:
    item = made(session)
    item.scale = (2, 2, 2)
    bpy.context.scene.trellis.finish = preset
    generation = press("generate_again", session)
    assert generation.request.placement.finish == preset
    low, high = world_bounds(arrive(session, generation))
    assert (high - low).tolist() == pytest.approx([2, 0.5, 1], abs=1e-4)


def test_a_mark_that_nothing_belongs_to_is_in_nobodys_way(session: Any) -> None:
    item = made(session)
    session.current().wait_until_loaded()
    item["trellis_placeholder"] = "0" * 32
    bpy.context.scene.trellis.renewal = 'REPLACE'
    mesh = item.data
    assert arrive(session, press("generate_again", session)) == item
    assert item.data != mesh


def bounds_of(mesh: Any) -> tuple[list[float], list[float]]:
    axes = list(zip(*(vertex.co for vertex in mesh.vertices), strict=True))
    return [min(axis) for axis in axes], [max(axis) for axis in axes]


def test_cancelled_the_old_one_stays(session: Any, piapi: Piapi) -> None:
    from trellis_blender.interface.monitor import arrival

    item = made(session)
    bpy.context.scene.trellis.renewal = 'REPLACE'
    generation = press("generate_again", session)
    assert item["trellis_placeholder"] == generation.id
    session.current().abandoned.add(generation.id)
    arrival.remove_abandoned()
    assert bpy.data.objects["a chair"] == item
    assert "trellis_placeholder" not in item


def test_it_waits_while_the_old_one_is_edited(session: Any) -> None:
    from trellis_blender.interface.monitor import arrival

    item = made(session)
    bpy.context.scene.trellis.renewal = 'REPLACE'
    generation = press("generate_again", session)
    mesh = item.data
    bpy.ops.object.mode_set(mode='EDIT')
    said = arrival.place(generation)
    assert (said.state.value, said.parked) == ("ready", True)
    assert said.problem == "“a chair” is in Edit Mode. Leave that mode, then press Place."
    bpy.ops.object.mode_set(mode='OBJECT')
    assert arrive(session, said) == item
    assert item.data != mesh


def test_one_that_was_emptied_meanwhile_is_replaced_at_the_new_ones_size(session: Any) -> None:
    item = made(session)
    high = world_bounds(item)[1]
    bpy.context.scene.trellis.renewal = 'REPLACE'
    generation = press("generate_again", session)
    item.data.clear_geometry()
    assert arrive(session, generation) == item
    assert world_bounds(item)[1] == pytest.approx(high, rel=1e-3)


def test_a_linked_model_can_be_made_again_but_not_replaced(session: Any, piapi: Piapi, tmp_path: Path) -> None:
    made(session)
    blend = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(blend, link=True) as (_, wanted):
        wanted.objects = ["a chair"]
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    bpy.context.view_layer.objects.active = wanted.objects[0]
    bpy.context.view_layer.update()
    bpy.context.scene.trellis.renewal = 'REPLACE'
    with pytest.raises(RuntimeError, match="is linked from another file"):
        bpy.ops.trellis.generate_again('INVOKE_DEFAULT')
    assert len(piapi.creates) == 1
    bpy.context.scene.trellis.renewal = 'BESIDE'
    assert arrive(session, press("generate_again", session)).library is None


def test_facts_leave_room_for_a_date_in_a_narrow_sidebar(session: Any) -> None:
    from trellis_blender.interface.generate import model_panel, regenerate

    made(session)
    shares: list[float] = []
    layout: Any = Paper()
    layout.split = lambda factor: shares.append(factor) or layout
    model_panel._draw_facts(layout, regenerate.active(bpy.context)[1])
    assert max(shares) < 0.35
    assert "TRELLIS" in layout.said
