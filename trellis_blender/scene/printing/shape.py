# SPDX-License-Identifier: GPL-3.0-or-later
"""A model as a printer gets it: triangles in millimetres. Without bpy."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Picture = bytes | Path | Array
"""An image's file, where it is, or its pixels: height × width × 4 from 0 to 1 as they are stored, bottom row first."""


class CannotPrint(ValueError):
    """It cannot be done with this model, which is as it was. `str(error)` is a sentence for the artist."""


@dataclass(frozen=True, slots=True)
class Paint:
    """What a material shows as its colour: a picture, else the colours of vertices, else one colour, red, green and
    blue in sRGB from 0 to 1.
    """

    colour: tuple[float, float, float] = (0.8, 0.8, 0.8)
    picture: Picture | None = None
    shows_vertex_colours: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """Standing on z = 0, in the middle of x and y. Points at the same place are one, whatever the mesh's UVs are."""

    points: Array
    """Points × 3, float32, in millimetres."""
    triangles: Array
    """Triangles × 3, int32: which points they have, counter-clockwise as seen from outside."""

    def corners(self) -> tuple[Array, Array, Array]:
        """The places of each triangle's first, second and third point, triangles × 3 each, float64."""
        a, b, c = (self.points[self.triangles[:, corner]].astype(np.float64) for corner in range(3))
        return a, b, c


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of a shape's triangles."""

    paints: list[Paint] = field(default_factory=list)
    """One for each material slot, at least one."""
    slots: Array | None = None
    """The slot of each triangle; None where all have the first one."""
    uvs: Array | None = None
    """Triangles × 3 × 2; None without a UV map."""
    colours: Array | None = None
    """Triangles × 3 × 3 in sRGB from 0 to 1; None where no colours of vertices are shown."""


def welded(points: Array, triangles: Array) -> Shape:
    """The shape with points at the same place made one. Triangles stay, those without a surface too."""
    same, first = numbered(points)
    return Shape(points[first], same[triangles].astype(np.int32))


def numbered(points: Array) -> tuple[Array, Array]:
    """For each point the number of its place, and for each place one of its points.

    `np.unique` over rows takes ten times as long.
    """
    bits = (points.astype(np.float32) + np.float32(0)).view(np.uint32).reshape(-1, 3).astype(np.uint64)  # -0 is 0
    keys = bits[:, 0] << np.uint64(32) | bits[:, 1]
    _, places = np.unique(keys, return_inverse=True)
    _, first, same = np.unique(
        places.astype(np.uint64) << np.uint64(32) | bits[:, 2], return_index=True, return_inverse=True
    )
    return same, first


def edge_uses(faces: Array) -> tuple[Array, Array]:
    """For each edge between two points how many of the `faces` (faces × corners) have it, and how many of them go
    along it in one direction less how many in the other: 0 where neighbours face the same side.
    """
    starts, ends = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    low, high = np.minimum(starts, ends).astype(np.int64), np.maximum(starts, ends)
    _, edges = np.unique(low << 32 | high, return_inverse=True)
    return np.bincount(edges), np.bincount(edges, weights=np.where(starts < ends, 1, -1)).astype(int)


def without_slivers(triangles: Array) -> Array:
    """Which triangles have three different points."""
    a, b, c = triangles.T
    return (a != b) & (b != c) & (c != a)


def volumes_mm3(shape: Shape) -> Array:
    """Each triangle's share of what they enclose, negative where they face inwards; of no use for an open shape."""
    a, b, c = shape.corners()
    return np.einsum("ij,ij->i", a, np.cross(b, c)) / 6


def sides_mm(points: Array) -> tuple[float, float, float]:
    """Along x, y and z."""
    x, y, z = (float(np.ptp(points[:, axis])) for axis in range(3))
    return x, y, z


def in_srgb(linear: Array) -> Array:
    """Numbers from 0 to 1, brighter ones cut off."""
    cut = np.clip(linear, 0, 1)
    return np.where(cut <= 0.0031308, cut * 12.92, 1.055 * cut ** (1 / 2.4) - 0.055).astype(np.float32)


def in_linear(srgb: Array) -> Array:
    """The other way."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)
