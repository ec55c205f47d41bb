# SPDX-License-Identifier: GPL-3.0-or-later
"""Inflates a flat subject to a closed mesh: front and back are two height maps over one triangulation of its outline.

Both heights are positive inside the outline and zero on it, so the two sides meet only at the rim: the mesh is closed
and cannot intersect itself.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .grid import CELLS, NEIGHBOURS, Grid, blurred, crossing, sample

Array = Any

DEPTH_MIN, DEPTH_MAX = 0.6, 0.75
"""Depth relative to a perfectly round body; the seed chooses it."""
RELIEF = 0.25
"""How much the brightness of the picture raises the front, as a share of the height there."""
RELIEF_PASSES = 24
"""Brightness counts relative to its local average, a blur with this many passes."""
SWEEPS_A_REPORT = 20


class Body(NamedTuple):
    """A closed triangle mesh.

    `positions`, n × 3 float32, in the picture's pixels: x right, y up, z towards the viewer. `texels`, n × 2 float32,
    in pixels from the picture's top left. `triangles`, m × 3 uint32, counter-clockwise from outside.
    """

    positions: Array
    texels: Array
    triangles: Array


def inflate(coverage: Array, light: Array, seed: int, report: Callable[[float], None]) -> Body:
    """The body over a subject: `coverage` and `light` are float32 from 0 to 1, height × width.

    The same arrays and seed give the same body. `report` is called with the share that is done, 0–1.
    """
    grid = sample(coverage, light)
    roundness = np.sqrt(_solve(grid.level > 0, _reach(grid.level), report))
    back = roundness * np.random.default_rng(seed).uniform(DEPTH_MIN, DEPTH_MAX)
    relief = np.clip(grid.light - blurred(grid.light, RELIEF_PASSES), -0.5, 0.5)
    return _stitch(grid, back * (1 + RELIEF * relief), back)


def _reach(level: Array) -> list[Array]:
    """From each node the distance to its neighbour or to the outline, whichever is nearer, in cells, in four
    directions.
    """
    ways = []
    for to, origin in NEIGHBOURS:
        way = np.ones_like(level)
        inner, outer = level[to], level[origin]
        is_rim = (inner > 0) & (outer <= 0)
        way[to] = np.where(is_rim, crossing(np.where(is_rim, inner, 1.0), np.where(is_rim, outer, -1.0)), 1.0)
        ways.append(way)
    return ways


def _solve(inside: Array, reach: list[Array], report: Callable[[float], None]) -> Array:
    """The height of a soap film's square: ∇²u = −4 inside and u = 0 on the outline, so that √u over a disc is a ball.

    Successive over-relaxation on a chequerboard; near the outline the unequal distances of Shortley and Weller.
    """
    left, right, above, below = reach
    own = 2 / (left * right) + 2 / (above * below)
    shares = (
        2 / (left * (left + right)),
        2 / (right * (left + right)),
        2 / (above * (above + below)),
        2 / (below * (above + below)),
    )
    shares = [(share / own)[to] for share, (to, _) in zip(shares, NEIGHBOURS, strict=True)]
    u = np.zeros(inside.shape)
    rows, columns = np.indices(inside.shape)
    sweeps = 2 * CELLS
    weight = 2 / (1 + np.sin(np.pi / CELLS))
    halves = [weight * (inside & ((rows + columns) % 2 == colour)) for colour in (0, 1)]
    for sweep in range(sweeps):
        for half in halves:
            wanted = 4 / own
            for share, (to, origin) in zip(shares, NEIGHBOURS, strict=True):
                wanted[to] += share * u[origin]
            u += half * (wanted - u)
        if sweep % SWEEPS_A_REPORT == 0:
            report(sweep / sweeps)
    return np.maximum(u, 1e-4) * inside


def _stitch(grid: Grid, front: Array, back: Array) -> Body:
    """Front and back over the inside of the outline, sewn together along it."""
    level = grid.level
    corners = _cut(level)
    size, columns = level.size, level.shape[1]
    keys, triangles = np.unique(corners[..., 0] * size + corners[..., 1], return_inverse=True)
    triangles = triangles.reshape(-1, 3)
    inner, outer = np.divmod(keys, size)
    is_node = inner == outer
    flat = level.ravel()
    share = np.where(is_node, 0.0, crossing(flat[inner], np.where(is_node, -1.0, flat[outer])))
    places = [
        (1 - share) * (inner // step % wrap) + share * (outer // step % wrap)
        for step, wrap in ((1, columns), (columns, size))
    ]
    texels = grid.origin + grid.spacing * np.stack(places, axis=1)
    flat_x, flat_y = texels[:, 0], -texels[:, 1]
    fronts = np.where(is_node, front.ravel()[inner], 0.0) * grid.spacing
    backs = -back.ravel()[inner[is_node]] * grid.spacing
    # The back has vertices of its own for the nodes and shares those on the rim.
    behind = np.where(is_node, len(keys) + np.cumsum(is_node) - 1, np.arange(len(keys)))
    positions = np.concatenate(
        [np.stack([flat_x, flat_y, fronts], axis=1), np.stack([flat_x[is_node], flat_y[is_node], backs], axis=1)]
    )
    return Body(
        positions.astype(np.float32),
        np.concatenate([texels, texels[is_node]]).astype(np.float32),
        np.concatenate([triangles, behind[triangles][:, ::-1]]).astype(np.uint32),
    )


def _cut(level: Array) -> Array:
    """The inside of the outline in triangles, m × 3 × 2: each corner a pair of node numbers.

    A pair of the same node is that node; a pair of an inner and an outer one is the vertex where the outline cuts
    their edge. Each cell of the grid is two triangles, so there is only one way to cut it, and no triangle and no edge
    within has all its corners on the rim.
    """
    rows, columns = level.shape
    number = np.arange(rows * columns).reshape(rows, columns)
    upper_left, lower_left, upper_right, lower_right = (
        number[:-1, :-1], number[1:, :-1], number[:-1, 1:], number[1:, 1:]
    )  # fmt: skip
    halves = [(upper_left, lower_left, upper_right), (lower_left, lower_right, upper_right)]
    triangles = np.concatenate([np.stack(half, axis=-1).reshape(-1, 3) for half in halves])
    inside = (level > 0).ravel()[triangles]
    count = inside.sum(axis=1)

    whole = triangles[count == 3]
    p, q, r = _turned(triangles[count == 1], inside[count == 1]).T
    tips = [(p, p), (p, q), (p, r)]
    o, p, q = _turned(triangles[count == 2], ~inside[count == 2]).T
    stumps = [[(p, p), (q, q), (q, o)], [(p, p), (q, o), (p, o)]]
    pairs = [[(whole[:, k], whole[:, k]) for k in range(3)], tips, *stumps]
    return np.concatenate([np.stack([np.stack(corner, axis=-1) for corner in three], axis=1) for three in pairs])


def _turned(triangles: Array, first: Array) -> Array:
    """Each triangle turned so that the corner marked in `first` comes first, its sense kept."""
    order = (np.argmax(first, axis=1)[:, None] + np.arange(3)) % 3
    return np.take_along_axis(triangles, order, axis=1)
