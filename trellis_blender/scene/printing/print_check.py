# SPDX-License-Identifier: GPL-3.0-or-later
"""What would keep a model from being printed well."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from ..finish.loose_parts import connected
from .shape import Array, Shape, edge_uses, sides_mm, volumes_mm3, without_slivers

ASKEW = (0.271, 0.419, 0.866)
"""A direction that no edges run along, for rays that are to meet none."""
SMALLEST = 1e-9
"""Share of the longest side's cube: a volume that is smaller is a rounding error."""
BESIDE = 1e-5
"""Share of the longest side by which a ray begins below its face, so that it does not meet that face itself."""
AT_ONCE_TRIANGLES = 4_000
"""More are checked by another Blender: these take 50 ms."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found. Lengths in millimetres, the volume in cubic millimetres, 0 where the shape is open."""

    size_mm: tuple[float, float, float]
    wall_mm: float
    triangles: int
    shells: int
    """Pieces that are connected to nothing else."""
    open_edges: int
    """Edges with one face."""
    crowded_edges: int
    """Edges with more than two faces."""
    turned_edges: int
    """Edges whose two faces face opposite sides."""
    turned_shells: int
    """Shells that are inside out and no hollows of others."""
    is_inside_out: bool
    """Whether that is all of them."""
    crossing_faces: int
    """Faces that cut through others."""
    thin_faces: int
    """Faces with less than a wall's thickness of material behind them."""
    volume_mm3: float

    @property
    def is_closed(self) -> bool:
        """Whether it has an inside and an outside."""
        return not self.open_edges and not self.crowded_edges

    def problems(self) -> list[str]:
        """Sentences about what no printer can tell inside from outside with."""
        return _said(
            (self.open_edges, f"It is open: {self.open_edges:,} edges have a face on one side only."),
            (self.crowded_edges, f"More than two faces meet at {self.crowded_edges:,} edges."),
            (self.turned_edges, f"At {self.turned_edges:,} edges one of the faces is inside out."),
            (self.is_inside_out, "All of it is inside out."),
            (
                self.turned_shells and not self.is_inside_out,
                f"Inside out: {self.turned_shells:,} of its {self.shells:,} shells.",
            ),
        )

    def remarks(self) -> list[str]:
        """Sentences about what may be printed differently than it looks."""
        return _said(
            (self.crossing_faces, f"{self.crossing_faces:,} faces cut through others."),
            (self.thin_faces, f"{self.thin_faces:,} faces are thinner than {self.wall_mm:g} mm."),
        )


def _said(*sentences: tuple[int | bool, str]) -> list[str]:
    return [sentence for is_so, sentence in sentences if is_so]


def check(shape: Shape, wall_mm: float) -> Findings:
    """Takes 10 to 15 s for 1,000,000 triangles, and keeps Python to itself for seconds of that."""
    triangles = shape.triangles[without_slivers(shape.triangles)]
    sound = Shape(shape.points, triangles)
    uses, turns = edge_uses(triangles)
    open_edges, crowded = int((uses == 1).sum()), int((uses > 2).sum())
    turned_edges = int(((uses == 2) & (turns != 0)).sum())
    tree = BVHTree.FromPolygons(sound.points.tolist(), triangles.tolist(), all_triangles=True)
    labels = _shells(triangles, len(shape.points))
    shells = len(np.unique(labels))
    pairs = tree.overlap(tree)
    body = _Body(np.zeros(shells, bool), is_inside_out=False, volume=0.0)
    if not open_edges and not crowded and len(triangles):
        body = _body(sound, labels, tree, {labels[face] for pair in pairs for face in pair})
    outwards = np.where(body.is_turned[labels], -1.0, 1.0)
    return Findings(
        size_mm=sides_mm(shape.points),
        wall_mm=wall_mm,
        triangles=len(triangles),
        shells=shells,
        open_edges=open_edges,
        crowded_edges=crowded,
        turned_edges=turned_edges,
        turned_shells=0 if turned_edges else int(body.is_turned.sum()),
        is_inside_out=body.is_inside_out,
        crossing_faces=len({face for pair in pairs for face in pair}),
        thin_faces=count_thin(sound, tree, wall_mm, outwards),
        volume_mm3=body.volume,
    )


