"""A small model rebuilt from quads, in each Blender: how good it is, and what stays of the object."""

from pathlib import Path
from typing import Any

import bmesh
import bpy
import numpy as np
import pytest
from measured import difference, distances, faces_of, side_by_side, uvs_of, views
from models_to_rebuild import IN_PLACE, ball, nodes_of, pixels_of, rebuilt
from places import ROOT


@pytest.fixture(autouse=True)
def empty(addon: Any) -> None:
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)


def test_a_model_gets_quads_uvs_and_textures_and_stays_the_same_object(tmp_path: Path, record_property: Any) -> None:
    model = ball()
    model["trellis_generation"], model["mine"] = "id1", 7
    model.location, model.rotation_euler, model.scale = (1, 2, 3), (0.1, 0.2, 0.3), (1, -2, 1)
    parent, child = bpy.data.objects.new("parent", None), bpy.data.objects.new("child", None)
    for item in (parent, child):
        bpy.context.scene.collection.objects.link(item)
    model.parent, child.parent = parent, model
    model.name = model.data.name = "Chair"
    bpy.context.view_layer.update()
    matrix, old = model.matrix_world.copy(), model.data
    assert bpy.ops.trellis.finish(**IN_PLACE, faces=1_000, texture_px=256) == {'FINISHED'}
    assert (bpy.data.objects["Chair"], model.parent, child.parent) == (model, parent, model)
    assert (model["trellis_generation"], model["mine"], model.data.name) == ("id1", 7, "Chair")
    assert np.allclose(model.matrix_world, matrix, atol=1e-6)
    before = bpy.data.objects["Chair (before)"]
    assert (before.data, before.hide_viewport, before.hide_render) == (old, True, True)
    assert ("trellis_generation" in before, before.users_collection) == (False, model.users_collection)
    # How good it is.
    faces, uvs = faces_of(model.data), uvs_of(model.data)
    assert abs(faces.count - 1_000) <= 50
    assert faces[1:] == (1.0, 0, 0)
    assert uvs.lowest >= 0
    assert uvs.highest <= 1
    assert uvs.overlap <= 0.01
    there, back = distances(old, model.data)
    assert max(there.mean, back.mean) <= 0.001
    assert max(there.most, back.most) <= 0.01
    # How it looks.
    nodes = nodes_of(model.data)
    assert {"BASE COLOR", "NORMAL MAP"} <= set(nodes)
    assert all(
        node.image.packed_file and tuple(node.image.size) == (256, 256)
        for node in map(nodes.get, ("BASE COLOR", "NORMAL MAP"))
    )
    assert nodes["BSDF_PRINCIPLED"].inputs["Roughness"].default_value == pytest.approx(0.7)
    middle = sum((vertex.co for vertex in old.vertices), start=old.vertices[0].co * 0) / len(old.vertices)
    old.shade_smooth()
    seen = [views(mesh, middle, 1.0, 64, tmp_path) for mesh in (old, model.data)]
    side_by_side(*seen, ROOT / "dist/screenshots/quads" / f"ball-{bpy.app.version_string}.png")
    assert difference(*seen) <= 0.03
    record_property(
        "count",
        f"{faces.count} quads: {100 * there.mean:.3f} % and {100 * there.most:.2f} % away, stretch {uvs.stretch:.2f}, "
        f"colours {100 * difference(*seen):.2f} % different",
    )


def test_metal_roughness_and_what_shines_are_baked_where_the_source_has_them() -> None:
    model = ball()
    tree = model.data.materials[0].node_tree
    shader = tree.nodes["Principled BSDF"]
    checker = tree.nodes["Checker Texture"]
    tree.links.new(shader.inputs["Metallic"], checker.outputs["Fac"])
    tree.links.new(shader.inputs["Emission Color"], checker.outputs["Color"])
    shader.inputs["Emission Strength"].default_value = 3.0
    nodes = nodes_of(rebuilt(model, faces=300))
    both = pixels_of(nodes["METALLIC ROUGHNESS"].image)
    filled = both[..., 1] > 0.1
    assert set(np.round(both[filled][:, 2]).tolist()) == {0.0, 1.0}
    assert np.median(both[filled][:, 1]) == pytest.approx(0.7, abs=0.01)
    assert nodes["EMISSIVE"].image.packed_file
    assert nodes["BSDF_PRINCIPLED"].inputs["Emission Strength"].default_value == pytest.approx(3.0)


