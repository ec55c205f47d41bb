"""Printing: what a check finds, what is made printable, what is in an STL file. Files are read back with a reader of
their own."""

import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from blender_helpers import counts, cube, lumpy_ball, without_faces

UNIT_SCALES = (1.0, 0.001, 0.01, 0.3048)


@pytest.fixture(autouse=True)
def _empty() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


def joined(*models: Any) -> Any:
    with bpy.context.temp_override(active_object=models[0], selected_editable_objects=list(models)):
        bpy.ops.object.join()
    models[0].name = "joined"
    return models[0]


def check(model: Any, size_mm: float = 0.0, wall_mm: float = 1.0) -> Any:
    from trellis_blender.scene.printing import print_check, take

    return print_check.check(take.take(model, size_mm).taken().shape(), wall_mm)


def read_stl(path: Path) -> Any:
    """Triangles × 3 × 3, and their normals."""
    content = path.read_bytes()
    assert not content.startswith(b"solid")
    count = int.from_bytes(content[80:84], "little")
    assert len(content) == 84 + 50 * count
    faces = np.frombuffer(content[84:], np.dtype([("n", "<f4", 3), ("c", "<f4", (3, 3)), ("a", "<u2")]))
    return faces["c"].astype(np.float64), faces["n"]


def export(model: Any, path: Path, size_mm: float = 0.0) -> None:
    from trellis_blender.scene.printing import shape, stl, take

    taken = take.take(model, size_mm).taken()
    stl.write(shape.Shape(taken.points, taken.triangles), path)


def make_printable(model: Any, detail_mm: float, size_mm: float = 0.0) -> list[str]:
    from trellis_blender.scene.printing import apply, remesh, take

    taken = take.take(model, size_mm, with_look=True).taken()
    made = remesh.remesh(taken.shape(), taken.look, detail_mm)
    said = apply.apply(model, apply.fitted(made, taken.to_mm))
    bpy.context.view_layer.update()
    return said


def volume_of(triangles: Any) -> float:
    return float(np.einsum("ij,ij->", triangles[:, 0], np.cross(triangles[:, 1], triangles[:, 2])) / 6)


def edge_faces(mesh: Any) -> Any:
    """How many faces each edge has."""
    found = np.zeros(len(mesh.edges), int)
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("edge_index", corners)
    np.add.at(found, corners, 1)
    return found


# What a check finds


@pytest.mark.parametrize("unit_m", UNIT_SCALES)
def test_a_cube_has_its_size_in_millimetres_whatever_the_unit(unit_m: float) -> None:
    bpy.context.scene.unit_settings.scale_length = unit_m
    found = check(cube(0.1 / unit_m))
    assert found.size_mm == pytest.approx((100, 100, 100), rel=1e-4)
    assert found.volume_mm3 == pytest.approx(1e6, rel=1e-4)
    assert (found.is_closed, found.shells, found.triangles) == (True, 1, 12)
    assert found.problems() == found.remarks() == []


def test_a_chosen_size_is_that_of_the_longest_side() -> None:
    model = cube()
    model.scale = (1, 2, 0.5)
    bpy.context.view_layer.update()
    assert check(model, 50).size_mm == pytest.approx((25, 50, 12.5))


def test_holes_and_faces_that_are_inside_out_are_found() -> None:
    found = check(without_faces(cube(), [0]))
    assert (found.open_edges, found.is_closed, found.volume_mm3) == (4, False, 0)
    inverted = cube()
    inverted.data.flip_normals()
    assert check(inverted).is_inside_out
    assert check(inverted).volume_mm3 == pytest.approx(1e6, rel=1e-4)
    turned = cube()
    turned.data.polygons[0].flip()
    turned.data.update()
    assert check(turned).turned_edges == 4


def test_mirrored_is_not_inside_out() -> None:
    model = cube()
    model.scale = (-1, 1, 1)
    bpy.context.view_layer.update()
    assert not check(model).is_inside_out


def test_seams_are_no_holes() -> None:
    """Vertices that are doubled where the texture is cut, as files have them."""
    model = cube()
    bpy.context.view_layer.objects.active = model
    modifier = model.modifiers.new("split", 'EDGE_SPLIT')
    modifier.use_edge_angle, modifier.split_angle = True, 0.1
    bpy.context.view_layer.update()
    assert check(model).is_closed
    assert check(model).shells == 1


def test_shells_and_what_cuts_through_what() -> None:
    apart = joined(cube(), cube(at=(0.3, 0, 0)))
    assert (check(apart).shells, check(apart).crossing_faces) == (2, 0)
    through = joined(cube(), cube(at=(0.05, 0.04, 0.03)))
    assert check(through).shells == 2
    # Three sides of each, in halves; a side that is cut in one of its halves only counts with that half.
    assert 6 <= check(through).crossing_faces <= 12


