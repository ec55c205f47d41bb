# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what a GLB describes really in it? What Blender's importer is given has to hold together.

After the glTF 2.0 specification: buffers, views, accessors, meshes, nodes. The file is read in small pieces, so that no
single step keeps Python's lock from Blender for long.
"""

import math
import sys
from array import array
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from .problems import ModelUnusable

COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
INDEX_CODES = {5121: "B", 5123: "H", 5125: "I"}
FLOAT = 5126

VERTICES_MAX = 20_000_000
"""All meshes together; the largest models of such services have 1,000,000 triangles."""
NODES_MAX = 100_000
PIECE = 1 << 16
"""Elements looked at in one go, some 2 ms."""


class Binary(NamedTuple):
    """The binary chunk: where it begins in the file, and its length in bytes."""

    file: BinaryIO
    begins: int
    length: int


def check_contents(gltf: dict[str, Any], binary: Binary) -> None:
    """Raises ModelUnusable where the description points outside of the file, at another one, or at nonsense."""
    try:
        _check_sources(gltf, binary)
        _check_accessors(gltf)
        _check_nodes(gltf)
        _check_meshes(gltf, binary)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError):
        raise ModelUnusable("its description is damaged") from None


def _check_sources(gltf: dict[str, Any], binary: Binary) -> None:
    """Everything has to be in this file: a model must not make Blender open others."""
    buffers = gltf.get("buffers", [])
    for number, buffer in enumerate(buffers):
        if "uri" in buffer:
            _check_uri(buffer["uri"])
        elif number or not 0 <= buffer["byteLength"] <= binary.length:
            raise ModelUnusable("it is cut short, or its parts are")
    for image in gltf.get("images", []):
        if "uri" in image:
            _check_uri(image["uri"])
        else:
            _at(gltf["bufferViews"], image["bufferView"])
    for view in gltf.get("bufferViews", []):
        size = _at(buffers, view["buffer"])["byteLength"]
        if not 0 <= view.get("byteOffset", 0) <= view.get("byteOffset", 0) + view["byteLength"] <= size:
            raise ModelUnusable("a part of it lies outside of the file")


def _check_uri(uri: str) -> None:
    if not uri.startswith("data:"):
        raise ModelUnusable("it wants other files, which did not come with it")


def _check_accessors(gltf: dict[str, Any]) -> None:
    for accessor in gltf.get("accessors", []):
        count, size = accessor["count"], _element_bytes(accessor)
        if not 0 <= count <= VERTICES_MAX * 6:
            raise ModelUnusable(f"it claims to have {count:,} of something")
        if "bufferView" not in accessor or not count:
            continue
        view = _at(gltf["bufferViews"], accessor["bufferView"])
        begins, stride = accessor.get("byteOffset", 0), view.get("byteStride", size)
        if begins < 0 or stride < size or begins + stride * (count - 1) + size > view["byteLength"]:
            raise ModelUnusable("a part of it lies outside of the file")


def _check_nodes(gltf: dict[str, Any]) -> None:
    """A tree, as the specification wants it: the importer follows children without counting."""
    nodes, scenes = gltf.get("nodes", []), gltf.get("scenes", [])
    if len(nodes) > NODES_MAX:
        raise ModelUnusable(f"it claims to have {len(nodes):,} parts")
    for scene in scenes:
        seen: set[int] = set()
        waiting: list[int] = list(scene.get("nodes", []))
        while waiting:
            number = waiting.pop()
            if number in seen:
                raise ModelUnusable("its parts contain each other")
            seen.add(number)
            waiting += _at(nodes, number).get("children", [])


def _check_meshes(gltf: dict[str, Any], binary: Binary) -> None:
    vertices = 0
    checked: set[int] = set()
    for mesh in gltf["meshes"]:
        for part in mesh["primitives"]:
            position = part["attributes"].get("POSITION")
            if position is None:
                continue
            accessor = _at(gltf["accessors"], position)
            vertices += accessor["count"]
            if vertices > VERTICES_MAX:
                raise ModelUnusable(f"it claims to have more than {VERTICES_MAX:,} vertices")
            if position not in checked:
                checked.add(position)
                _check_positions(gltf, accessor, binary)
            if "indices" in part:
                _check_indices(gltf, _at(gltf["accessors"], part["indices"]), accessor["count"], binary)


def _check_positions(gltf: dict[str, Any], accessor: dict[str, Any], binary: Binary) -> None:
    if accessor["componentType"] != FLOAT:
        return
    for piece, step in _pieces(gltf, accessor, binary, "f"):
        # One that is not finite makes the whole sum so; a sum of floats never overflows a double.
        if not all(math.isfinite(sum(piece[axis::step])) for axis in range(3)):
            raise ModelUnusable("some of its points lie nowhere")


def _check_indices(gltf: dict[str, Any], accessor: dict[str, Any], vertices: int, binary: Binary) -> None:
    for piece, step in _pieces(gltf, accessor, binary, INDEX_CODES[accessor["componentType"]]):
        if max(piece[::step]) >= vertices:
            raise ModelUnusable("some of its triangles have corners that are not there")


def _pieces(gltf: dict[str, Any], accessor: dict[str, Any], binary: Binary, code: str) -> Iterator[tuple[Any, int]]:
    """The accessor's numbers in pieces, and after how many of them the next element begins.

    Nothing for what is not in the binary chunk, or laid out so that numbers do not stand at multiples of their size.
    """
    if "bufferView" not in accessor:
        return
    view = gltf["bufferViews"][accessor["bufferView"]]
    if "uri" in gltf["buffers"][view["buffer"]]:
        return
    size, width = _element_bytes(accessor), array(code).itemsize
    stride = view.get("byteStride", size)
    if stride % width:
        return
    begins = binary.begins + view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    for first in range(0, accessor["count"], PIECE):
        count = min(PIECE, accessor["count"] - first)
        binary.file.seek(begins + first * stride)
        piece: array[Any] = array(code)
        piece.frombytes(binary.file.read((count - 1) * stride + size))
        if sys.byteorder == "big":
            piece.byteswap()
        yield piece, stride // width


def _element_bytes(accessor: dict[str, Any]) -> int:
    return COMPONENT_BYTES[accessor["componentType"]] * COMPONENTS[accessor["type"]]


def _at(items: list[Any], number: int) -> Any:
    """The item at an index, which must not count from the end."""
    if number < 0:
        raise IndexError
    return items[number]
