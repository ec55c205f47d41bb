"""A model arrives as Blender's own import shows it, with sharp edges by its geometry, in metres."""

import math
import struct
from collections.abc import Callable
from dataclasses import replace
from math import radians
from pathlib import Path
from typing import Any

import bmesh
import bpy
import pytest
from blender_helpers import counts, world_bounds
from models import box_glb, colours_glb, prism_glb
from mutants import Parts
from service import FIXTURES

CASES = FIXTURES.parent / "cases"


def arrive(content: bytes | Path, folder: Path, preset: str = "SCENE", longest_side_m: float = 1.0) -> Any:
    from trellis_blender.scene.arrival import place
    from trellis_blender.scene.finish.options import Preset

    path = content if isinstance(content, Path) else folder / "model.glb"
    if isinstance(content, bytes):
        path.write_bytes(content)
    placement = place.here(bpy.context, longest_side_m, "load", finish=Preset(preset))
    name = place.place(path, "a model", "id1", placement).object_name
    bpy.context.view_layer.update()
    return bpy.data.objects[name]


def case(name: str) -> Path:
    if not (path := CASES / name).is_file():
        pytest.skip(f"there is no {name}")
    return path


def size_of(model: Any) -> list[float]:
    low, high = world_bounds(model)
    return (high - low).tolist()


def metallic_by_place(model: Any) -> list[float]:
    """The metallic of each face's material, by where the faces are along X."""
    faces = sorted(model.data.polygons, key=lambda face: face.center.x)
    shaders = [model.data.materials[face.material_index].node_tree.nodes["Principled BSDF"] for face in faces]
    return [shader.inputs["Metallic"].default_value for shader in shaders]


def two_boxes(order: list[int], names: tuple[str, str], *, shared_mesh: bool = False) -> bytes:
    """A painted box at x = 0 and a steel one at x = 4, their nodes in the `order`."""
    parts = Parts(box_glb((1, 1, 1)))
    (primitive,) = parts.gltf["meshes"][0]["primitives"]
    steel = {**primitive, "material": 1}
    if shared_mesh:
        # Two materials on one box: which face has which is told by the parts alone.
        parts.gltf["meshes"][0]["primitives"] = [steel, primitive] if order[0] else [primitive, steel]
    else:
        parts.gltf["meshes"].append({"primitives": [steel]})
    parts.gltf["materials"] = [{"name": names[0]}, {"name": names[1], "pbrMetallicRoughness": {"metallicFactor": 1.0}}]
    nodes = [{"mesh": 0}, {"mesh": 0 if shared_mesh else 1, "translation": [4, 0, 0]}]
    parts.gltf["nodes"] = [nodes[number] for number in order]
    parts.gltf["scenes"] = [{"nodes": [0, 1]}]
    return parts.whole()


@pytest.mark.parametrize("names", [("paint", "steel"), ("same", "same"), ("a model", "a model")])
@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
@pytest.mark.parametrize("is_imported", [False, True])
def test_what_is_metal_is_told_by_its_own_material(
    addon: Any, tmp_path: Path, order: list[int], names: tuple[str, str], is_imported: bool
) -> None:
    bpy.data.materials.new(names[0])  # one of the artist's that is called so
    content = two_boxes(order, names)
    found = metallic_by_place(arrive(for_the_importer(content) if is_imported else content, tmp_path))
    assert found == [0.0] * 12 + [1.0] * 12


def test_the_case_of_nodes_in_another_order(addon: Any, tmp_path: Path) -> None:
    model = arrive(case("metal-nodes-reordered.glb"), tmp_path)
    assert metallic_by_place(model) == [0.0] * 12 + [1.0] * 12


def test_the_case_of_a_morph(addon: Any, tmp_path: Path) -> None:
    model = arrive(case("morph-weight-1.glb"), tmp_path, "AS_DELIVERED", 0.0)
    assert size_of(model) == pytest.approx([1, 1, 3], abs=1e-4)


def for_the_importer(content: bytes) -> bytes:
    """The same model with an animation that changes nothing: `gltf` leaves such a file to Blender's importer."""
    parts = Parts(content)
    times = parts.add(struct.pack("<2f", 0, 1), 5126, "SCALAR", 2)
    sizes = parts.add(struct.pack("<6f", *[1] * 6), 5126, "VEC3", 2)
    channel = {"sampler": 0, "target": {"node": 0, "path": "scale"}}
    parts.gltf["animations"] = [{"samplers": [{"input": times, "output": sizes}], "channels": [channel]}]
    return parts.whole()


