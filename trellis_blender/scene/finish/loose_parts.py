# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes loose parts: small pieces of a mesh that are not connected to the rest."""

import bpy
import numpy as np

from ..arrays import Array, values
from ..meshes import edited

_MIXERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
"""Odd 64-bit numbers for a hash of three coordinates. Different points have the same hash in one of 10^19 pairs."""


TOLD = 0.05
"""Share of the surface from which on it is told that it went: that was no dust, but leaves, or links of a chain."""


def remove(mesh: bpy.types.Mesh, share: float) -> list[str]:
    """Removes the parts whose surface is less than `share` (0–1) of the whole; a sentence where that was much.

    Points at the same place count as one, so a UV seam separates nothing. The largest part always stays. UVs, materials
    and attributes of the rest are as before.
    """
    if share <= 0 or not mesh.polygons:
        return []
    bits = bits_of(mesh)
    surface = np.bincount(bits, weights=np.nan_to_num(values(mesh.polygons, "area")))
    is_small = surface < share * surface.sum()
    is_small[surface.argmax()] = False
    if not is_small.any():
        return []
    _delete(mesh, np.flatnonzero(is_small[bits]))
    count, gone = int(is_small.sum()), float(surface[is_small].sum() / surface.sum())
    said = f"{count:,} loose bits were removed, {gone:.0%} of the surface. Set Remove Loose Bits to 0 to keep them."
    return [said] if gone >= TOLD else []


def bits_of(mesh: bpy.types.Mesh) -> Array:
    """For each face the number of its connected part, from 0. Takes a second for 1,000,000 triangles."""
    same, count = _same_points(mesh)
    edges = values(mesh.edges, "vertices", 2, np.int32)
    labels = connected(count, same[edges[:, 0]], same[edges[:, 1]])
    starts = values(mesh.polygons, "loop_start", kind=np.int32)
    corners = values(mesh.loops, "vertex_index", kind=np.int32)
    return np.unique(labels[same[corners[starts]]], return_inverse=True)[1]


def connected(count: int, one: Array, other: Array) -> Array:
    """For each of `count` points the lowest number among the points connected to it. `one` and `other` are the ends of
    the edges.
    """
    roots = np.arange(count)
    while len(one):
        low, high = np.minimum(roots[one], roots[other]), np.maximum(roots[one], roots[other])
        apart = low != high
        one, other = one[apart], other[apart]
        # If several write to the same root, one wins; the next round repeats the others.
        roots[high[apart]] = low[apart]
        while not np.array_equal(roots, further := roots[roots]):
            roots = further
    return roots


def _same_points(mesh: bpy.types.Mesh) -> tuple[Array, int]:
    """For each vertex the number of its position, and how many different positions there are."""
    points = values(mesh.vertices, "co", 3)
    bits = (points + np.float32(0)).view(np.uint32).astype(np.uint64)  # -0 is 0
    places = np.zeros(len(bits), np.uint64)
    for axis, mixer in enumerate(_MIXERS):
        places = (places ^ bits[:, axis]) * mixer
        places ^= places >> np.uint64(29)
    found, numbers = np.unique(places, return_inverse=True)
    return numbers, len(found)


def _delete(mesh: bpy.types.Mesh, faces: Array) -> None:
    import bmesh

    with edited(mesh) as work:
        work.faces.ensure_lookup_table()
        bmesh.ops.delete(work, geom=[work.faces[number] for number in faces.tolist()], context='FACES')
