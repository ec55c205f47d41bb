"""Counting datablocks, measuring meshes."""

from typing import Any

import bpy
import numpy as np

KINDS = ("objects", "meshes", "materials", "images", "scenes", "collections", "node_groups", "actions", "texts")


def counts() -> dict[str, int]:
    """How many datablocks of each kind there are."""
    return {kind: len(getattr(bpy.data, kind)) for kind in KINDS}


def corner_uvs(mesh: bpy.types.Mesh) -> Any:
    """The UV coordinates of every corner, in order."""
    layer = mesh.uv_layers.active
    found = np.empty(len(mesh.loops) * 2, np.float32)
    layer.uv.foreach_get("vector", found)
    return found.reshape(-1, 2)


def world_bounds(model: bpy.types.Object) -> tuple[Any, Any]:
    """Lowest and highest corner of an object in world space, from its vertices."""
    found = np.empty(len(model.data.vertices) * 3, np.float32)
    model.data.vertices.foreach_get("co", found)
    points = found.reshape(-1, 3) @ np.array(model.matrix_world.to_3x3()).T + np.array(model.matrix_world.translation)
    return points.min(axis=0), points.max(axis=0)


def lumpy_ball(triangles: int, bits: int = 0) -> Any:
    """An active object in the scene: a ball of about so many triangles with UVs, and flecks beside it.

    Its vertices are doubled along the seam of its texture. A fleck is a triangle of a thousandth of its surface.
    """
    rows = max(3, round((triangles / 2) ** 0.5))
    v, u = np.meshgrid(np.linspace(0.02, 0.98, rows + 1), np.linspace(0, 1, rows + 1), indexing="ij")
    radius = 1 + 0.1 * np.sin(9 * np.pi * v) * np.cos(14 * np.pi * u)
    around = 2 * np.pi * (u % 1)
    ring = radius * np.sin(np.pi * v)
    points = np.stack([ring * np.cos(around), ring * np.sin(around), -radius * np.cos(np.pi * v)], -1).reshape(-1, 3)
    number = np.arange(len(points)).reshape(rows + 1, rows + 1)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    faces = np.concatenate([np.stack(three, -1).reshape(-1, 3) for three in ((a, d, c), (a, c, b))])
    uvs = np.stack([u, v], -1).reshape(-1, 2)
    flecks = np.array(
        [[2.0 + fleck, corner * 0.15, (corner == 1) * 0.15] for fleck in range(bits) for corner in range(3)]
    )
    if bits:
        faces = np.concatenate([faces, np.arange(3 * bits).reshape(-1, 3) + len(points)])
        points, uvs = np.concatenate([points, flecks]), np.concatenate([uvs, np.zeros((3 * bits, 2))])
    mesh = bpy.data.meshes.new("ball")
    mesh.vertices.add(len(points))
    mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", faces.astype(np.int32).ravel())
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, 3, dtype=np.int32))
    mesh.update(calc_edges=True)
    mesh.uv_layers.new().uv.foreach_set("vector", uvs[faces.ravel()].astype(np.float32).ravel())
    model = bpy.data.objects.new("ball", mesh)
    bpy.context.scene.collection.objects.link(model)
    bpy.context.view_layer.objects.active = model
    bpy.context.view_layer.update()
    return model