def stretched_by_a_morph(parts: Parts) -> None:
    vertices = parts.gltf["accessors"][1]["count"]
    points = struct.unpack_from(f"<{vertices * 3}f", parts.binary, parts.gltf["bufferViews"][1]["byteOffset"])
    moved = b"".join(struct.pack("<3f", 0, 2.0 * (points[3 * n + 1] > 0), 0) for n in range(vertices))
    target = parts.add(moved, 5126, "VEC3", vertices)
    parts.gltf["meshes"][0]["primitives"][0]["targets"] = [{"POSITION": target}]
    parts.gltf["meshes"][0]["weights"] = [0.5]


def stretched_by_a_bone(parts: Parts) -> None:
    """All hangs on one bone, which is 3 times as large as when it was bound."""
    vertices = parts.gltf["accessors"][1]["count"]
    parts.gltf["meshes"][0]["primitives"][0]["attributes"] |= {
        "JOINTS_0": parts.add(b"\0\0\0\0" * vertices, 5121, "VEC4", vertices),
        "WEIGHTS_0": parts.add(struct.pack("<4f", 1, 0, 0, 0) * vertices, 5126, "VEC4", vertices),
    }
    identity = [float(n % 5 == 0) for n in range(16)]
    bound = parts.add(struct.pack("<16f", *identity), 5126, "MAT4", 1)
    parts.gltf["skins"] = [{"joints": [2], "inverseBindMatrices": bound}]
    parts.gltf["nodes"] = [{"children": [1, 2]}, {"mesh": 0, "skin": 0}, {"scale": [1, 3, 1]}]


def animated(parts: Parts) -> None:
    """Scaled by an animation, which begins and ends with the same size."""
    times = parts.add(struct.pack("<2f", 0, 1), 5126, "SCALAR", 2)
    sizes = parts.add(struct.pack("<6f", 1, 4, 1, 1, 4, 1), 5126, "VEC3", 2)
    target = {"node": 1, "path": "scale"}
    sampler = {"input": times, "output": sizes}
    parts.gltf["animations"] = [{"samplers": [sampler], "channels": [{"sampler": 0, "target": target}]}]


@pytest.mark.parametrize("change", [stretched_by_a_morph, stretched_by_a_bone, animated])
def test_a_pose_is_what_blenders_own_import_shows(addon: Any, tmp_path: Path, change: Callable[[Parts], None]) -> None:
    parts = Parts(box_glb((1, 1, 1)))
    change(parts)
    path = tmp_path / "posed.glb"
    path.write_bytes(parts.whole())
    before = counts()
    model = arrive(path, tmp_path, "AS_DELIVERED", 0.0)
    after = counts()
    assert [after[kind] - before[kind] for kind in ("objects", "meshes", "actions", "scenes")] == [1, 1, 0, 0]
    ours = size_of(model)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(path))
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    item = bpy.data.objects["geometry_0"]
    evaluated = item.evaluated_get(graph)
    points = [evaluated.matrix_world @ vertex.co for vertex in evaluated.data.vertices]
    theirs = [max(point[axis] for point in points) - min(point[axis] for point in points) for axis in range(3)]
    assert ours == pytest.approx(theirs, abs=1e-4)
    assert ours[2] > 1.5


@pytest.mark.parametrize("is_imported", [False, True])
def test_colours_of_vertices_are_seen_without_a_material(addon: Any, tmp_path: Path, is_imported: bool) -> None:
    model = arrive(for_the_importer(colours_glb()) if is_imported else colours_glb(), tmp_path)
    (material,) = model.data.materials
    shader = next(node for node in material.node_tree.nodes if node.bl_idname == 'ShaderNodeBsdfPrincipled')
    (link,) = shader.inputs["Base Color"].links
    colours = model.data.color_attributes
    named = getattr(link.from_node, "layer_name", "") or getattr(link.from_node, "attribute_name", "")
    # A node that names none shows the one that is chosen for rendering.
    shown = named or colours[colours.render_color_index].name
    assert shown in colours
    assert list(colours[shown].data[0].color) == pytest.approx([1, 0, 0, 1], abs=0.01)


