# SPDX-License-Identifier: GPL-3.0-or-later
"""New faces drawn onto the surface that they stand for: QuadriFlow rounds off what is thin and what is sharp.

Points all over both surfaces look for the nearest one on the other, and draw the faces there: the corners of a face
follow in the shares in which the point is between them (SIRT, an iteration for least squares that always converges).
To look for the nearest points is what takes long, so several steps follow one look: in the direction of the pull only,
for along the surface a point may slide. Moving only the corners onto the original, as Shrinkwrap does, leaves three
times as large an error. A nearest point that faces the other way is on the other side of something thin: it would turn
the edges of leaves inside out.
"""

from typing import Any, NamedTuple

import bpy
import numpy as np

from .judge import Spots, spots_on, triangles_of, ways_of

LIMIT = 0.03
"""Share of the size, which is 1 here. What is further away has nothing there that it stands for."""
ROUNDS, STEPS = 6, 16
"""How often the nearest points are looked for, and steps after each look."""
FAR = 0.003
"""What is so far away draws twice as much as what is near."""
SPOTS, SPOTS_OF_A_FACE = 10_000, 8
Array = Any


def draw_back(mesh: bpy.types.Mesh, original: bpy.types.Mesh) -> None:
    """Moves the points of `mesh` until its faces are as close to `original` as they can be, as far as that is within
    reach. Takes a few seconds.
    """
    from mathutils.bvhtree import BVHTree

    points, triangles = triangles_of(mesh)
    there, faces = triangles_of(original)
    surface = BVHTree.FromPolygons(there.tolist(), faces.tolist(), all_triangles=True)
    count = max(SPOTS, SPOTS_OF_A_FACE * len(mesh.polygons))
    spots, own = spots_on(there, faces, count), spots_on(points, triangles, count)
    wanted, ways = spots.places(there, faces), ways_of(there, faces)[spots.faces]
    for _ in range(ROUNDS):
        moved = BVHTree.FromPolygons(points.tolist(), triangles.tolist(), all_triangles=True)
        nearest, ways_here, numbers = _nearest(moved, wanted)
        drawn = _Pull.of(Spots.at(nearest, numbers, points, triangles), nearest, wanted)
        places, own_ways = own.places(points, triangles), ways_of(points, triangles)[own.faces]
        there_now, ways_there, _ = _nearest(surface, places)
        pulls = [drawn.where(ways, ways_here), _Pull.of(own, places, there_now).where(own_ways, ways_there)]
        for step in range(STEPS):
            points += _followed(pulls, points, triangles, is_free=step > 0)
    points = points.clip(there.min(axis=0), there.max(axis=0))
    _reach_ends(points, there)
    mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
    mesh.update()


class _Pull(NamedTuple):
    """Spots of the mesh, where each is drawn to, in what direction, (N, 3), and how strongly, (N,)."""

    spots: Spots
    to: Array
    along: Array
    strength: Array

    @classmethod
    def of(cls, spots: Spots, places: Array, to: Array) -> "_Pull":
        """Of spots that are at `places`."""
        away = np.linalg.norm(to - places, axis=1)
        along = (to - places) / np.maximum(away, 1e-12)[:, None]
        return cls(spots, to, along, (1 + away / FAR) * (away <= LIMIT))

    def where(self, ways: Array, others: Array) -> "_Pull":
        """Where what faces these ways (N, 3) faces the same side as these others; nothing elsewhere."""
        return self._replace(strength=self.strength * ((ways * others).sum(axis=1) > 0))


def _nearest(surface: Any, places: Array) -> tuple[Array, Array, Array]:
    """The nearest points of a tree of triangles, (N, 3), where these face, (N, 3), and which they are, (N,)."""
    found = [surface.find_nearest(place) for place in places.tolist()]
    points, ways, numbers = (np.array([each[which] for each in found]) for which in range(3))
    return points, ways, numbers


def _followed(pulls: list[_Pull], points: Array, triangles: Array, *, is_free: bool) -> Array:
    """How far each point follows what draws the faces at spots, (V, 3); `is_free` to slide along the surface."""
    moved, weights = np.zeros(points.shape), np.full(len(points), 1e-9)
    for spots, to, along, strength in pulls:
        missing = to - spots.places(points, triangles)
        if is_free:
            missing = (missing * along).sum(axis=1, keepdims=True) * along
        corners = triangles[spots.faces].ravel()
        shares = (spots.shares * strength[:, None]).ravel()
        weights += np.bincount(corners, shares, len(points))
        for axis in range(3):
            moved[:, axis] += np.bincount(corners, shares * np.repeat(missing[:, axis], 3), len(points))
    return moved / weights[:, None]


def _reach_ends(points: Array, original: Array) -> None:
    """It is as large as it was: moves the point next to the outermost one of the original there, on each side, or where
    there is none, its own outermost point as far out.
    """
    moved: list[int] = []
    for end in dict.fromkeys([*original.argmin(axis=0).tolist(), *original.argmax(axis=0).tolist()]):
        away = np.linalg.norm(points - original[end], axis=1)
        away[moved] = np.inf  # one point cannot be at two ends
        if away.min() <= LIMIT:
            moved.append(int(away.argmin()))
            points[moved[-1]] = original[end]
    for axis in range(3):
        column, bounds = points[:, axis], original[:, axis]
        for outermost, bound in ((column.argmin(), bounds.min()), (column.argmax(), bounds.max())):
            if abs(bound - column[outermost]) <= LIMIT:
                column[outermost] = bound