def turned(model: Any) -> Any:
    model.data.flip_normals()
    return model


def test_a_shell_that_is_inside_out_beside_others_is_found() -> None:
    found = check(joined(cube(), turned(cube(at=(0.3, 0, 0))), cube(at=(0.6, 0, 0))))
    assert (found.turned_shells, found.is_inside_out) == (1, False)
    assert found.problems() == ["Inside out: 1 of its 3 shells."]
    assert found.volume_mm3 == pytest.approx(3e6, rel=1e-4)


@pytest.mark.parametrize("is_inside_out", [False, True])
def test_a_shell_in_another_one_is_a_hollow_or_adds_nothing(*, is_inside_out: bool) -> None:
    hollow = joined(cube(), turned(cube(0.08)), cube(0.04))
    inside = joined(cube(at=(0, 1, 0)), cube(0.08, at=(0, 1, 0)))
    for model, volume_mm3, thin in ((hollow, 1e6 - 8e4 * 6.4 + 6.4e4, 24), (inside, 1e6, 0)):
        if is_inside_out:
            turned(model)
        found = check(model, wall_mm=12)
        assert found.is_inside_out == is_inside_out
        assert found.volume_mm3 == pytest.approx(volume_mm3, rel=1e-4)
        assert (found.thin_faces, len(found.problems())) == (thin, int(is_inside_out))


def test_walls_that_are_thinner_than_the_printers_are_found() -> None:
    model = cube()
    model.scale = (1, 1, 0.02)  # 2 mm
    bpy.context.view_layer.update()
    assert check(model, wall_mm=1.9).thin_faces == 0
    assert check(model, wall_mm=2.1).thin_faces == 4
    model.data.flip_normals()
    assert check(model, wall_mm=2.1).thin_faces == 4
    assert check(model, wall_mm=0).thin_faces == 0


def test_a_hundred_shells_are_counted() -> None:
    found = check(lumpy_ball(2000, bits=99))
    assert found.shells == 100


def test_the_services_own_models_are_closed(fixtures: Path) -> None:
    from trellis_blender.scene.arrival import place

    for name, litres in (("trellis-house.glb", 0.148), ("trellis-lungs.glb", 0.086)):
        placement = place.here(bpy.context, 0.1, "load")
        model = bpy.data.objects[place.place(fixtures / name, "a model", name, placement).object_name]
        bpy.context.view_layer.update()
        found = check(model)
        assert found.problems() == []
        assert found.shells == 1
        assert found.volume_mm3 == pytest.approx(litres * 1e6, rel=0.01)
        assert max(found.size_mm) == pytest.approx(100, rel=1e-3)


# Files


@pytest.mark.parametrize("unit_m", UNIT_SCALES)
def test_an_stl_is_in_millimetres_whatever_the_unit(unit_m: float, tmp_path: Path) -> None:
    bpy.context.scene.unit_settings.scale_length = unit_m
    model = cube(0.1 / unit_m, at=(5, 5, 5))
    model.scale.z = 0.5
    bpy.context.view_layer.update()
    export(model, tmp_path / "cube.stl")
    triangles, normals = read_stl(tmp_path / "cube.stl")
    assert len(triangles) == 12
    assert np.ptp(triangles.reshape(-1, 3), axis=0) == pytest.approx((100, 100, 50), rel=1e-4)
    assert triangles.reshape(-1, 3).min(axis=0) == pytest.approx((-50, -50, 0), abs=1e-2)
    assert volume_of(triangles) == pytest.approx(5e5, rel=1e-3)
    ways = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    assert np.einsum("ij,ij->i", ways / np.linalg.norm(ways, axis=1, keepdims=True), normals) == pytest.approx(1)


def test_an_stl_has_the_chosen_size_and_what_modifiers_do(tmp_path: Path) -> None:
    model = without_faces(cube(), [])
    model.modifiers.new("more", 'SUBSURF').levels = 2
    bpy.ops.mesh.primitive_cone_add(vertices=7)  # faces of 3 and of 7 corners
    cone = bpy.context.object
    cone.scale = (-1, 1, 1)
    bpy.context.view_layer.update()
    export(model, tmp_path / "smooth.stl", 80)
    export(cone, tmp_path / "cone.stl", 80)
    smooth, _ = read_stl(tmp_path / "smooth.stl")
    assert len(smooth) == 192
    assert np.ptp(smooth.reshape(-1, 3), axis=0).max() == pytest.approx(80)
    pointed, _ = read_stl(tmp_path / "cone.stl")
    assert len(pointed) == 12
    assert volume_of(pointed) > 0


