# SPDX-License-Identifier: GPL-3.0-or-later
"""One mesh out of many parts: vertices at one place become one, triangles that are none go, edges are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .accessors import pieces
from .equal_rows import first_equals, in_order, mixed
from .errors import NO_SURFACE, ModelUnusable
from .model import Floats, Ints

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags: TypeAlias = NDArray[np.bool_]
else:
    Flags = Any

GoOn: TypeAlias = Callable[[], object]


class Surface(NamedTuple):
    """Welded: (V, 3) positions, (3T,) vertices of corners, and which of the triangles that were given are in it."""

    positions: Floats
    corners: Ints
    kept: Flags | None
    """(given triangles,); None for all of them."""
    degenerate: int
    doubled: int


class Edges(NamedTuple):
    """(E, 2) vertices, (3T,) edges of corners, (E,) angles, as MeshArrays has them."""

    edges: Ints
    corner_edges: Ints
    angles: Floats


def weld(positions: Floats, corners: Ints, go_on: GoOn) -> Surface:
    """Makes one vertex of all whose three coordinates are equal, bit for bit but for the sign of 0, however far apart
    they stand in the file and whatever normals, UVs or colours they have there.

    That is what Blender's importer does with "Merge Vertices", object by object, where it is not to keep normals.
    Then it drops triangles two corners of which are one vertex, and those with the three vertices of an earlier one,
    as the importer does (`Mesh.validate`), and vertices that are left without a triangle. The others keep their order.
    """
    import numpy as np

    positions += np.float32(0)  # -0.0 is 0.0
    bits = positions.view(np.uint32)
    positions, corners = _merged(positions, corners, first_equals([bits[:, axis] for axis in range(3)], go_on), go_on)
    kept = _whole(corners, go_on)
    degenerate = len(kept) - int(np.count_nonzero(kept))
    if degenerate:
        corners = taken(corners, kept)
    doubled = 0
    if may_be_doubled(corners, go_on):
        is_first = _first_of_their_vertices(corners, go_on)
        doubled = len(is_first) - int(np.count_nonzero(is_first))
        corners = taken(corners, is_first)
        kept[kept] = is_first
    if not degenerate and not doubled:
        return Surface(positions, corners, None, 0, 0)
    if not len(corners):
        raise ModelUnusable(NO_SURFACE)
    uses: Flags = np.zeros(len(positions), np.bool_)
    uses[corners] = True
    place = np.cumsum(uses, dtype=np.int32) - 1
    return Surface(positions[uses], place[corners].astype(np.int32), kept, degenerate, doubled)


def taken(values: Any, kept: Flags) -> Any:
    """Of (3T, …) values of corners those of the triangles that are kept."""
    return values.reshape(len(kept), 3, *values.shape[1:])[kept].reshape(-1, *values.shape[1:])


def find_edges(positions: Floats, corners: Ints, go_on: GoOn) -> Edges:
    """Each edge once, in the order in which the triangles come to it."""
    import numpy as np

    count = len(corners)
    ends = np.empty((count, 2), np.int32)
    for piece in _whole_triangles(count, go_on):
        here = corners[piece]
        there = here.reshape(-1, 3)[:, [1, 2, 0]].reshape(-1)
        np.minimum(here, there, out=ends[piece, 0])
        np.maximum(here, there, out=ends[piece, 1])
    bits = ends.view(np.uint32)
    firsts = first_equals([bits[:, 0], bits[:, 1]], go_on)
    begins, corner_edges = _numbered(firsts, go_on)
    edges = ends[begins]
    del ends, firsts
    normals = _normals(positions, corners, go_on)
    return Edges(edges, corner_edges, _angles(corners, corner_edges, begins, normals, go_on))


def _merged(positions: Floats, corners: Ints, firsts: Ints, go_on: GoOn) -> tuple[Floats, Ints]:
    import numpy as np

    leaders, place = _numbered(firsts, go_on)
    merged = np.empty_like(corners)
    for piece in pieces(len(corners), go_on):
        merged[piece] = place[corners[piece]]
    return positions[leaders], merged


def _numbered(firsts: Ints, go_on: GoOn) -> tuple[Ints, Ints]:
    """Out of the first equal of each row: the rows that are first, and for each row which of these it equals."""
    import numpy as np

    is_first: Flags = np.zeros(len(firsts), np.bool_)
    for piece in pieces(len(firsts), go_on):
        is_first[piece] = firsts[piece] == np.arange(piece.start, piece.stop, dtype=np.int32)
    go_on()
    number = np.cumsum(is_first, dtype=np.int32)
    number -= 1
    numbers = np.empty(len(firsts), np.int32)
    for piece in pieces(len(firsts), go_on):
        numbers[piece] = number[firsts[piece]]
    return np.flatnonzero(is_first).astype(np.int32), numbers


def _whole(corners: Ints, go_on: GoOn) -> Flags:
    """(T,): which triangles have three different vertices."""
    import numpy as np

    found = np.empty(len(corners) // 3, np.bool_)
    for piece in pieces(len(found), go_on):
        a, b, c = corners[piece.start * 3 : piece.stop * 3].reshape(-1, 3).T
        found[piece] = (a != b) & (b != c) & (c != a)
    return found


def may_be_doubled(corners: Ints, go_on: GoOn) -> bool:
    """Whether two triangles may have the same vertices; False is certain. Cheaper than to look for them."""
    import numpy as np

    sums = np.empty(len(corners) // 3, np.uint64)
    for piece in pieces(len(sums), go_on):
        some = corners[piece.start * 3 : piece.stop * 3].view(np.uint32)
        sums[piece] = mixed([some], lambda: None).reshape(-1, 3).sum(axis=1, dtype=np.uint64)
    sums = in_order(sums, go_on)
    return bool((sums[1:] == sums[:-1]).any())


def _first_of_their_vertices(corners: Ints, go_on: GoOn) -> Flags:
    """(T,): which triangles have not the three vertices of an earlier one."""
    import numpy as np

    vertices = np.empty((len(corners) // 3, 3), np.int32)
    for piece in pieces(len(vertices), go_on):
        vertices[piece] = np.sort(corners[piece.start * 3 : piece.stop * 3].reshape(-1, 3), axis=1)
    bits = vertices.view(np.uint32)
    firsts = first_equals([bits[:, each] for each in range(3)], go_on)
    return firsts == np.arange(len(firsts), dtype=np.int32)


def _whole_triangles(corners: int, go_on: GoOn) -> Iterator[slice]:
    for piece in pieces(corners // 3, go_on):
        yield slice(piece.start * 3, piece.stop * 3)


def _normals(positions: Floats, corners: Ints, go_on: GoOn) -> Floats:
    """(T, 3), of length 1; 0 for a triangle without area, as Blender has it."""
    import numpy as np

    normals = np.empty((len(corners) // 3, 3), np.float32)
    for piece in pieces(len(normals), go_on):
        at = positions[corners[piece.start * 3 : piece.stop * 3]].reshape(-1, 3, 3).astype(np.float64)
        ax, ay, az = (at[:, 1] - at[:, 0]).T
        bx, by, bz = (at[:, 2] - at[:, 0]).T
        across = np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)
        length = np.sqrt(np.einsum("ij,ij->i", across, across))
        normals[piece] = across / np.where(length > 0, length, 1.0)[:, None]
    return normals


def _angles(corners: Ints, corner_edges: Ints, begins: Ints, normals: Floats, go_on: GoOn) -> Floats:
    """(E,): see MeshArrays.edge_angles. `begins` is the first corner of each edge.

    After `build_edge_to_corner_map_with_flip_and_sharp` in Blender's mesh_normals.cc, which looks at two faces only.
    """
    import numpy as np

    second = begins.copy()
    # From behind: of several the first one is written last.
    for piece in reversed(list(pieces(len(corners), go_on))):
        edge, corner = corner_edges[piece], np.arange(piece.start, piece.stop, dtype=np.int32)
        is_later = begins[edge] != corner
        second[edge[is_later][::-1]] = corner[is_later][::-1]
        go_on()
    angles = np.empty(len(begins), np.float32)
    for piece in pieces(len(begins), go_on):
        one, other = begins[piece], second[piece]
        between = np.einsum("ij,ij->i", normals[one // 3], normals[other // 3], dtype=np.float64)
        some = np.arccos(np.clip(between, -1.0, 1.0))
        some[one == other] = 0.0
        angles[piece] = some
    return angles
