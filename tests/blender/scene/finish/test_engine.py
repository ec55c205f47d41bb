"""Levels of detail and collision shapes: what they are called, where they stand, and that they fit the model."""

from typing import Any

import bpy
import numpy as np
import pytest
from blender_helpers import counts, lumpy_ball, world_bounds


@pytest.fixture(autouse=True)
def _empty() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


def finish(model: Any, **wanted: Any) -> list[str]:
    from trellis_blender.scene.finish import steps
    from trellis_blender.scene.finish.options import Finish

    said = steps.finish(model, Finish(**wanted))
    bpy.context.view_layer.update()
    return said


def options() -> Any:
    from trellis_blender.scene.finish import options

    return options


def chair(triangles: int = 4000) -> Any:
    """Of two materials, placed, turned and scaled, below a parent."""
    model = lumpy_ball(triangles)
    model.name = "Chair"
    for name in ("wood", "cloth"):
        model.data.materials.append(bpy.data.materials.new(name))
    slots = np.zeros(len(model.data.polygons), np.int32)
    slots[len(slots) // 2 :] = 1
    model.data.polygons.foreach_set("material_index", slots)
    parent = bpy.data.objects.new("room", None)
    bpy.context.scene.collection.objects.link(parent)
    model.parent = parent
    parent.location, model.location = (1, 2, 3), (4, 5, 6)
    model.rotation_euler, model.scale = (0.3, 0.2, 0.1), (1, 2, 0.5)
    bpy.context.view_layer.update()
    return model


def points_of(mesh: Any) -> Any:
    found = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", found)
    return found.reshape(-1, 3).astype(float)


def how_far_outside(points: Any, shape: Any) -> float:
    """Of the point that is farthest in front of a face of a convex shape."""
    return max(float(((points - np.array(face.center)) @ np.array(face.normal)).max()) for face in shape.polygons)


def no_telling(doing: str, limit_s: float, otherwise: Any = None) -> None:
    pass


def test_lods_and_a_collision_shape_stand_where_the_model_stands() -> None:
    model = chair()
    said = finish(
        model, size=options().Size.LONGEST, size_m=0.7, origin=options().Origin.BOTTOM, lods=3,
        collision=options().Collision.UNREAL,
    )  # fmt: skip
    assert said == []
    names = ["Chair_LOD0", "Chair_LOD1", "Chair_LOD2", "Chair_LOD3", "UCX_Chair_00"]
    assert sorted(child.name for child in model.children) == names
    lods = [bpy.data.objects[name] for name in names[:4]]
    assert (points_of(lods[0].data) == points_of(model.data)).all()
    assert model.data.users == 1
    whole = len(model.data.polygons)
    assert [len(lod.data.polygons) for lod in lods] == pytest.approx([whole, whole / 2, whole / 4, whole / 8], rel=0.01)
    (collection,) = {collection for lod in lods for collection in lod.users_collection}
    assert collection.name == "Chair_LODs"
    low, high = world_bounds(model)
    longest = float((high - low).max())
    for lod in lods:
        assert list(lod.data.materials) == list(model.data.materials)
        assert lod.data.name == lod.name
        assert lod.matrix_world == model.matrix_world
        assert np.array(world_bounds(lod)) == pytest.approx(np.array([low, high]), abs=0.02 * longest)
        assert (lod.hide_render, lod.visible_get()) == (True, False)
        slots = np.empty(len(lod.data.polygons), np.int32)
        lod.data.polygons.foreach_get("material_index", slots)
        assert np.mean(slots) == pytest.approx(0.5, abs=0.1)
    shape = bpy.data.objects["UCX_Chair_00"]
    assert shape.matrix_world == model.matrix_world
    assert (shape.display_type, shape.hide_render, shape.visible_get()) == ('WIRE', True, True)
    assert len(shape.data.polygons) <= 64
    size = np.ptp(points_of(model.data), axis=0).max()
    assert how_far_outside(points_of(shape.data), shape.data) < 1e-5 * size
    assert how_far_outside(points_of(model.data), shape.data) < 0.08 * size
    # Once more: they are replaced, and the other names are those of the other engine.
    before, untouched = counts(), points_of(model.data)
    assert finish(model, lods=1, collision=options().Collision.GODOT) == []
    assert sorted(child.name for child in model.children) == ["Chair-convcolonly", "Chair_LOD0", "Chair_LOD1"]
    after = counts()
    assert (points_of(model.data) == untouched).all()
    assert after["meshes"] == before["meshes"] - 2
    assert after["collections"] == before["collections"]
    # And without: what is there follows the model's size.
    assert finish(model, size=options().Size.LONGEST, size_m=1.4, origin=options().Origin.CENTRE) == []
    low, high = world_bounds(model)
    for child in model.children:
        assert np.array(world_bounds(child)) == pytest.approx(np.array([low, high]), abs=0.06)


def test_uvs_stay_where_they_are_on_the_surface() -> None:
    """The ball's own v says how high a place is: 0.02 at its lowest, 0.98 at its highest."""
    from trellis_blender.scene.rebuild.lods import lods

    model = lumpy_ball(8000)
    made = lods(model.data, 3, 0.5, no_telling)
    assert [len(each.polygons) for each in made] == pytest.approx([4000, 2000, 1000], rel=0.01)
    for each in made:
        uvs = np.empty(len(each.loops) * 2, np.float32)
        each.uv_layers.active.uv.foreach_get("vector", uvs)
        v = uvs.reshape(-1, 2)[:, 1]
        corners = np.empty(len(each.loops), np.int32)
        each.loops.foreach_get("vertex_index", corners)
        places = points_of(each)[corners]
        heights = np.arccos(np.clip(-places[:, 2] / np.linalg.norm(places, axis=1), -1, 1)) / np.pi
        assert np.abs(v - heights).mean() < 0.01
        assert np.abs(v - heights).max() < 0.15


@pytest.mark.parametrize("faces", [12, 30, 255])
def test_a_hull_is_convex_and_has_no_more_faces_than_wished(faces: int) -> None:
    from trellis_blender.scene.rebuild.collision import hull

    model = lumpy_ball(3000, bits=3)
    shape = hull(model.data, faces, no_telling)
    points = points_of(model.data)
    size = np.ptp(points, axis=0).max()
    assert 4 <= len(shape.polygons) <= faces
    assert how_far_outside(points_of(shape), shape) < 1e-5 * size
    # As large as the model along its axes.
    assert np.ptp(points_of(shape), axis=0) == pytest.approx(np.ptp(points, axis=0), rel=0.01 if faces > 12 else 0.2)
    assert how_far_outside(points, shape) < {12: 0.3, 30: 0.1, 255: 0.01}[faces] * size


def test_a_cube_has_itself_for_a_hull_and_a_plane_a_thin_box() -> None:
    from trellis_blender.scene.rebuild.collision import box, hull

    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object.data
    assert len(hull(cube, 64, no_telling).polygons) == 12
    assert sorted(map(tuple, points_of(box(cube)))) == sorted(map(tuple, points_of(cube)))
    assert how_far_outside(points_of(cube), box(cube)) == pytest.approx(0)
    bpy.ops.mesh.primitive_plane_add()
    flat = hull(bpy.context.object.data, 64, no_telling)
    assert np.ptp(points_of(flat), axis=0) == pytest.approx((2, 2, 0.002))


@pytest.mark.parametrize(
    ("engine", "shape", "name"),
    [
        ("UNREAL", "HULL", "UCX_Chair_00"), ("UNREAL", "BOX", "UBX_Chair_00"), ("GODOT", "HULL", "Chair-convcolonly"),
        ("GODOT", "BOX", "Chair-convcolonly"), ("PLAIN", "BOX", "Chair_collision"),
    ],
)  # fmt: skip
def test_engines_know_the_shape_by_its_name(engine: str, shape: str, name: str) -> None:
    from trellis_blender.scene.finish.engine import collision_name

    wanted = options().Finish(collision=options().Collision(engine), collision_shape=options().CollisionShape(shape))
    assert collision_name("Chair", wanted) == name


def test_what_would_not_fit_is_refused_and_nothing_is_changed() -> None:
    model = chair(500)
    model.modifiers.new("more", 'SUBSURF')
    before = counts()
    with pytest.raises(ValueError, match="“Chair” has modifiers, which LODs"):
        finish(model, lods=2)
    model.modifiers.clear()
    with pytest.raises(ValueError, match="“Chair” has modifiers, which LODs"):
        finish(model, lods=2, triangles=100, keeps_modifier=True)
    model.shape_key_add(name="Basis")
    with pytest.raises(ValueError, match="“Chair” has shape keys"):
        finish(model, collision=options().Collision.PLAIN)
    assert counts() == before
    assert list(model.children) == []


def test_of_a_long_name_what_says_which_it_is_is_not_cut_off() -> None:
    model = chair(500)
    model.name = "椅子" * 150
    (said,) = finish(model, lods=2, collision=options().Collision.UNREAL)
    assert "too long a name for its collision shape" in said
    lods = sorted(child.name for child in model.children if "_LOD" in child.name)
    assert [name[-5:] for name in lods] == ["_LOD0", "_LOD1", "_LOD2"]
    assert len({name[:-5] for name in lods}) == 1
    assert model.name.startswith(lods[0][:-5])
    (shape,) = (child for child in model.children if child.name not in lods)
    assert (shape.name[:5], shape.name[-3:]) == ("UCX_椅", "_00")
    (collection,) = bpy.data.objects[lods[0]].users_collection
    assert collection.name.endswith("_LODs")


def test_a_script_asks_for_them_and_a_name_that_is_taken_is_told(addon: Any, capfd: pytest.CaptureFixture[str]) -> None:
    model = chair(500)
    bpy.data.objects.new("Chair_LOD1", None)
    chosen = {"lods": 1, "lod_share": 0.2, "collision": 'PLAIN', "collision_shape": 'BOX'}
    assert bpy.ops.trellis.finish(preset='AS_DELIVERED', **chosen) == {'FINISHED'}
    bpy.context.view_layer.update()
    assert sorted(child.name for child in model.children) == ["Chair_LOD0", "Chair_LOD1.001", "Chair_collision"]
    assert "Another object is called “Chair_LOD1” already" in capfd.readouterr().out
    assert len(bpy.data.objects["Chair_LOD1.001"].data.polygons) == pytest.approx(100, abs=3)
    assert world_bounds(bpy.data.objects["Chair_collision"])[1] == pytest.approx(world_bounds(model)[1], abs=0.7)