def _shells(triangles: Array, points: int) -> Array:
    """The number of each triangle's shell, from 0."""
    labels = connected(points, triangles.ravel(), np.roll(triangles, -1, axis=1).ravel())
    return np.unique(labels[triangles[:, 0]], return_inverse=True)[1]


class _Body(NamedTuple):
    """Which shells face the wrong side, and how much material there is between all of them."""

    is_turned: Array
    is_inside_out: bool
    volume: float


def _body(shape: Shape, labels: Array, tree: BVHTree, crossing: set[int]) -> _Body:
    """A shell that faces inwards is the hollow of another one or inside out; one that is inside of another's material
    adds none, unless it is `crossing` others.
    """
    volumes = np.bincount(labels, volumes_mm3(shape))
    volumes[abs(volumes) < SMALLEST * max(sides_mm(shape.points)) ** 3] = 0
    depths = _depths(shape, labels, tree)
    # What is around all else says which side is the outer one: a hollow ball that is inside out has one good shell.
    is_inside_out = bool((volumes[depths == 0] < 0).any() and not (volumes[depths == 0] > 0).any())
    if is_inside_out:
        volumes, depths = -volumes, -depths
    is_turned = (volumes < 0) & (depths <= 0)
    adds = (volumes > 0) & (depths <= 0)
    adds[list(crossing)] |= volumes[list(crossing)] > 0
    volume = volumes[adds].sum() - volumes[is_turned].sum() + volumes[(volumes < 0) & (depths == 1)].sum()
    return _Body(is_turned != is_inside_out, is_inside_out, float(volume))


def _depths(shape: Shape, labels: Array, tree: BVHTree) -> Array:
    """In how many others each shell is, fewer by those that are inside out: what a ray from it comes out of more often
    than it goes in.
    """
    depths = np.zeros(labels.max() + 1, int)
    if len(depths) == 1:
        return depths
    a, b, c = shape.corners()
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    order = np.lexsort((areas, labels))  # the largest triangle of each shell comes last
    largest = order[np.append(np.flatnonzero(np.diff(labels[order])), len(order) - 1)]
    beside = BESIDE * max(sides_mm(shape.points))
    way = Vector(ASKEW).normalized()
    for shell, start in enumerate(((a + b + c)[largest] / 3).tolist()):
        place = Vector(start)
        while True:
            hit, normal, face, _ = tree.ray_cast(place, way)
            if hit is None or normal is None or face is None:
                break
            if labels[face] != shell:
                depths[shell] += 1 if normal.dot(way) > 0 else -1
            place = hit + way * beside
    return depths


def count_thin(shape: Shape, tree: BVHTree, wall_mm: float, outwards: Array) -> int:
    """How many triangles have less than a wall of material behind them, in the body that is in `tree`; `outwards` is -1
    for those that are inside out, and 1 for the others.

    A ray from the middle of each goes inwards; what counts is where it comes out of the material again.
    """
    if wall_mm <= 0:
        return 0
    a, b, c = shape.corners()
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1)
    has_surface = lengths > 0
    inwards = -outwards[has_surface, None] * normals[has_surface] / lengths[has_surface, None]
    below = BESIDE * max(sides_mm(shape.points))
    starts = (a + b + c)[has_surface] / 3 + inwards * below
    found = 0
    for start, way in zip(starts.tolist(), inwards.tolist(), strict=True):
        _, normal, face, _ = tree.ray_cast(start, way, wall_mm - below)
        if normal is not None and outwards[face] * normal.dot(way) > 0:  # pyright: ignore[reportArgumentType]
            found += 1
    return found
