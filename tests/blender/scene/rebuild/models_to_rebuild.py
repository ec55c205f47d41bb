"""Models that are to be rebuilt from quads."""

from math import sqrt
from typing import Any

import bmesh
import bpy
import numpy as np
from mathutils import Matrix, Vector

IN_PLACE: dict[str, Any] = {"preset": 'QUADS', "size": 'KEEP', "origin": 'KEEP'}
SMALL = IN_PLACE | {"faces": 300, "texture_px": 256}


def painted(model: Any) -> Any:
    """The model with a material: a checker, some of it metal, some of it shining."""
    material = bpy.data.materials.new("checker")
    if material.node_tree is None:
        material.use_nodes = True
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    checker = tree.nodes.new('ShaderNodeTexChecker')
    checker.inputs["Scale"].default_value = 3
    checker.inputs["Color1"].default_value, checker.inputs["Color2"].default_value = (
        (0.8, 0.1, 0.1, 1),
        (0.1, 0.3, 0.7, 1),
    )
    where = tree.nodes.new('ShaderNodeTexCoord')
    tree.links.new(checker.inputs["Vector"], where.outputs["Object"])
    tree.links.new(shader.inputs["Base Color"], checker.outputs["Color"])
    shader.inputs["Roughness"].default_value = 0.7
    model.data.materials.append(material)
    return model


def ball() -> Any:
    """A closed ball of 5,120 triangles with a material."""
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=5, radius=0.5)
    return painted(bpy.context.object)


def blob(triangles: int) -> Any:
    """A closed body with eight arms and a rough surface, of about so many triangles, as the service makes them."""
    work, random = bmesh.new(), np.random.default_rng(5)
    bmesh.ops.create_icosphere(work, subdivisions=5, radius=0.35)
    for _ in range(8):
        away = Vector(random.normal(size=3)).normalized() * 0.4
        bmesh.ops.create_icosphere(work, subdivisions=4, radius=0.12, matrix=Matrix.Translation(away))
    area = sum(face.calc_area() for face in work.faces)
    model = of_work(work)
    model.data.remesh_voxel_size = sqrt(2 * area / triangles)
    bpy.ops.object.voxel_remesh()
    work = bmesh.new()
    work.from_mesh(model.data)
    bmesh.ops.triangulate(work, faces=work.faces)
    for vertex in work.verts:
        vertex.co += vertex.normal * 0.003 * float(np.prod(np.sin(np.array(vertex.co) * 60)))
    work.to_mesh(model.data)
    work.free()
    return painted(model)


def of_work(work: Any) -> Any:
    """An active object in the scene out of a BMesh, which is freed."""
    mesh = bpy.data.meshes.new("thing")
    work.to_mesh(mesh)
    work.free()
    item = bpy.data.objects.new("thing", mesh)
    bpy.context.scene.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    return item


def rebuilt(model: Any, tell: Any = lambda *_: None, **wanted: Any) -> Any:
    """A new mesh out of a copy of the model's, made here and not in a second Blender."""
    from trellis_blender.scene.rebuild.rebuild import rebuild
    from trellis_blender.scene.rebuild.rebuild_options import Rebuild

    return rebuild(model.data.copy(), Rebuild(**{"texture_px": 128} | wanted), tell)


def nodes_of(mesh: Any) -> dict[str, Any]:
    (material,) = mesh.materials
    return {node.label or node.type: node for node in material.node_tree.nodes}


def pixels_of(image: Any) -> Any:
    return np.array(image.pixels[:]).reshape(image.size[1], image.size[0], 4)
