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
