# SPDX-License-Identifier: GPL-3.0-or-later
"""A thumbnail of a mesh, drawn with numpy in a thread: Blender's own previews would block its main thread.

No bpy. Random points are spread over the surface, and each pixel shows the nearest one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .picture import Picture

SIDE_PX = 128
FINER = 2
"""It is drawn this many times larger and averaged, which smooths the outline."""
POINTS_PER_PIXEL = 7
MARGIN = 0.04
SEEN_THROUGH = 0.02
"""A pixel that lies so much farther away than most around it, as a part of the model's depth, is seen through a gap."""
SPECK_MIN = 4
"""Of the 8 pixels around one."""

_TO_EYE = np.array([0.52, -0.74, 0.43])
"""From the front, slightly from the right and above; length 1 within one percent."""
_TO_LIGHT = np.array([-0.1, -0.62, 0.78])
_SHADE, _SUN = 0.5, 0.6
_AROUND = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of a mesh: `points` vertices × 3, `corner_vertices` which of them each corner of the triangles is, `uvs`
    corners × 2 or None, `texture` height × width × 3 from 0 to 1 in sRGB, bottom row first, or None. `picture` is a
    texture's file that is to be decoded first, b"" where there is none.
    """

    points: Array
    corner_vertices: Array
    uvs: Array | None
    texture: Array | None
    picture: bytes = b""


def draw(snapshot: Snapshot, seed: int = 1, side_px: int = SIDE_PX) -> Picture:
    """The thumbnail, a square transparent around the model. The same snapshot gives the same thumbnail."""
    side = side_px * FINER
    right, up = _axes()
    chance = np.random.default_rng(seed)
    corners = snapshot.points[snapshot.corner_vertices].reshape(-1, 3, 3)
    edges = corners[:, 1:] - corners[:, :1]
    normals = np.cross(edges[:, 0], edges[:, 1])
    seen = _choose(np.abs(normals @ _TO_EYE), side * side * POINTS_PER_PIXEL // 4, chance)
    weights = _weights(len(seen), chance)
    points = np.einsum("pc,pcx->px", weights, corners[seen])
    columns, rows = _fit(points @ right, points @ up, side)
    towards = points @ _TO_EYE
    nearest_last = np.argsort(towards)
    depth = np.full(side * side, -np.inf, np.float32)
    canvas = np.zeros((side * side, 4), np.float32)
    colours = _colours(snapshot, seen, weights) * _brightness(normals[seen])[:, None]
    cells = (rows * side + columns)[nearest_last]
    canvas[cells, :3] = np.clip(colours, 0, 1)[nearest_last]
    canvas[cells, 3] = 1
    depth[cells] = towards[nearest_last]
    gap = SEEN_THROUGH * float(np.ptp(towards))
    return _average(_without_specks(canvas.reshape(side, side, 4), depth.reshape(side, side), gap))


def _without_specks(canvas: Array, depth: Array, gap: float) -> Array:
    """Between random points one sees what is behind them, or nothing: such a pixel becomes as those around it."""
    around = [np.roll(depth, shift, (0, 1)) for shift in _AROUND]
    front = np.maximum(np.maximum.reduce(around), depth + 2 * gap) - gap
    nearer = np.zeros(depth.shape, np.float32)
    colours = np.zeros_like(canvas)
    for shift, neighbour in zip(_AROUND, around, strict=True):
        is_nearer = neighbour >= front
        nearer += is_nearer
        colours += np.roll(canvas, shift, (0, 1)) * is_nearer[..., None]
    specks = nearer >= SPECK_MIN
    canvas[specks] = colours[specks] / nearer[specks, None]
    return canvas


def _axes() -> tuple[Array, Array]:
    right = np.cross([0.0, 0.0, 1.0], _TO_EYE)
    right /= np.linalg.norm(right)
    up = np.cross(_TO_EYE, right)
    return right, up / np.linalg.norm(up)


def _choose(areas: Array, count: int, chance: Any) -> Array:
    """Random triangles, each with a probability proportional to its area on the screen."""
    total = np.cumsum(areas)
    if not len(total) or total[-1] <= 0:
        raise ValueError("nothing of it can be seen")
    places = (np.arange(count) + chance.random(count)) * (total[-1] / count)
    found = np.searchsorted(total, places)  # pyright: ignore[reportUnknownVariableType]  numpy's stubs
    return np.minimum(found, len(total) - 1)  # pyright: ignore[reportUnknownArgumentType]  numpy's stubs


def _weights(count: int, chance: Any) -> Array:
    """Random barycentric coordinates, evenly distributed."""
    found = chance.random((count, 2))
    outside = found.sum(axis=1) > 1
    found[outside] = 1 - found[outside]
    return np.column_stack([1 - found.sum(axis=1), found])


def _fit(x: Array, y: Array, side: int) -> tuple[Array, Array]:
    """Pixel columns and rows, the model in the middle; row 0 is at the top."""
    extent = max(np.ptp(x), np.ptp(y), 1e-9)
    scale = side * (1 - 2 * MARGIN) / extent
    columns = (x - (x.min() + x.max()) / 2) * scale + side / 2
    rows = side / 2 - (y - (y.min() + y.max()) / 2) * scale
    return (np.clip(columns, 0, side - 1).astype(np.intp), np.clip(rows, 0, side - 1).astype(np.intp))


def _brightness(normals: Array) -> Array:
    lengths = np.linalg.norm(normals, axis=1)
    # Some models have flipped triangles: every visible triangle is taken to face the viewer.
    towards = np.where(normals @ _TO_EYE < 0, -1.0, 1.0)
    return _SHADE + _SUN * np.clip(towards * (normals @ _TO_LIGHT) / np.maximum(lengths, 1e-12), 0, 1)


def _colours(snapshot: Snapshot, seen: Array, weights: Array) -> Array:
    if snapshot.uvs is None or snapshot.texture is None:
        return np.full((len(seen), 3), 0.8)
    height, width, _ = snapshot.texture.shape
    places = np.nan_to_num(np.einsum("pc,pcx->px", weights, snapshot.uvs.reshape(-1, 3, 2)[seen])) % 1.0
    columns = np.minimum((places[:, 0] * width).astype(np.intp), width - 1)
    rows = np.minimum((places[:, 1] * height).astype(np.intp), height - 1)
    return snapshot.texture[rows, columns]


def _average(canvas: Array) -> Picture:
    """Scales it down. At the outline colours are weighted by how much of the pixel is covered."""
    canvas[..., :3] *= canvas[..., 3:]
    side_px = len(canvas) // FINER
    blocks = canvas.reshape(side_px, FINER, side_px, FINER, 4).mean(axis=(1, 3))
    blocks[..., :3] /= np.maximum(blocks[..., 3:], 1e-6)
    return Picture(side_px, side_px, (blocks * 255 + 0.5).astype(np.uint8).tobytes())
