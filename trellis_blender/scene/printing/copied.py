# SPDX-License-Identifier: GPL-3.0-or-later
"""What was copied out of a model, and the shape in millimetres that it is. Without bpy: a thread does the long part."""

from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple

import numpy as np

from .shape import Array, CannotPrint, Look, Paint, Shape, welded

SIDES_MM = (1e-3, 1e6)
"""The least and the most that a longest side may be: a thousandth of a millimetre, and a kilometre."""


class Taken(NamedTuple):
    """A shape whose points are not welded yet, and how it came from the model."""

    points: Array
    triangles: Array
    look: Look
    to_mm: Array
    """4 × 4, from the object's space into the shape's."""

    def shape(self) -> Shape:
        """Takes 1 s for 1,000,000 triangles."""
        return welded(self.points, self.triangles)


@dataclass(frozen=True, slots=True)
class Copied:
    """The arrays of a mesh as Blender has them, and where it stands."""

    name: str
    points: Array
    """Points × 3, float32."""
    corners: Array
    """The point of each corner, face by face, int32."""
    starts: Array
    """The first corner of each face."""
    to_world_mm: Array
    """4 × 4, from the object's space into the world's in millimetres."""
    size_mm: float
    """What the longest side is to be; 0 for what it is."""
    triangles: Array | None = None
    """The corners of each triangle, where some faces have more than four corners."""
    paints: list[Paint] = field(default_factory=list)
    slots: Array | None = None
    """The material slot of each face."""
    uvs: Array | None = None
    """Corners × 2."""
    colours: Array | None = None
    """Corners × 3, or points × 3 where `has_colours_of_points`, in sRGB."""
    has_colours_of_points: bool = False

    @property
    def count(self) -> int:
        """Of its triangles."""
        return len(self.corners) - 2 * len(self.starts)

    def taken(self) -> Taken:
        """The shape. Takes 0.3 s for 1,000,000 triangles. Raises CannotPrint for one without a size."""
        to_mm = self._to_mm()
        placed = _moved(self.points, to_mm).astype(np.float32)
        triangles = self.triangles if self.triangles is not None else self._triangles(placed)
        if np.linalg.det(to_mm[:3, :3]) < 0:
            triangles = triangles[:, ::-1]
        return Taken(placed, self.corners[triangles], self._look(triangles), to_mm)

    def _triangles(self, points: Array) -> Array:
        sizes = np.diff(np.append(self.starts, len(self.corners)))
        first = self.starts[sizes == 3].astype(np.int32)[:, None] + np.arange(3, dtype=np.int32)
        quads = self.starts[sizes == 4].astype(np.int32)[:, None]
        around = points[self.corners[quads + np.arange(4, dtype=np.int32)]]
        # Along the shorter diagonal. Blender hands out its own triangles at a tenth of the pace.
        is_even = _length(around[:, 0] - around[:, 2]) <= _length(around[:, 1] - around[:, 3])
        halves = np.where(is_even[:, None], np.array([0, 1, 2, 0, 2, 3]), np.array([0, 1, 3, 1, 2, 3]))
        return np.concatenate([first, (quads + halves).reshape(-1, 3).astype(np.int32)])

    def _to_mm(self) -> Array:
        """World space in millimetres, scaled to the longest side, its bottom centre at the origin."""
        placed = _moved(self.points, self.to_world_mm)
        low, high = placed.min(axis=0), placed.max(axis=0)
        longest = float((high - low).max())
        if not isfinite(longest):
            raise CannotPrint(f"Some points of “{self.name}” have invalid coordinates: it cannot be printed.")
        scale = self.size_mm / longest if self.size_mm > 0 and longest > 0 else 1.0
        if not SIDES_MM[0] <= longest * scale <= SIDES_MM[1] or np.linalg.det(self.to_world_mm[:3, :3]) == 0:
            raise CannotPrint(f"“{self.name}” has no size that could be printed.")
        to_bed = np.eye(4)
        to_bed[:3, 3] = -(low + high) / 2
        to_bed[2, 3] = -low[2]
        to_bed[:3] *= scale
        return to_bed @ self.to_world_mm

    def _look(self, triangles: Array) -> Look:
        slots = colours = None
        if self.slots is not None:
            slots = self.slots[np.searchsorted(self.starts, triangles[:, 0], side="right") - 1]
        if self.colours is not None:
            colours = self.colours[self.corners[triangles] if self.has_colours_of_points else triangles]
        return Look(self.paints, slots, self.uvs[triangles] if self.uvs is not None else None, colours)


def _moved(points: Array, matrix: Array) -> Array:
    return points.astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]


def _length(ways: Array) -> Array:
    return np.einsum("ij,ij->i", ways, ways)
