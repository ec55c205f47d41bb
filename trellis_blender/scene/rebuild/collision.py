# SPDX-License-Identifier: GPL-3.0-or-later
"""Simple shapes around a mesh, for a game engine to compute collisions with: one convex hull, or a box."""

from itertools import product

import bpy
import numpy as np

from ..arrays import Array, values
from .rebuild_options import Tell

LIMIT_S = 300.0
LEAST_FACES = 4
FLAT = 1e-3
"""Share of the longest side below which a mesh has no thickness; a box has at least this much."""
PROBES = 96
"""Directions in which the outermost points are looked for, before the exact hull."""


def hull(mesh: bpy.types.Mesh, faces: int, tell: Tell) -> bpy.types.Mesh:
    """A new mesh: the convex hull, of at most so many triangles; a box where the mesh is flat."""
    tell("making its collision shape", LIMIT_S)
    points = _points(mesh)
    made = _hull_of(_outermost(points)) if _thickness(points) > FLAT else None
    if made is None:
        return box(mesh)
    return made if len(made.polygons) <= faces else _with_few_faces(_points(made), faces) or made


def box(mesh: bpy.types.Mesh) -> bpy.types.Mesh:
    """A new mesh: the box around the mesh, along its own axes."""
    points = _points(mesh)
    low, high = points.min(axis=0), points.max(axis=0)
    spare = np.maximum(FLAT * (high - low).max() - (high - low), 0) / 2
    corners = [*product(*zip((low - spare).tolist(), (high + spare).tolist(), strict=True))]
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    made = bpy.data.meshes.new("Trellis collision")
    made.from_pydata(corners, [], sides)
    return made


def _with_few_faces(points: Array, faces: int) -> bpy.types.Mesh | None:
    """The hull of some of the points: of those outermost along the axes, so that it is as large as all of them, and
    then, one by one, of the one that is farthest outside, as long as there are no more faces than that.
    """
    chosen = list(dict.fromkeys([*points.argmin(axis=0).tolist(), *points.argmax(axis=0).tolist()]))
    made: bpy.types.Mesh | None = None
    while len(chosen) <= len(points):
        larger = _hull_of(points[chosen])
        if larger is not None and made is not None and len(larger.polygons) > faces:
            bpy.data.meshes.remove(larger)
            return made
        if made is not None:
            bpy.data.meshes.remove(made)
        made = larger
        outside = _outside(points, made) if made is not None else _from_the_middle(points, chosen)
        chosen.append(int(outside.argmax()))
    return made


def _outside(points: Array, hull: bpy.types.Mesh) -> Array:
    """How far each point is in front of the face that it is farthest in front of; at most 0 inside."""
    ways, places = values(hull.polygons, "normal", 3), values(hull.polygons, "center", 3)
    found = np.full(len(points), -np.inf)
    for way, place in zip(ways, places, strict=True):
        np.maximum(found, (points - place) @ way, out=found)
    return found


def _from_the_middle(points: Array, chosen: list[int]) -> Array:
    """For the next point while all that are chosen lie in a plane."""
    found = np.abs((points - points[chosen].mean(axis=0)) @ np.linalg.svd(points[chosen] - points[chosen[0]])[2][-1])
    found[chosen] = -1
    return found


def _points(mesh: bpy.types.Mesh) -> Array:
    return values(mesh.vertices, "co", 3).astype(np.float64)


def _thickness(points: Array) -> float:
    """Across the direction in which the points differ least, as a share of where they differ most."""
    around = points - points.mean(axis=0)
    _, ways = np.linalg.eigh(around.T @ around)
    spread = np.ptp(around @ ways, axis=0)
    return float(spread.min() / spread.max()) if spread.max() > 0 else 0.0


def _outermost(points: Array) -> Array:
    """Those that may be on the hull: without what is inside the hull of the outermost ones in some directions."""
    turns = np.arange(PROBES) + 0.5
    slopes = np.arccos(1 - 2 * turns / PROBES)
    around = np.pi * (1 + 5**0.5) * turns
    probes = np.stack([np.cos(around) * np.sin(slopes), np.sin(around) * np.sin(slopes), np.cos(slopes)])
    inner = _hull_of(points[np.unique((points @ probes).argmax(axis=0))])
    if inner is None:
        return points
    is_outside = _outside(points, inner) > -1e-6 * np.ptp(points, axis=0).max()
    bpy.data.meshes.remove(inner)
    return points[is_outside]


def _hull_of(points: Array) -> bpy.types.Mesh | None:
    """The exact one, in triangles; None where it has no volume."""
    import bmesh

    work = bmesh.new()
    try:
        for point in np.unique(points, axis=0).tolist():
            work.verts.new(point)
        if len(work.verts) < LEAST_FACES:
            return None
        bmesh.ops.convex_hull(work, input=list(work.verts))
        bmesh.ops.delete(work, geom=[vertex for vertex in work.verts if not vertex.link_faces], context='VERTS')
        bmesh.ops.triangulate(work, faces=list(work.faces))
        bmesh.ops.recalc_face_normals(work, faces=list(work.faces))
        if not work.faces or not all(edge.is_manifold for edge in work.edges):
            return None
        made = bpy.data.meshes.new("Trellis collision")
        work.to_mesh(made)
        return made
    finally:
        work.free()