@pytest.mark.parametrize("is_imported", [False, True])
def test_colours_of_vertices_are_seen_beside_a_part_that_has_a_material(
    addon: Any, tmp_path: Path, is_imported: bool
) -> None:
    parts = Parts(colours_glb())
    (coloured,) = parts.gltf["meshes"][0]["primitives"]
    accessor = parts.gltf["accessors"][coloured["attributes"]["POSITION"]]
    begins = parts.gltf["bufferViews"][accessor["bufferView"]].get("byteOffset", 0) + accessor.get("byteOffset", 0)
    points = struct.iter_unpack("<3f", parts.binary[begins : begins + accessor["count"] * 12])
    moved = b"".join(struct.pack("<3f", x + 9, y, z) for x, y, z in points)
    attributes = {"POSITION": parts.add(moved, 5126, "VEC3", accessor["count"])}
    parts.gltf["materials"] = [{"name": "steel"}]
    parts.gltf["meshes"][0]["primitives"] = [{**coloured, "attributes": attributes, "material": 0}, coloured]
    content = parts.whole()
    model = arrive(for_the_importer(content) if is_imported else content, tmp_path)
    first, *_, last = sorted(model.data.polygons, key=lambda face: face.center.x)
    materials = [model.data.materials[face.material_index] for face in (first, last)]
    shaders = [material.node_tree.nodes["Principled BSDF"] for material in materials]
    assert [bool(shader.inputs["Base Color"].links) for shader in shaders] == [True, False]


@pytest.mark.parametrize("shown", [0, 1])
@pytest.mark.parametrize("is_imported", [False, True])
def test_what_stands_in_another_scene_of_the_file_is_not_shown(
    addon: Any, tmp_path: Path, shown: int, is_imported: bool
) -> None:
    parts = Parts(box_glb((1, 1, 1)))
    parts.gltf["nodes"] = [{"mesh": 0}, {"mesh": 0, "scale": [3, 3, 3]}, {"mesh": 0, "translation": [9, 0, 0]}]
    parts.gltf |= {"scenes": [{"nodes": [0]}, {"nodes": [1]}], "scene": shown}
    content = parts.whole()
    model = arrive(for_the_importer(content) if is_imported else content, tmp_path, "AS_DELIVERED", 0.0)
    assert size_of(model) == pytest.approx([3.0 if shown else 1.0] * 3)


def sharp_edges(mesh: Any) -> tuple[int, int]:
    """How many edges are sharp, and how many should be: where two faces meet at more than 30°."""
    work = bmesh.new()
    work.from_mesh(mesh)
    bmesh.ops.remove_doubles(work, verts=work.verts[:], dist=1e-6)
    wanted = sum(len(edge.link_faces) == 2 and edge.calc_face_angle() > radians(30.01) for edge in work.edges)
    work.free()
    return sum(edge.use_edge_sharp for edge in mesh.edges), wanted


@pytest.mark.parametrize("normals", ["none", "flat", "upwards"])
@pytest.mark.parametrize("when", ["on arrival", "later"])
def test_edges_are_sharp_by_the_geometry_whatever_normals_the_file_has(
    addon: Any, tmp_path: Path, normals: str, when: str
) -> None:
    from trellis_blender.scene.finish import steps
    from trellis_blender.scene.finish.options import Finish

    model = arrive(prism_glb(14, normals), tmp_path, "SCENE" if when == "on arrival" else "AS_DELIVERED")
    if when == "later":
        steps.finish(model, Finish(size_m=1.0))
    assert sharp_edges(model.data) == (28, 28)
    assert len(model.data.vertices) == 30
    flat_top = next(face for face in model.data.polygons if face.normal.z > 0.99)
    corners = [model.data.corner_normals[corner].vector.z for corner in flat_top.loop_indices]
    assert corners == pytest.approx([1, 1, 1], abs=1e-3)


def test_what_arrives_as_delivered_keeps_its_normals(addon: Any, tmp_path: Path) -> None:
    assert arrive(prism_glb(14, "upwards"), tmp_path, "AS_DELIVERED").data.has_custom_normals


def test_nothing_of_an_import_goes_into_the_artists_scenes_or_preferences(addon: Any, tmp_path: Path) -> None:
    parts = Parts(box_glb())
    parts.gltf["extensionsUsed"] = ["KHR_materials_variants"]
    parts.gltf["extensions"] = {"KHR_materials_variants": {"variants": [{"name": "red"}]}}
    parts.gltf["scenes"][0]["extras"] = {"theirs": 1}
    parts.gltf["nodes"][1]["extras"] = {"theirs": 1}
    animated(parts)
    scene: Any = bpy.data.scenes[0]
    model = arrive(parts.whole(), tmp_path)
    assert not getattr(scene, "gltf2_KHR_materials_variants_variants", ())
    assert not bpy.context.preferences.addons["io_scene_gltf2"].preferences.KHR_materials_variants_ui
    assert "theirs" not in model
    assert "theirs" not in scene


SCALES = [
    (0.001, 'METRIC', 0.001),
    (0.01, 'METRIC', 0.01),
    (100.0, 'METRIC', 100.0),
    (0.001, 'NONE', 1.0),
    (0.3048, 'IMPERIAL', 0.3048),
]


