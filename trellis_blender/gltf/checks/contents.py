# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what a GLB describes really in it? What Blender's importer is given has to be consistent.

After the glTF 2.0 specification: buffers, views, accessors, nodes, meshes. How much the importer would have to do is
counted in `workload`. The file is read in small pieces, so that no single step keeps Python's lock from Blender for
long; the time is a multiple of the file's size.
"""

import math
import sys
from array import array
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

from ..errors import (
    DAMAGED,
    DAMAGED_PART,
    HALF_A_TRIANGLE,
    INCOMPLETE,
    NO_PICTURE,
    NO_SUCH_POINT,
    NOT_FINITE,
    OUTSIDE,
    ModelUnusable,
)
from ..layout import ATTRIBUTE_TYPES, COMPONENT_BYTES, FLOAT, INDEX_CODES, at, element_bytes
from . import compression, workload
from .pictures import IN_BASE64, check_pictures

SCENES_MAX = 20
"""The service's models have one. Each becomes one of Blender's, and to remove 500 again takes 7 s."""
COUNT_MAX = 36_000_000
"""Of the elements of one accessor."""
FARTHEST = 1e12
"""Of any point, in metres. Blender's numbers have 32 bits: what is squared and summed must stay below 3e38."""
READ_TIMES, READ_LEAST_BYTES = 8, 1_000_000
"""How often the file's size is read in all: numbers may stand between each other, and be shared."""
PIECE = 1 << 16
"""Elements looked at in one go, some 2 ms."""
CORNERS = {0: (1, 1), 1: (2, 2), 2: (2, 1), 3: (2, 1), 4: (3, 3), 5: (3, 1), 6: (3, 1)}
"""Of a part by its mode, from points to a fan of triangles: the fewest, and of how many it has a multiple."""


class Binary(NamedTuple):
    """The binary chunk: where it begins in the file, and its length in bytes."""

    file: BinaryIO
    begins: int
    length: int


def check_contents(gltf: dict[str, Any], binary: Binary, size: int, go_on: Callable[[], object]) -> None:
    """Raises ModelUnusable where the description points outside of the file, at another one, or at nonsense, or asks
    for more than a file of `size` bytes should; and what `go_on` raises, which is called now and then.
    """
    try:
        _check_sources(gltf, binary)
        check_pictures(gltf, binary.file, binary.begins, size, go_on)
        _check_accessors(gltf, size)
        _check_nodes(gltf)
        workload.check(gltf, size)
        _Contents(gltf, binary, size, go_on).check()
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError, AssertionError):
        raise ModelUnusable(DAMAGED) from None


def _check_sources(gltf: dict[str, Any], binary: Binary) -> None:
    """Everything has to be in this file: a model must not make Blender open others."""
    buffers = gltf.get("buffers", [])
    for number, buffer in enumerate(buffers):
        if "uri" in buffer:
            _check_uri(buffer["uri"])
        elif compression.is_stand_in(buffer):
            continue
        elif number or not 0 <= buffer["byteLength"] <= binary.length:
            raise ModelUnusable(INCOMPLETE)
    decompressed = 0
    for view in gltf.get("bufferViews", []):
        _check_within(view, at(buffers, view["buffer"]))
        compressed = compression.of_view(view)
        if compressed is not None:
            compression.check_view(view, compressed)
            decompressed += view["byteLength"]
            if decompressed > compression.DECOMPRESSED_MAX_BYTES:
                raise ModelUnusable(f"its compressed parts claim to have {decompressed:,} bytes")
            _check_within(compressed, at(buffers, compressed["buffer"]))
            holder = at(buffers, compressed["buffer"])
        else:
            holder = at(buffers, view["buffer"])
        if compression.is_stand_in(holder):
            raise ModelUnusable(INCOMPLETE)
    for image in gltf.get("images", []):
        if "uri" in image:
            _check_uri(image["uri"])
        elif compression.of_view(at(gltf["bufferViews"], image["bufferView"])) is not None:
            raise ModelUnusable(NO_PICTURE)


