# SPDX-License-Identifier: GPL-3.0-or-later
"""What the beginning of an image file tells without decoding it: its size, and how it is to be turned. No Blender.

Sources: the PNG specification, ITU-T T.81 for JPEG, RFC 9649 for WebP, and Exif 2.32 for the orientation (tag 274).
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

UPRIGHT = 1
_ORIENTATION_TAG = 274
_CHUNK_LIMIT_BYTES = 1_000_000
"""No camera writes more Exif than a JPEG segment has room for, 64 KB."""
_CHUNKS_MAX = 1000


class Header(NamedTuple):
    """`size` is width and height in pixels as stored, None where the kind is not known here; `orientation` Exif's 1–8:
    1 is upright, 6 is to be turned by a quarter clockwise.
    """

    size: tuple[int, int] | None = None
    orientation: int = UPRIGHT


def read_header(file: BinaryIO) -> Header:
    """The header of a PNG, JPEG or WebP, read from its beginning. Never raises for what is none of them or broken."""
    start = file.read(12)
    try:
        if start[:8] == b"\x89PNG\r\n\x1a\n":
            return _summed(_png(file))
        if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
            return _summed(_webp(file))
        if start[:2] == b"\xff\xd8":
            return _summed(_jpeg(file))
    except (struct.error, IndexError):
        pass
    return Header()


def _summed(found: Iterator[Header]) -> Header:
    size, orientation = None, UPRIGHT
    try:
        for header in found:
            size = size or header.size
            orientation = orientation if orientation != UPRIGHT else header.orientation
    except (struct.error, IndexError):
        pass
    return Header(size, orientation)


def _png(file: BinaryIO) -> Iterator[Header]:
    file.seek(8)
    for _ in range(_CHUNKS_MAX):
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"IEND":
            return
        if kind == b"IHDR":
            yield Header(struct.unpack(">II", file.read(8)))
            length -= 8
        elif kind == b"eXIf" and length <= _CHUNK_LIMIT_BYTES:
            yield Header(orientation=_orientation(file.read(length)))
            length = 0
        file.seek(length + 4, 1)


def _webp(file: BinaryIO) -> Iterator[Header]:
    file.seek(12)
    for _ in range(_CHUNKS_MAX):
        kind, length = struct.unpack("<4sI", file.read(8))
        wanted = kind in {b"VP8X", b"VP8 ", b"VP8L", b"EXIF"}
        body = file.read(min(length, _CHUNK_LIMIT_BYTES)) if wanted else b""
        if kind == b"VP8X":
            yield Header((1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")))
        elif kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
            width, height = struct.unpack("<HH", body[6:10])
            yield Header((width & 0x3FFF, height & 0x3FFF))
        elif kind == b"VP8L":
            bits = int.from_bytes(body[1:5], "little")
            yield Header((1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)))
        elif kind == b"EXIF":
            yield Header(orientation=_orientation(body.removeprefix(b"Exif\0\0")))
        file.seek(length - len(body) + length % 2, 1)


def _jpeg(file: BinaryIO) -> Iterator[Header]:
    file.seek(2)
    for _ in range(_CHUNKS_MAX):
        mark, kind, length = struct.unpack(">BBH", file.read(4))
        if mark != 0xFF:
            return
        if 0xC0 <= kind <= 0xCF and kind not in {0xC4, 0xC8, 0xCC}:
            _, height, width = struct.unpack(">BHH", file.read(5))
            yield Header((width, height))
            return
        body = file.read(length - 2) if kind == 0xE1 else b""
        if body[:6] == b"Exif\0\0":
            yield Header(orientation=_orientation(body[6:]))
        file.seek(length - 2 - len(body), 1)


def _orientation(exif: bytes) -> int:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return UPRIGHT
    (at,) = struct.unpack_from(f"{order}I", exif, 4)
    (count,) = struct.unpack_from(f"{order}H", exif, at)
    for entry in range(min(count, _CHUNKS_MAX)):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, at + 2 + 12 * entry)
        if tag == _ORIENTATION_TAG:
            return value if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT
