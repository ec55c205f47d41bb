# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this file a GLB with a mesh in it? Layout after the glTF 2.0 specification, "Binary glTF Layout"."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from .checks import description
from .checks.contents import Binary, check_contents
from .errors import DAMAGED, INCOMPLETE, ModelUnusable

SIZE_LIMIT_BYTES = 512 * 1024 * 1024
"""The service's models have some 2 MB; one of 1,000,000 triangles with two 2048² textures about 60 MB."""

_HEADER = struct.Struct("<4sII")
_CHUNK_HEADER = struct.Struct("<I4s")


def check_glb(path: Path, go_on: Callable[[], object] = lambda: None) -> None:
    """Raises ModelUnusable where `path` is no whole GLB 2.0 with at least one mesh, does not hold together or asks for
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
    if length > description.BYTES_MAX:
        raise ModelUnusable(f"its description has {length:,} bytes")
    return description.parse_description(file.read(length))
