# SPDX-License-Identifier: GPL-3.0-or-later
"""New UVs: pieces that are about flat, packed side by side."""

from math import radians
from typing import Any

import bpy
import numpy as np

from ..arrays import values
from .stage import on_stage

ANGLE = radians(66)
UV_MAP = "UVMap"
FILLED_LEAST = 0.3
"""Of the square. Where there is no room for that much space around so many pieces, Blender makes them vanishingly small
or puts them outside.
"""
TRIES = 4
ROUNDING = 1e-4


def unwrap(mesh: bpy.types.Mesh, margin: float) -> None:
    """Gives the mesh one UV map within 0–1. `margin` is the space around its pieces, as a share of the whole; it is
    smaller where there is no room for that.
    """
    layers: Any = mesh.uv_layers
    while len(layers):
        layers.remove(layers[0])
    layers.new(name=UV_MAP)
    uvs = _uvs_of(mesh)
    with on_stage(mesh):
        for space in (*(margin / 2**halvings for halvings in range(TRIES)), 0.0):
            _project(space)
            uvs = _uvs_of(mesh)
            if _filled(mesh, uvs) >= FILLED_LEAST:
                break
    # Within rounding errors they may be outside.
    layers[0].uv.foreach_set("vector", uvs.clip(0.0, 1.0).ravel())


def _project(margin: float) -> None:
    bpy.ops.object.mode_set(mode='EDIT')
    bpy.ops.mesh.select_all(action='SELECT')
    # Each time again: pieces that have vanished do not come back.
    bpy.ops.uv.smart_project(angle_limit=ANGLE)
    bpy.ops.uv.select_all(action='SELECT')
    # By their boxes: by their outlines it takes 8 s in place of 0.1, and fills 60 % in place of 56.
    bpy.ops.uv.pack_islands(margin_method='FRACTION', margin=margin, rotate=True, shape_method='AABB')
    bpy.ops.object.mode_set(mode='OBJECT')


def _uvs_of(mesh: bpy.types.Mesh) -> Any:
    """(L, 2), of the corners."""
    return values(mesh.uv_layers[0].uv, "vector", 2)


def _filled(mesh: bpy.types.Mesh, uvs: Any) -> float:
    """The share of the square that the pieces cover; 0 where they are not within it."""
    if uvs.min() < -ROUNDING or uvs.max() > 1 + ROUNDING:
        return 0.0
    starts = values(mesh.polygons, "loop_start", kind=np.int32)
    following = np.arange(1, len(uvs) + 1)
    following[np.append(starts[1:], len(uvs)) - 1] = starts
    after = uvs[following]
    return float(abs(np.add.reduceat(uvs[:, 0] * after[:, 1] - uvs[:, 1] * after[:, 0], starts)).sum() / 2)
