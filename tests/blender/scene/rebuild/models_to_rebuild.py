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


def chair(triangles: int = 40_000) -> Any:
    """One closed body of thin parts: legs, a seat, rails and a back of slats, 1.5 to 4 % of its height thick."""
    work = bmesh.new()
    legs = [((x, y, 0.22), (0.03, 0.03, 0.46)) for x in (-0.2, 0.2) for y in (-0.2, 0.2)]
    rails = [((x, 0, 0.15), (0.02, 0.4, 0.02)) for x in (-0.2, 0.2)]
    slats = [((x, 0.2, 0.7), (0.02, 0.015, 0.52)) for x in (-0.2, -0.1, 0, 0.1, 0.2)]
    for place, sides in (
        *legs,
        *rails,
        *slats,
        ((0, 0, 0.45), (0.46, 0.46, 0.025)),
        ((0, 0.2, 0.96), (0.46, 0.03, 0.08)),
    ):
        where = Matrix.Translation(place) @ Matrix.Diagonal((*sides, 1))
        bmesh.ops.create_cube(work, size=1, matrix=where)
    return painted(fused(of_work(work), triangles))


def plant(triangles: int = 40_000) -> Any:
    """A pot, a stem of 1.6 % of its height, and twelve curved leaves as thin as 0.4 %, each closed by itself."""
    work = bmesh.new()
    bmesh.ops.create_cone(
        work,
        cap_ends=True,
        segments=48,
        radius1=0.12,
        radius2=0.17,
        depth=0.25,
        matrix=Matrix.Translation((0, 0, 0.125)),
    )
    stem = Matrix.Translation((0, 0, 0.6))
    bmesh.ops.create_cone(work, cap_ends=True, segments=24, radius1=0.008, radius2=0.008, depth=0.78, matrix=stem)
    bmesh.ops.triangulate(work, faces=work.faces)
    rows, columns = 24, 10
    for number in range(12):
        turn = Matrix.Rotation(number * 2.4, 4, 'Z') @ Matrix.Translation((0, 0, 0.35 + 0.05 * number))
        along, across = np.meshgrid(np.linspace(0, 1, rows + 1), np.linspace(-1, 1, columns + 1), indexing="ij")
        wide = 0.06 * np.sin(np.pi * (0.04 + 0.92 * along))
        flat = np.stack([0.32 * along, across * wide, 0.12 * along - 0.2 * along**2 + 0.02 * across**2], -1)
        sides = [flat.reshape(-1, 3), flat.reshape(-1, 3) - (0, 0, 0.004)]
        corners = [[work.verts.new(turn @ Vector(place)) for place in side] for side in sides]
        grid = np.arange(len(corners[0])).reshape(rows + 1, columns + 1)
        rim = [*grid[:-1, 0], *grid[-1, :-1], *grid[:0:-1, -1], *grid[0, :0:-1]]
        around = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], -1).reshape(-1, 4)
        for quad in around.tolist():
            work.faces.new([corners[0][each] for each in quad])
            work.faces.new([corners[1][each] for each in reversed(quad)])
        for one, other in zip(rim, (*rim[1:], rim[0]), strict=True):
            work.faces.new([corners[0][other], corners[0][one], corners[1][one], corners[1][other]])
    while 2 * len(work.faces) < triangles / 2:
        bmesh.ops.subdivide_edges(work, edges=work.edges, cuts=1, use_grid_fill=True)
    bmesh.ops.triangulate(work, faces=work.faces)
    return painted(of_work(work))


def fused(model: Any, triangles: int) -> Any:
    """The model as one closed body of about so many triangles."""
    area = sum(face.area for face in model.data.polygons)
    model.data.remesh_voxel_size = sqrt(2 * area / triangles)
    bpy.ops.object.voxel_remesh()
    work = bmesh.new()
    work.from_mesh(model.data)
    bmesh.ops.triangulate(work, faces=work.faces)
    work.to_mesh(model.data)
    work.free()
    return model


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

    return rebuild(model.data.copy(), Rebuild(**{"texture_px": 128} | wanted), tell).mesh


def nodes_of(mesh: Any) -> dict[str, Any]:
    (material,) = mesh.materials
    return {node.label or node.type: node for node in material.node_tree.nodes}


def pixels_of(image: Any) -> Any:
    return np.array(image.pixels[:]).reshape(image.size[1], image.size[0], 4)