def test_an_stl_of_the_services_model_has_all_its_triangles_and_volume(fixtures: Path, tmp_path: Path) -> None:

    from trellis_blender.scene.arrival import place

    placement = place.here(bpy.context, 0.1, "load")
    model = bpy.data.objects[place.place(fixtures / "trellis-house.glb", "house", "x", placement).object_name]
    bpy.context.view_layer.update()
    export(model, tmp_path / "house.stl")
    triangles, _ = read_stl(tmp_path / "house.stl")
    assert len(triangles) == len(model.data.polygons)
    assert volume_of(triangles) == pytest.approx(check(model).volume_mm3, rel=1e-4)


# What is made printable


def painted(model: Any) -> Any:
    """Red where u < 0.5, else blue, and u grows along x."""
    image = bpy.data.images.new("paint", 8, 8)
    pixels = np.zeros((8, 8, 4), np.float32)
    pixels[..., 3] = 1
    pixels[:, :4, 0] = pixels[:, 4:, 2] = 1
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    material = bpy.data.materials.new("paint")
    if material.node_tree is None:
        material.use_nodes = True
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == 'BSDF_PRINCIPLED')
    texture = tree.nodes.new('ShaderNodeTexImage')
    texture.image = image
    tree.links.new(shader.inputs["Base Color"], texture.outputs["Color"])
    model.data.materials.clear()
    model.data.materials.append(material)
    layer = model.data.uv_layers.active or model.data.uv_layers.new()
    low = min(vertex.co.x for vertex in model.data.vertices)
    width = max(vertex.co.x for vertex in model.data.vertices) - low
    for corner in model.data.loops:
        place = model.data.vertices[corner.vertex_index].co.x
        layer.uv[corner.index].vector = (0.01 + 0.98 * (place - low) / width, 0.5)
    return model


def colours_of(mesh: Any) -> tuple[Any, Any]:
    """Points and their colours, linear."""
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    layer = mesh.color_attributes[0]
    assert layer.domain == 'POINT'
    colours = np.empty(len(mesh.vertices) * 4, np.float32)
    layer.data.foreach_get("color", colours)
    return points.reshape(-1, 3), colours.reshape(-1, 4)


def test_a_model_with_holes_and_overlaps_is_closed_in_its_colours() -> None:
    model = painted(joined(without_faces(cube(), [0]), cube(at=(0.05, 0.04, 0.03))))
    model.rotation_euler, model.scale, model.location = (0.3, 0.2, 0.1), (1, -1, 1), (4, 5, 6)
    bpy.context.view_layer.update()
    old, place = model.data, model.matrix_world.copy()
    before = [tuple(corner) for corner in model.bound_box]
    assert make_printable(model, 3) == []
    assert model.matrix_world == place
    assert np.array(model.bound_box) == pytest.approx(np.array(before), abs=0.004)
    assert (edge_faces(model.data) == 2).all()
    found = check(model)
    assert found.problems() == []
    assert found.shells == 1
    # Two litres less what they have in common: 50 × 60 × 70 mm.
    assert found.volume_mm3 == pytest.approx(2e6 - 50 * 60 * 70, rel=0.02)
    points, colours = colours_of(model.data)
    left = points[:, 0] < np.median(points[:, 0]) - 0.01
    right = points[:, 0] > 0.06
    assert colours[points[:, 0] < 0.01][:, 0].mean() > 0.95
    assert colours[right][:, 2].mean() > 0.95
    assert left.any()
    kept = bpy.data.objects["joined (before)"]
    assert kept.data == old
    assert (kept.hide_viewport, kept.hide_render) == (True, True)


def test_everything_else_about_the_object_stays() -> None:
    model = painted(cube())
    twin = bpy.data.objects.new("twin", model.data)
    child = bpy.data.objects.new("child", None)
    for item in (twin, child):
        bpy.context.collection.objects.link(item)
    child.parent = model
    model["mine"], old = 7, model.data
    model.keyframe_insert("location")
    model.modifiers.new("array", 'ARRAY').count = 2
    bpy.context.view_layer.update()
    make_printable(model, 4)
    assert twin.data == old
    assert (child.parent, model["mine"], len(model.modifiers)) == (model, 7, 0)
    assert model.animation_data.action is not None
    assert check(model).size_mm == pytest.approx((200, 100, 100), abs=5)
    assert [slot.material.name for slot in model.material_slots] != []


