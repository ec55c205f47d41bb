# SPDX-License-Identifier: GPL-3.0-or-later
"""How close two meshes are to each other, and whether one can stand for the other."""

from typing import NamedTuple

import bpy
import numpy as np

from ..arrays import Array, values
from ..meshes import bounds

SAMPLES = 8_000
NEAR = 0.03
"""Share of the size that 99 of 100 points may be away, and where there are few faces, half the side of one of them."""
FACES_OFF = 0.05
"""Share of the wished number of faces that there may be more or fewer."""


class Distance(NamedTuple):
    """From points all over one mesh to the other one: on average, and what 99 of 100 are within."""

    mean: float
    most: float


def distance(mesh: bpy.types.Mesh, other: bpy.types.Mesh, samples: int = SAMPLES) -> Distance:
    """From `mesh` to `other`, as a share of the size of `mesh`."""
    points, triangles = triangles_of(mesh)
    found = distances(spots_on(points, triangles, samples).places(points, triangles), other) / size(mesh)
    return Distance(float(found.mean()), float(np.percentile(found, 99)))


def distances(points: Array, mesh: bpy.types.Mesh) -> Array:
    """From each point (N, 3) to the nearest one of the mesh, (N,)."""
    from mathutils.bvhtree import BVHTree

    corners, triangles = triangles_of(mesh)
    tree = BVHTree.FromPolygons(corners.tolist(), triangles.tolist(), all_triangles=True)
    return np.array([tree.find_nearest(point)[3] for point in points.tolist()])


class Spots(NamedTuple):
    """Points on triangles: the numbers of these, (N,), and the shares of their three corners, (N, 3)."""

    faces: Array
    shares: Array

    @classmethod
    def at(cls, places: Array, faces: Array, points: Array, triangles: Array) -> "Spots":
        """What is at these places (N, 3) on these faces (N,)."""
        a, b, c = (points[triangles[faces, corner]] for corner in range(3))
        along, across, to = b - a, c - a, places - a
        aa, ab, bb = (along * along).sum(1), (along * across).sum(1), (across * across).sum(1)
        ta, tb = (to * along).sum(1), (to * across).sum(1)
        whole = aa * bb - ab * ab
        whole = np.where(whole > 0, whole, np.inf)
        v, w = (bb * ta - ab * tb) / whole, (aa * tb - ab * ta) / whole
        shares = np.stack([1 - v - w, v, w], axis=1).clip(0, 1)
        return cls(faces, shares / shares.sum(axis=1, keepdims=True))

    def places(self, points: Array, triangles: Array) -> Array:
        """Where they are, (N, 3)."""
        return np.einsum("nc,ncx->nx", self.shares, points[triangles[self.faces]])


def spots_on(points: Array, triangles: Array, count: int) -> Spots:
    """Spots all over a surface, as many everywhere; the same for the same surface. More even than random ones: of each
    triangle as many as its area says, on it by Roberts' sequence.
    """
    areas = np.linalg.norm(ways_of(points, triangles), axis=1).cumsum()
    number = np.arange(count)
    faces = np.searchsorted(areas, (number + 0.5) / count * areas[-1])
    across, along = np.sqrt((0.5 + number * 0.7548776662466927) % 1), (0.5 + number * 0.5698402909980532) % 1
    return Spots(faces, np.stack([1 - across, across * (1 - along), across * along], axis=1))


def ways_of(points: Array, triangles: Array) -> Array:
    """Where each triangle faces, (T, 3): as long as twice its area."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    return np.cross(b - a, c - a)


def triangles_of(mesh: bpy.types.Mesh) -> tuple[Array, Array]:
    """Its points (V, 3), and the triangles that it is drawn with, (T, 3)."""
    mesh.calc_loop_triangles()
    return values(mesh.vertices, "co", 3).astype(np.float64), values(mesh.loop_triangles, "vertices", 3, np.int32)


def area(mesh: bpy.types.Mesh) -> float:
    """Of all faces together."""
    return float(values(mesh.polygons, "area").sum())


def size(mesh: bpy.types.Mesh) -> float:
    """The longest side."""
    low, high = bounds(mesh)
    return max((high - low).to_tuple())


def volume(mesh: bpy.types.Mesh) -> float:
    """Of what is closed; below 0 where it is inside out."""
    points, triangles = triangles_of(mesh)
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


class Fit(NamedTuple):
    """How well a mesh can stand for another one: its faces as a share of those that were wished, what 99 of 100 points
    of both are within, and how long the side of one face is, as shares of the size.
    """

    faces: float
    away: float
    side: float

    @classmethod
    def of(cls, mesh: bpy.types.Mesh, original: bpy.types.Mesh, faces: int) -> "Fit":
        """Takes a second."""
        away = max(distance(mesh, original).most, distance(original, mesh).most)
        return cls(len(mesh.polygons) / faces, away, (area(original) / faces) ** 0.5 / size(original))

    @property
    def is_good(self) -> bool:
        """Whether no other one has to be looked for."""
        return abs(self.faces - 1) <= FACES_OFF and self.away <= max(NEAR, self.side / 2)

    @property
    def is_nonsense(self) -> bool:
        """Whether it is of no use even where there is nothing better."""
        return not 0.5 <= self.faces <= 2 or self.away > max(NEAR, self.side)
