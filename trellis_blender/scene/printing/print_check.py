# SPDX-License-Identifier: GPL-3.0-or-later
"""What would keep a model from being printed well."""

from dataclasses import dataclass

import numpy as np
from mathutils.bvhtree import BVHTree

from ..finish.loose_parts import connected
from .shape import Array, Shape, edge_uses, sides_mm, volume_mm3, without_slivers

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
    is_inside_out: bool
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
    volume = volume_mm3(sound) if not open_edges and not crowded else 0.0
    tree = BVHTree.FromPolygons(sound.points.tolist(), triangles.tolist(), all_triangles=True)
    return Findings(
        size_mm=sides_mm(shape.points),
        wall_mm=wall_mm,
        triangles=len(triangles),
        shells=_shells(triangles, len(shape.points)),
        open_edges=open_edges,
        crowded_edges=crowded,
        turned_edges=int(((uses == 2) & (turns != 0)).sum()),
        is_inside_out=volume < 0,
        crossing_faces=len({face for pair in tree.overlap(tree) for face in pair}),
        thin_faces=count_thin(sound, tree, wall_mm, -1.0 if volume < 0 else 1.0),
        volume_mm3=abs(volume),
    )


def _shells(triangles: Array, points: int) -> int:
    labels = connected(points, triangles.ravel(), np.roll(triangles, -1, axis=1).ravel())
    return len(np.unique(labels[triangles[:, 0]]))


def count_thin(shape: Shape, tree: BVHTree, wall_mm: float, outwards: float = 1.0) -> int:
    """How many triangles have less than a wall of material behind them, in the body that is in `tree`; `outwards` is -1
    where it is inside out.

    A ray from the middle of each goes inwards; what counts is where it comes out of the material again.
    """
    if wall_mm <= 0:
        return 0
    a, b, c = shape.corners()
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1)
    has_surface = lengths > 0
    inwards = -outwards * normals[has_surface] / lengths[has_surface, None]
    below = BESIDE * max(sides_mm(shape.points))
    starts = (a + b + c)[has_surface] / 3 + inwards * below
    found = 0
    for start, way in zip(starts.tolist(), inwards.tolist(), strict=True):
        _, normal, _, _ = tree.ray_cast(start, way, wall_mm - below)
        if normal is not None and outwards * normal.dot(way) > 0:  # pyright: ignore[reportArgumentType]
            found += 1
    return found