def test_the_uv_map_that_a_node_names_places_the_picture() -> None:
    model = painted(cube())
    named: Any = model.data.uv_layers.active
    named.name = "named"
    other = model.data.uv_layers.new(name="other")
    other.uv.foreach_set("vector", [0.9] * (2 * len(model.data.loops)))
    other.active_render = True
    tree = model.data.materials[0].node_tree
    texture = next(node for node in tree.nodes if node.type == 'TEX_IMAGE')
    uv_map = tree.nodes.new('ShaderNodeUVMap')
    uv_map.uv_map = "named"
    tree.links.new(texture.inputs["Vector"], uv_map.outputs[0])
    bpy.context.view_layer.update()
    make_printable(model, 5)
    colours = np.array([each.color[:3] for each in model.data.attributes["Color"].data])
    is_left = np.array([vertex.co.x < -0.01 for vertex in model.data.vertices])
    assert np.median(colours[is_left], axis=0) == pytest.approx((1, 0, 0), abs=0.05)
    assert np.median(colours[~is_left], axis=0) == pytest.approx((0, 0, 1), abs=0.05)


def test_a_model_in_one_colour_and_one_with_colours_of_vertices_keep_them() -> None:
    model = cube()
    material = bpy.data.materials.new("green")
    if material.node_tree is None:
        material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == 'BSDF_PRINCIPLED')
    shader.inputs["Base Color"].default_value = (0.1, 0.6, 0.2, 1)
    model.data.materials.append(material)
    make_printable(model, 10)
    assert colours_of(model.data)[1].mean(axis=0) == pytest.approx((0.1, 0.6, 0.2, 1), abs=0.02)
    # And once more, out of its colours of vertices.
    make_printable(model, 8)
    assert colours_of(model.data)[1].mean(axis=0) == pytest.approx((0.1, 0.6, 0.2, 1), abs=0.02)


def test_what_has_no_thickness_or_too_fine_a_detail_stays_as_it_was() -> None:
    bpy.ops.mesh.primitive_plane_add(size=0.1)
    plane = bpy.context.object
    before, mesh = counts(), plane.data
    with pytest.raises(ValueError, match=r"thinner than the detail of 2 mm"):
        make_printable(plane, 2)
    with pytest.raises(ValueError, match=r"A detail of 0.01 mm is too fine for 100 mm"):
        make_printable(plane, 0.01)
    assert (counts(), plane.data) == (before, mesh)
    plane.modifiers.new("thick", 'SOLIDIFY').thickness = 0.02
    bpy.context.view_layer.update()
    make_printable(plane, 2)
    assert check(plane).is_closed


def test_thin_parts_that_go_are_told() -> None:
    model = cube()
    sheet = cube(at=(0.3, 0, 0))
    sheet.scale = (1, 1, 0.001)
    bpy.context.view_layer.update()
    (said,) = make_printable(joined(model, sheet), 3)
    assert "is thinner than the detail of 3 mm and will not be printed" in said


# In a second Blender


def test_a_second_blender_finds_and_makes_the_same() -> None:
    import json

    from trellis_blender.scene.printing import print_job, remesh, take
    from trellis_blender.scene.printing.shape import CannotPrint

    model = painted(joined(without_faces(cube(), [0]), cube(at=(0.05, 0.04, 0.03))))
    taken = take.take(model, 0, with_look=True).taken()
    given = {"points": taken.points, "triangles": taken.triangles}
    program, asked = [sys.executable], list[int]()
    found = print_job.run(program, print_job.CHECK, {**given, "wall_mm": 1.0}, lambda: asked.append(1))
    assert json.loads(str(found["findings"]))["open_edges"] == check(model).open_edges == 4
    assert asked
    here = remesh.remesh(taken.shape(), taken.look, 4)
    there = print_job.run(
        program, print_job.REMESH, {**given, "detail_mm": 4, **print_job.packed(taken.look)}, lambda: None
    )
    assert there["points"] == pytest.approx(here.points)
    assert there["colours"] == pytest.approx(here.colours)
    with pytest.raises(CannotPrint, match="too fine"):
        print_job.run(
            program, print_job.REMESH, {**given, "detail_mm": 0.01, **print_job.packed(taken.look)}, lambda: None
        )


def test_a_second_blender_that_fails_or_is_not_wanted_any_more_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import tempfile

    from trellis_blender.scene.printing import print_job
    from trellis_blender.scene.printing.shape import CannotPrint

    given = {"points": np.zeros((3, 3), np.float32), "triangles": np.array([[0, 1, 9]], np.int32), "wall_mm": 1.0}
    with pytest.raises(CannotPrint, match=r"ended without a result. Its last message: .*IndexError"):
        print_job.run([sys.executable], print_job.CHECK, given, lambda: None)
    with pytest.raises(CannotPrint, match="could not be started"):
        print_job.run(["/no/such/program"], print_job.CHECK, given, lambda: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(CannotPrint, match=r"could not be started \(No such file"):
        print_job.run([sys.executable], print_job.CHECK, given, lambda: None)
    monkeypatch.undo()

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        print_job.run([sys.executable], print_job.CHECK, given, stop)
