# SPDX-License-Identifier: GPL-3.0-or-later
"""The subject on a coarse grid: a level that is positive inside its outline, and the brightness of the picture."""

from typing import Any, NamedTuple

import numpy as np

from ..imaging.segmentation import components
from .subject import NoSubject

Array = Any

CELLS = 128
"""Along the longer side of the subject: about 50,000 triangles for a round one, as in Trellis's own models."""
MARGIN_CELLS = 3
BLUR_PASSES = 2
RIM_MIN = 0.15
"""The least distance of a rim vertex from a grid node, in cells: avoids slivers."""
SPECK_SHARE = 0.02
"""Parts smaller than this share of the largest one are left out."""

_ALL, _FIRST, _LAST = slice(None), slice(None, -1), slice(1, None)
NEIGHBOURS = (
    ((_ALL, _LAST), (_ALL, _FIRST)),
    ((_ALL, _FIRST), (_ALL, _LAST)),
    ((_LAST, _ALL), (_FIRST, _ALL)),
    ((_FIRST, _ALL), (_LAST, _ALL)),
)
"""Where each node has a neighbour to its left, right, above, below, and where that neighbour is."""


class Grid(NamedTuple):
    """`level` is above 0 inside the subject and `light` is 0–1, both rows × columns.

    Node (row, column) is at the picture's pixel `origin + spacing · (column, row)`.
    """

    level: Array
    light: Array
    origin: Array
    spacing: float


def sample(coverage: Array, light: Array) -> Grid:
    """The grid over a subject; `coverage` and `light` are float32 from 0 to 1, height × width of the picture.

    Raises NoSubject if nothing in it is thicker than a line.
    """
    rows, columns = np.nonzero(coverage.max(axis=1) > 0.5)[0], np.nonzero(coverage.max(axis=0) > 0.5)[0]
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    spacing = max(bottom - top, right - left) / CELLS
    counts = [int(np.ceil(extent / spacing)) + 2 * MARGIN_CELLS for extent in (bottom - top, right - left)]
    start = np.array([left, top], np.float32) - MARGIN_CELLS * spacing
    averaged = [_averages(field, start, spacing, counts) for field in (coverage, light * coverage)]
    cover = blurred(averaged[0], BLUR_PASSES)
    bright = blurred(averaged[1], BLUR_PASSES) / np.maximum(cover, 1e-3)
    level = cover - 0.5
    level[[0, -1]] = -0.5
    level[:, [0, -1]] = -0.5
    if not (level > 0).any():
        raise NoSubject("The picture shows only thin lines, of which no model can be made. Choose another one.")
    # A node exactly on the outline would make triangles without area.
    level[np.abs(level) < 1e-3] = 1e-3
    return Grid(_without_specks(level), bright, start + spacing / 2, spacing)


def _averages(field: Array, start: Array, spacing: float, counts: list[int]) -> Array:
    """The average of `field` in each cell of the grid; 0 outside of the picture."""
    for axis, (first, count) in enumerate(zip(start[::-1], counts, strict=True)):
        total = np.cumsum(field, axis=axis, dtype=np.float64)
        total = np.concatenate([np.zeros_like(total.take([0], axis)), total], axis=axis)
        edges = np.clip(first + spacing * np.arange(count + 1), 0, field.shape[axis])
        whole = np.minimum(edges.astype(int), field.shape[axis] - 1)
        part = (edges - whole).reshape((-1, 1) if axis == 0 else (1, -1))
        at_edges = total.take(whole, axis) * (1 - part) + total.take(whole + 1, axis) * part
        field = np.diff(at_edges, axis=axis) / spacing
    return field.astype(np.float32)


def blurred(field: Array, passes: int) -> Array:
    """`field` after so many passes of the filter 1 2 1, in both directions."""
    for _ in range(passes):
        for axis in (0, 1):
            padded = np.pad(field, [(1, 1) if axis == each else (0, 0) for each in (0, 1)], mode="edge")
            n = field.shape[axis]
            before, after = padded.take(range(n), axis), padded.take(range(2, n + 2), axis)
            field = (before + 2 * field + after) / 4
    return field


def _without_specks(level: Array) -> Array:
    """`level` with all parts below 0 that are small against the largest one."""
    parts = components(level > 0)
    counts = np.bincount(parts.ravel())
    counts[0] = 0
    keep = counts >= SPECK_SHARE * counts.max()
    return np.where((parts > 0) & ~keep[parts], -0.5, level)


def crossing(inner: Array, outer: Array) -> Array:
    """Where the outline crosses from an inner to an outer node, as a share of the way."""
    return np.clip(inner / (inner - outer), RIM_MIN, 1 - RIM_MIN)
