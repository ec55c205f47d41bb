# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this file a GLB with a mesh in it? Layout after the glTF 2.0 specification, "Binary glTF Layout"."""

import json
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from .checks.contents import Binary, check_contents
from .errors import DAMAGED, INCOMPLETE, ModelUnusable

SIZE_LIMIT_BYTES = 512 * 1024 * 1024
"""The service's models have some 2 MB; one of 1,000,000 triangles with two 2048² textures about 60 MB."""
DESCRIPTION_BYTES_MAX = 8 * 1024 * 1024
"""The service's models have some 2 KB; pictures may stand in it as base64."""
VALUES_MAX = 200_000
"""Values, and their names. A model of 1,000 parts has some 40,000; so many are parsed in 40 ms."""
DIGITS_MAX = 400
"""Of a whole number: reading one takes time with the square of them."""
DEPTH_MAX = 64
"""Blender's importer and the parser follow them by calling themselves."""

_HEADER = struct.Struct("<4sII")
_CHUNK_HEADER = struct.Struct("<I4s")


def check_glb(path: Path, go_on: Callable[[], object] = lambda: None) -> None:
    """Raises ModelUnusable where `path` is no whole GLB 2.0 with at least one mesh, is not consistent or asks for
    more than its size allows; and what `go_on` raises, by which it can be stopped. Not for the main thread.
    """
    with path.open("rb") as file:
        checked(file, path.stat().st_size, go_on)


def read_gltf(path: Path) -> dict[str, Any]:
    """The JSON part of a GLB; ModelUnusable where there is none."""
    with path.open("rb") as file:
        file.seek(_HEADER.size)
        return _read_json_chunk(file, path.stat().st_size)


def checked(file: BinaryIO, size: int, go_on: Callable[[], object]) -> tuple[dict[str, Any], Binary]:
    """The description of an open GLB of `size` bytes, and where its binary chunk is. Raises as `check_glb`."""
    start = file.read(_HEADER.size)
    if start.lstrip()[:1] == b"<":
        raise ModelUnusable("it is a web page, not a model")
    if len(start) < _HEADER.size or start[:4] != b"glTF":
        raise ModelUnusable("it is not a GLB file")
    _, version, length = _HEADER.unpack(start)
    if version != 2:
        raise ModelUnusable(f"it is a GLB of version {version}, and Blender reads version 2")
    if length != size:
        raise ModelUnusable(f"{INCOMPLETE} or padded: {size:,} bytes instead of {length:,}")
    gltf = _read_json_chunk(file, size)
    if not gltf.get("meshes"):
        raise ModelUnusable("there is no mesh in it")
    binary = _binary_chunk(file, size)
    check_contents(gltf, binary, size, go_on)
    return gltf, binary


def _binary_chunk(file: BinaryIO, size: int) -> Binary:
    """Where the binary chunk is; of no length where there is none. The file stands behind the description."""
    head = file.read(_CHUNK_HEADER.size)
    if len(head) < _CHUNK_HEADER.size:
        return Binary(file, size, 0)
    length, kind = _CHUNK_HEADER.unpack(head)
    begins = file.tell()
    if kind != b"BIN\0" or begins + length > size:
        raise ModelUnusable(INCOMPLETE)
    return Binary(file, begins, length)


def _read_json_chunk(file: BinaryIO, size: int) -> dict[str, Any]:
    head = file.read(_CHUNK_HEADER.size)
    if len(head) < _CHUNK_HEADER.size:
        raise ModelUnusable("it is an empty GLB file")
    length, kind = _CHUNK_HEADER.unpack(head)
    if kind != b"JSON" or length > size:
        raise ModelUnusable(DAMAGED)
    if length > DESCRIPTION_BYTES_MAX:
        raise ModelUnusable(f"its description has {length:,} bytes")
    return parse_description(file.read(length))


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= DIGITS_MAX else math.inf


def parse_description(content: bytes) -> dict[str, Any]:
    """The JSON part, bounded before it is parsed: Python holds its lock all the while. Raises ModelUnusable for what is
    no JSON object, or has too much in it."""
    # Each value but the first, and each name, stands behind one of these; those within strings count as well.
    if sum(map(content.count, (b",", b"[", b"{", b":"))) > VALUES_MAX:
        raise ModelUnusable("its description has too many parts")
    try:
        gltf: object = json.loads(content, parse_int=_whole)
    except (ValueError, RecursionError):
        gltf = None
    if not isinstance(gltf, dict):
        raise ModelUnusable(DAMAGED)
    _check_depth(gltf)
    return cast("dict[str, Any]", gltf)


def _check_depth(gltf: Any) -> None:
    level: list[Any] = [gltf]
    for _ in range(DEPTH_MAX):
        held: list[Any] = [holder.values() if hasattr(holder, "values") else holder for holder in level]
        level = [item for items in held for item in items if isinstance(item, dict | list)]
        if not level:
            return
    raise ModelUnusable("its description is too deep")