@pytest.fixture(params=SCALES, ids=str)
def unit_m(request: pytest.FixtureRequest, addon: Any) -> float:
    """How long one unit is, in metres, in a scene where that is not 1."""
    scale, system, shown = request.param
    bpy.context.scene.unit_settings.system = system
    bpy.context.scene.unit_settings.scale_length = scale
    return shown


def test_lengths_are_metres_whatever_a_unit_is(unit_m: float, addon: Any, tmp_path: Path) -> None:
    from trellis_blender.scene import units
    from trellis_blender.scene.arrival import place
    from trellis_blender.scene.finish import size, steps
    from trellis_blender.scene.finish.options import Finish, Preset

    model = arrive(box_glb((1.0, 0.5, 0.25)), tmp_path, longest_side_m=2.0)
    assert max(model.dimensions) * unit_m == pytest.approx(2.0, rel=1e-4)
    assert units.metres_per_unit_of(model) == pytest.approx(unit_m)
    delivered = arrive(box_glb((1.0, 0.5, 0.25)), tmp_path, "AS_DELIVERED", 0.0)
    assert max(delivered.dimensions) * unit_m == pytest.approx(1.0, rel=1e-4)
    steps.finish(model, Finish(size_m=3.0))
    bpy.context.view_layer.update()
    assert max(model.dimensions) * unit_m == pytest.approx(3.0, rel=1e-4)
    assert size.measure(model, model.data, size.Size.LONGEST) == pytest.approx(3.0, rel=1e-4)
    assert place.beside(bpy.context, model, "", Preset.SCENE).longest_side_m == pytest.approx(3.0, rel=1e-4)
    row = place.here(bpy.context, 1.0, "", beside_m=2.0).location
    assert row[0] * unit_m == pytest.approx(2.0, rel=1e-4)


def test_a_placeholder_is_as_large_as_its_model_will_be(unit_m: float, addon: Any, tmp_path: Path) -> None:
    from trellis_blender.scene.arrival import place
    from trellis_blender.scene.placement import placeholder

    placement = replace(place.here(bpy.context, 2.0, "load"), has_placeholder=True)
    place.stand_in("box", "id1", placement)
    empty = placeholder.find("id1")
    assert empty is not None
    assert 2 * empty.empty_display_size * unit_m == pytest.approx(2.0, rel=1e-4)
    path = tmp_path / "model.glb"
    path.write_bytes(box_glb((1.0, 0.5, 0.25)))
    name = place.place(path, "box", "id1", placement, empty).object_name
    bpy.context.view_layer.update()
    assert max(bpy.data.objects[name].dimensions) * unit_m == pytest.approx(2.0, rel=1e-4)


def test_the_fields_of_the_panel_show_what_scripts_set_in_metres(unit_m: float, addon: Any) -> None:
    settings = bpy.context.scene.trellis
    settings.longest_side = 1.5
    assert settings.longest_side_shown * unit_m == pytest.approx(1.5)
    settings.longest_side_shown = 3.0 / unit_m
    assert settings.longest_side == pytest.approx(3.0)


@pytest.mark.parametrize("damaged", ["first key", "later key", "time", "none"])
def test_an_animation_that_is_damaged_takes_no_model_along(addon: Any, tmp_path: Path, damaged: str) -> None:
    """It would move the model to where no number is; the rest of the file is sound."""
    from trellis_blender.scene.arrival import place
    from trellis_blender.scene.importing.importer import NO_NUMBERS

    times, places = [0.0, 1.0, 2.0], [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [3.0, 0.0, 0.0]]
    if damaged == "time":
        times[1] = math.nan
    elif damaged != "none":
        places[damaged == "later key"] = [math.nan, math.inf, 0.0]
    parts = Parts(box_glb((1, 1, 1)))
    when = parts.add(struct.pack("<3f", *times), 5126, "SCALAR", 3, min=[0.0], max=[2.0])
    where = parts.add(struct.pack("<9f", *(each for one in places for each in one)), 5126, "VEC3", 3)
    channel = {"sampler": 0, "target": {"node": 0, "path": "translation"}}
    parts.gltf["animations"] = [{"channels": [channel], "samplers": [{"input": when, "output": where}]}]
    path = tmp_path / "model.glb"
    path.write_bytes(parts.whole())
    placed = place.place(path, "a model", "id1", place.here(bpy.context, 1.0, "load"))
    assert size_of(bpy.data.objects[placed.object_name]) == pytest.approx([1, 1, 1])
    assert (NO_NUMBERS in placed.where) == (damaged != "none")