def _check_within(part: dict[str, Any], buffer: dict[str, Any]) -> None:
    begins, length = part.get("byteOffset", 0), part["byteLength"]
    if begins < 0 or length < 0 or begins + length > buffer["byteLength"]:
        raise ModelUnusable(OUTSIDE)


def _check_sparse(gltf: dict[str, Any], accessor: dict[str, Any]) -> None:
    """The places of the elements that differ from the others, and what stands there."""
    sparse = accessor["sparse"]
    count, indices, values = sparse["count"], sparse["indices"], sparse["values"]
    if not 0 < count <= accessor["count"]:
        raise ModelUnusable(f"it claims to have {count:,} of something")
    for part, size in (indices, COMPONENT_BYTES[indices["componentType"]]), (values, element_bytes(accessor)):
        begins = part.get("byteOffset", 0)
        if begins < 0 or begins + count * size > at(gltf["bufferViews"], part["bufferView"])["byteLength"]:
            raise ModelUnusable(OUTSIDE)


def _check_uri(uri: str) -> None:
    # Without the second the importer takes it for the path of a file.
    if not uri.startswith("data:") or IN_BASE64 not in uri:
        raise ModelUnusable("it needs other files, which were not delivered with it")


def _check_accessors(gltf: dict[str, Any], size: int) -> None:
    packed = compression.accessors_in_draco(gltf)
    empty = 0
    for number, accessor in enumerate(gltf.get("accessors", [])):
        count, element = accessor["count"], element_bytes(accessor)
        if not 0 <= count <= COUNT_MAX:
            raise ModelUnusable(f"it claims to have {count:,} of something")
        if "sparse" in accessor:
            _check_sparse(gltf, accessor)
        if "bufferView" not in accessor:
            empty += count if number not in packed else 0
            if empty > workload.FREE_VALUES + size:
                raise ModelUnusable(f"it claims to have {empty:,} of nothing")
            continue
        if not count:
            continue
        view = at(gltf["bufferViews"], accessor["bufferView"])
        begins, stride = accessor.get("byteOffset", 0), view.get("byteStride", element)
        if begins < 0 or stride < element or begins + stride * (count - 1) + element > view["byteLength"]:
            raise ModelUnusable(OUTSIDE)


def _check_nodes(gltf: dict[str, Any]) -> None:
    """A tree, as the specification wants it: the importer follows children without counting."""
    nodes, scenes = gltf.get("nodes", []), gltf.get("scenes", [])
    if len(scenes) > SCENES_MAX:
        raise ModelUnusable(f"it claims to have {len(scenes):,} scenes")
    parents = [0] * len(nodes)
    for node in nodes:
        for child in node.get("children", []):
            at(nodes, child)
            parents[child] += 1
            if parents[child] > 1:
                raise ModelUnusable("its parts contain each other")
    # With one parent each, what no root leads to is a ring.
    waiting = [number for number, count in enumerate(parents) if not count]
    reached = len(waiting)
    while waiting:
        children = nodes[waiting.pop()].get("children", [])
        reached += len(children)
        waiting += children
    if reached < len(nodes):
        raise ModelUnusable("its parts contain each other")
    for scene in scenes:
        roots: list[int] = scene.get("nodes", [])
        if len(set(roots)) < len(roots):
            raise ModelUnusable("its parts contain each other")
        for root in roots:
            at(nodes, root)


