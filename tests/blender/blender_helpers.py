"""Counting data-blocks, making and measuring meshes, a disk without room, children that tell what they found."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np

KINDS = ("objects", "meshes", "materials", "images", "scenes", "collections", "node_groups", "actions", "texts")


def counts() -> dict[str, int]:
    """How many data-blocks of each kind there are."""
    return {kind: len(getattr(bpy.data, kind)) for kind in KINDS}


@contextmanager
def little_room() -> Iterator[None]:
    """No file may become larger than 300 bytes."""
    import resource
    import signal

    before, was = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    # Of a module that is first loaded in here, the compiled file would be cut, and would break all runs that follow.
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, was)
        sys.dont_write_bytecode = False


def corner_uvs(mesh: bpy.types.Mesh) -> Any:
    """The UV coordinates of every corner, in order."""
    found = np.empty(len(mesh.loops) * 2, np.float32)
    mesh.uv_layers.active.uv.foreach_get("vector", found)
    return found.reshape(-1, 2)


def world_bounds(model: bpy.types.Object) -> tuple[Any, Any]:
    """Lowest and highest corner of an object in world space, from its vertices."""
    found = np.empty(len(model.data.vertices) * 3, np.float32)
    model.data.vertices.foreach_get("co", found)
    points = found.reshape(-1, 3) @ np.array(model.matrix_world.to_3x3()).T + np.array(model.matrix_world.translation)
    return points.min(axis=0), points.max(axis=0)


def cube(side: float = 0.1, at: tuple[float, float, float] = (0, 0, 0)) -> Any:
    """An active object in the scene."""
    bpy.ops.mesh.primitive_cube_add(size=side, location=at)
    bpy.context.view_layer.update()
    return bpy.context.object


def without_faces(model: Any, numbers: list[int]) -> Any:
    """The object, which these faces are taken out of."""
    import bmesh

    work = bmesh.new()
    work.from_mesh(model.data)
    work.faces.ensure_lookup_table()
    bmesh.ops.delete(work, geom=[work.faces[number] for number in numbers], context='FACES')
    work.to_mesh(model.data)
    work.free()
    return model


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


def told_by(child: Path) -> Any:
    """What a script in a Blender of its own has written behind TOLD, as JSON."""
    said = subprocess.run(
        [sys.executable, child], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120
    )
    assert "TOLD" in said.stdout, said.stdout
    return json.loads(said.stdout.partition("TOLD")[2])
