# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what a GLB describes really in it? What Blender's importer is given has to hold together.

After the glTF 2.0 specification: buffers, views, accessors, meshes, nodes. The file is read in small pieces, so that no
single step keeps Python's lock from Blender for long.
"""

import math
import sys
from array import array
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

from .image_header import read_size
from .problems import ModelUnusable

COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
INDEX_CODES = {5121: "B", 5123: "H", 5125: "I"}
FLOAT = 5126
IN_BASE64 = ";base64,"

VERTICES_MAX = 6_000_000
"""In all places where a mesh stands; the largest models of such services have 1,000,000 triangles."""
EMPTY_MAX = 3_000_000
"""Elements of accessors that need no data, because they are all zeros: a small file can hold any number of them."""
NODES_MAX = 1_000
"""The service's models have two. The importer takes 3 s for a thousand, 20 s for three, seven minutes for ten."""
SCENES_MAX = 20
"""The service's models have one. Each becomes one of Blender's, and to remove 500 again takes 7 s."""
PUT_TOGETHER_MAX = 50_000_000
"""Parts of a mesh × its vertices: the importer copies all that it has at each part, and takes 10 s for this many."""
PIXELS_MAX = 8192 * 8192
"""Of a picture; decoded, so many take 256 MB, however small the file that unfolds to them."""
FARTHEST = 1e12
"""Of any point, in metres. Blender's numbers have 32 bits: what is squared and summed must stay below 3e38."""
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
    for view in gltf.get("bufferViews", []):
        size = _at(buffers, view["buffer"])["byteLength"]
        if not 0 <= view.get("byteOffset", 0) <= view.get("byteOffset", 0) + view["byteLength"] <= size:
            raise ModelUnusable("a part of it lies outside of the file")
    for image in gltf.get("images", []):
        if "uri" in image:
            _check_uri(image["uri"])
            # As the importer does it, which passes over what is no base64.
            _check_picture(b64decode(image["uri"].partition(IN_BASE64)[2]))
        else:
            view = _at(gltf["bufferViews"], image["bufferView"])
            binary.file.seek(binary.begins + view.get("byteOffset", 0))
            _check_picture(binary.file.read(view["byteLength"]))


def _check_picture(content: bytes) -> None:
    """How large it says that it is. What does not say it is none that Blender reads."""
    width, height = read_size(BytesIO(content)) or (0, 0)
    if width * height > PIXELS_MAX:
        raise ModelUnusable(f"a picture in it claims to have {width:,} × {height:,} pixels")


def _check_sparse(gltf: dict[str, Any], accessor: dict[str, Any]) -> None:
    """The places of the elements that differ from the others, and what stands there."""
    sparse = accessor["sparse"]
    count, indices, values = sparse["count"], sparse["indices"], sparse["values"]
    if not 0 < count <= accessor["count"]:
        raise ModelUnusable(f"it claims to have {count:,} of something")
    for part, size in (indices, COMPONENT_BYTES[indices["componentType"]]), (values, _element_bytes(accessor)):
        begins = part.get("byteOffset", 0)
        if begins < 0 or begins + count * size > _at(gltf["bufferViews"], part["bufferView"])["byteLength"]:
            raise ModelUnusable("a part of it lies outside of the file")


def _check_uri(uri: str) -> None:
    # Without the second the importer takes it for the path of a file.
    if not uri.startswith("data:") or IN_BASE64 not in uri:
        raise ModelUnusable("it wants other files, which did not come with it")


def _check_accessors(gltf: dict[str, Any]) -> None:
    empty = 0
    for accessor in gltf.get("accessors", []):
        count, size = accessor["count"], _element_bytes(accessor)
        if not 0 <= count <= VERTICES_MAX * 6:
            raise ModelUnusable(f"it claims to have {count:,} of something")
        if "sparse" in accessor:
            _check_sparse(gltf, accessor)
        if "bufferView" not in accessor:
            empty += count
            if empty > EMPTY_MAX:
                raise ModelUnusable(f"it claims to have {empty:,} of nothing")
            continue
        if not count:
            continue
        view = _at(gltf["bufferViews"], accessor["bufferView"])
        begins, stride = accessor.get("byteOffset", 0), view.get("byteStride", size)
        if begins < 0 or stride < size or begins + stride * (count - 1) + size > view["byteLength"]:
            raise ModelUnusable("a part of it lies outside of the file")


def _check_nodes(gltf: dict[str, Any]) -> None:
    """A tree, as the specification wants it: the importer follows children without counting."""
    nodes, scenes = gltf.get("nodes", []), gltf.get("scenes", [])
    count = sum(_places(gltf, node) for node in nodes)
    if count > NODES_MAX:
        raise ModelUnusable(f"it claims to have {count:,} parts")
    if len(scenes) > SCENES_MAX:
        raise ModelUnusable(f"it claims to have {len(scenes):,} scenes")
    for scene in scenes:
        seen: set[int] = set()
        waiting: list[int] = list(scene.get("nodes", []))
        while waiting:
            number = waiting.pop()
            if number in seen:
                raise ModelUnusable("its parts contain each other")
            seen.add(number)
            waiting += _at(nodes, number).get("children", [])


def _places(gltf: dict[str, Any], node: dict[str, Any]) -> int:
    """In how many places a node stands: the importer makes an object of each."""
    instances = node.get("extensions", {}).get("EXT_mesh_gpu_instancing", {}).get("attributes", {})
    return max([1, *(_at(gltf["accessors"], number)["count"] for number in instances.values())])


def _check_meshes(gltf: dict[str, Any], binary: Binary) -> None:
    stands: Counter[int] = Counter()
    for node in gltf.get("nodes", []):
        if "mesh" in node:
            stands[node["mesh"]] += _places(gltf, node)
    in_all = 0
    checked: set[tuple[int, int]] = set()
    for number, mesh in enumerate(gltf["meshes"]):
        vertices = 0
        for part in mesh["primitives"]:
            position = part["attributes"].get("POSITION")
            if position is None:
                continue
            accessor = _at(gltf["accessors"], position)
            vertices += accessor["count"]
            pair = (position, part.get("indices", -1))
            if pair in checked:
                continue
            checked.add(pair)
            _check_positions(gltf, accessor, binary)
            if "indices" in part:
                _check_indices(gltf, _at(gltf["accessors"], part["indices"]), accessor["count"], binary)
        if vertices * len(mesh["primitives"]) > PUT_TOGETHER_MAX:
            raise ModelUnusable(f"a mesh of it is in {len(mesh['primitives']):,} parts")
        in_all += vertices * max(stands[number], 1)
        if in_all > VERTICES_MAX:
            raise ModelUnusable(f"it claims to have more than {VERTICES_MAX:,} vertices")


def _check_positions(gltf: dict[str, Any], accessor: dict[str, Any], binary: Binary) -> None:
    if accessor["componentType"] != FLOAT:
        return
    for piece, step in _pieces(gltf, accessor, binary, "f"):
        for axis in range(3):
            places = piece[axis::step]
            # One that is not finite makes the whole sum so; a sum of floats never overflows a double.
            if not math.isfinite(sum(places)) or max(places) > FARTHEST or min(places) < -FARTHEST:
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