class _Contents:
    """The numbers of the meshes. What several parts share is looked at once."""

    def __init__(self, gltf: dict[str, Any], binary: Binary, size: int, go_on: Callable[[], object]) -> None:
        self.gltf, self.binary, self.go_on = gltf, binary, go_on
        self.left = READ_LEAST_BYTES + READ_TIMES * size
        self.points_seen: set[int] = set()
        self.highest: dict[int, int] = {}

    def check(self) -> None:
        for mesh in self.gltf["meshes"]:
            for part in mesh["primitives"]:
                self._check_part(part)

    def _check_part(self, part: dict[str, Any]) -> None:
        position, indices = part["attributes"].get("POSITION"), part.get("indices")
        if position is None:
            return
        accessor = at(self.gltf["accessors"], position)
        self._check_points(position)
        self._check_draco(part)
        corners = accessor["count"] if indices is None else at(self.gltf["accessors"], indices)["count"]
        fewest, multiple = CORNERS[part.get("mode", 4)]
        if corners and (corners < fewest or corners % multiple):
            raise ModelUnusable(HALF_A_TRIANGLE)
        if indices is not None and self._highest(indices) >= accessor["count"]:
            raise ModelUnusable(NO_SUCH_POINT)

    def _check_draco(self, part: dict[str, Any]) -> None:
        packed = part.get("extensions", {}).get(compression.DRACO)
        if packed is None:
            return
        view, accessors = self.gltf["bufferViews"][packed["bufferView"]], self.gltf["accessors"]
        if "uri" in self.gltf["buffers"][view["buffer"]] or compression.of_view(view) is not None:
            raise ModelUnusable(DAMAGED_PART)
        self.binary.file.seek(self.binary.begins + view.get("byteOffset", 0))
        start = self.binary.file.read(min(view["byteLength"], compression.DRACO_START_BYTES))
        for name in packed["attributes"]:
            # The decoder writes as many numbers as the compressed data has, which are those of the specification.
            wanted = ATTRIBUTE_TYPES.get(name.partition("_")[0])
            if wanted and at(accessors, part["attributes"][name])["type"] not in wanted:
                raise ModelUnusable(DAMAGED_PART)
        vertices = max(at(accessors, part["attributes"][name])["count"] for name in packed["attributes"])
        compression.check_draco(start, at(accessors, part["indices"])["count"], vertices)

    def _check_points(self, number: int) -> None:
        accessor = self.gltf["accessors"][number]
        if number in self.points_seen or accessor["componentType"] != FLOAT:
            return
        self.points_seen.add(number)
        for piece, step in self._all_pieces(accessor, "f"):
            for axis in range(3):
                places = piece[axis::step]
                # One that is not finite makes the whole sum so; a sum of floats never overflows a double.
                if not math.isfinite(sum(places)) or max(places) > FARTHEST or min(places) < -FARTHEST:
                    raise ModelUnusable(NOT_FINITE)

    def _highest(self, number: int) -> int:
        """The highest of the indices; -1 where they cannot be read here: then Blender's importer notices."""
        if number not in self.highest:
            accessor = self.gltf["accessors"][number]
            pieces = self._all_pieces(accessor, INDEX_CODES[accessor["componentType"]])
            self.highest[number] = max((max(piece[::step]) for piece, step in pieces), default=-1)
        return self.highest[number]

    def _all_pieces(self, accessor: dict[str, Any], code: str) -> Iterator[tuple[Any, int]]:
        """As `_pieces`, with the elements that stand elsewhere, where there are such."""
        yield from self._pieces(accessor, code)
        if "sparse" in accessor:
            others = accessor["sparse"]
            kind = {name: accessor[name] for name in ("componentType", "type")}
            yield from self._pieces({**others["values"], **kind, "count": others["count"]}, code)

    def _pieces(self, accessor: dict[str, Any], code: str) -> Iterator[tuple[Any, int]]:
        """The accessor's numbers in pieces, and after how many of them the next element begins.

        Nothing for what is not in the binary chunk as it is, or laid out so that numbers do not stand at multiples of
        their size.
        """
        if "bufferView" not in accessor:
            return
        view = self.gltf["bufferViews"][accessor["bufferView"]]
        if "uri" in self.gltf["buffers"][view["buffer"]] or compression.of_view(view) is not None:
            return
        size, width = element_bytes(accessor), array(code).itemsize
        stride = view.get("byteStride", size)
        if stride % width:
            return
        begins = self.binary.begins + view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        at_once = max(PIECE * size // stride, 1)
        for first in range(0, accessor["count"], at_once):
            self.go_on()
            count = min(at_once, accessor["count"] - first)
            length = (count - 1) * stride + size
            self.left -= length
            if self.left < 0:
                raise ModelUnusable("its parts overlap")
            self.binary.file.seek(begins + first * stride)
            piece: array[Any] = array(code)
            piece.frombytes(self.binary.file.read(length))
            if sys.byteorder == "big":
                piece.byteswap()
            yield piece, stride // width