@pytest.mark.parametrize("is_behind", [False, True])
@pytest.mark.parametrize("kind", ['BSDF_PRINCIPLED', 'BSDF_DIFFUSE'])
def test_what_a_mix_with_transparent_lets_through_is_alpha(kind: str, *, is_behind: bool) -> None:
    model = ball()
    tree = model.data.materials[0].node_tree
    mix, transparent = tree.nodes.new('ShaderNodeMixShader'), tree.nodes.new('ShaderNodeBsdfTransparent')
    shader = tree.nodes["Principled BSDF"]
    if kind != 'BSDF_PRINCIPLED':
        shader = tree.nodes.new('ShaderNodeBsdfDiffuse')
    mix.inputs[0].default_value = 0.25
    tree.links.new(mix.inputs[1], (transparent if is_behind else shader).outputs[0])
    tree.links.new(mix.inputs[2], (shader if is_behind else transparent).outputs[0])
    tree.links.new(tree.nodes["Material Output"].inputs["Surface"], mix.outputs[0])
    method = 'DITHERED' if is_behind else 'BLENDED'
    model.data.materials[0].surface_render_method = method
    made = rebuilt(model, faces=300)
    assert made.materials[0].surface_render_method == method
    colour = pixels_of(nodes_of(made)["BASE COLOR"].image)
    assert np.median(colour[colour[..., 3] > 0.1][:, 3]) == pytest.approx(0.25 if is_behind else 0.75, abs=0.01)


def test_an_emission_shader_beside_what_is_lit_shines_and_reflects_nothing() -> None:
    model = ball()
    lamp = bpy.data.materials.new("lamp")
    if lamp.node_tree is None:
        lamp.use_nodes = True
    tree = lamp.node_tree
    shines = tree.nodes.new('ShaderNodeEmission')
    shines.inputs["Color"].default_value, shines.inputs["Strength"].default_value = (0, 1, 0, 1), 5.0
    tree.links.new(tree.nodes["Material Output"].inputs["Surface"], shines.outputs[0])
    model.data.materials.append(lamp)
    model.data.polygons.foreach_set("material_index", [face.center.z > 0 for face in model.data.polygons])
    nodes = nodes_of(rebuilt(model, faces=300))
    assert nodes["BSDF_PRINCIPLED"].inputs["Emission Strength"].default_value == pytest.approx(5.0)
    emission, colour = pixels_of(nodes["EMISSIVE"].image), pixels_of(nodes["BASE COLOR"].image)
    is_lamp = emission[..., 1] > 0.9
    assert 0.1 < is_lamp.mean() < 0.5
    assert np.median(colour[is_lamp][:, :3], axis=0).tolist() == pytest.approx([0, 0, 0], abs=0.01)


def test_what_is_there_twice_is_there_once_afterwards() -> None:
    """A face with corners of its own at the same places, one without an area, and one with the same corners."""
    from trellis_blender.scene.rebuild.repair import open_edges, repaired

    work = bmesh.new()
    bmesh.ops.create_cube(work, size=1.0)
    bmesh.ops.subdivide_edges(work, edges=work.edges, cuts=6, use_grid_fill=True)
    first = [vertex.co.copy() for vertex in next(iter(work.faces)).verts]
    work.faces.new([work.verts.new(place) for place in first])
    work.faces.new([work.verts.new(first[0]) for _ in range(3)])
    mesh = bpy.data.meshes.new("doubled")
    work.to_mesh(mesh)
    work.free()
    whole = repaired(mesh)
    assert (open_edges(whole), len(whole.polygons)) == (0, 6 * 7 * 7)
    twice = bpy.data.meshes.new("twice")
    faces = [tuple(face.vertices) for face in whole.polygons]
    twice.from_pydata([vertex.co[:] for vertex in whole.vertices], [], [*faces, faces[0][::-1], faces[5]])
    assert (open_edges(repaired(twice)), len(repaired(twice).polygons)) == (0, 6 * 7 * 7)
