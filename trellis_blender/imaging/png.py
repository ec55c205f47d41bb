# SPDX-License-Identifier: GPL-3.0-or-later
"""PNG files: what they consist of, and pixels encoded as one, in a thread. Layout after the PNG specification."""

import struct
import zlib
from collections.abc import Iterator, Sequence

from .picture import Picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR, COLOUR_AND_ALPHA = 0, 2, 6
"""Colour types of the specification."""
CHANNELS = {GREY: 1, COLOUR: 3, 3: 1, 4: 2, COLOUR_AND_ALPHA: 4}
"""By the colour type; 3 is a palette, 4 grey and alpha."""
HEADER = struct.Struct(">IIBBBBB")
"""Width, height, bits per channel, colour type, compression, filter method, interlace."""
COMPRESSION_LEVEL = 3
"""Level 3 takes a third of level 6's time for a few per cent more bytes."""


def encode_png(picture: Picture) -> bytes:
    """The picture as a PNG file without any metadata."""
    stride = picture.width * 4
    rows = b"".join(b"\0" + picture.rgba[start : start + stride] for start in range(0, stride * picture.height, stride))
    return png_of(rows, picture.width, picture.height, COLOUR_AND_ALPHA)


def grey_png(greys: Sequence[int]) -> bytes:
    """A PNG file with one row of 16-bit greys."""
    return png_of(b"\0" + struct.pack(f">{len(greys)}H", *greys), len(greys), 1, GREY, bits=16)


def png_of(rows: bytes, width: int, height: int, colour_type: int, *, bits: int = 8) -> bytes:
    """A PNG file of these rows, each of which starts with the number of its filter; `bits` is per channel."""
    header = HEADER.pack(width, height, bits, colour_type, 0, 0, 0)
    packed = zlib.compress(rows, COMPRESSION_LEVEL)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def chunks(content: bytes) -> Iterator[tuple[bytes, memoryview, int]]:
    """The kind, the body and the checksum of each, up to the one that is the end."""
    place, kind, view = len(SIGNATURE), b"", memoryview(content)
    while place + 12 <= len(content) and kind != b"IEND":
        end = place + 8 + int.from_bytes(content[place : place + 4], "big")
        kind = content[place + 4 : place + 8]
        yield kind, view[place + 8 : end], int.from_bytes(content[end : end + 4], "big")
        place = end + 4


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
