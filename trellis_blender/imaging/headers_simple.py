# SPDX-License-Identifier: GPL-3.0-or-later
"""The sizes of images whose header is at the very beginning: BMP, TGA, OpenEXR, Radiance HDR. No bpy.

Sources: Microsoft's BITMAPINFOHEADER, Truevision's TGA specification 2.0, the OpenEXR file layout, Ward's RGBE format.
"""

import re
import struct

from .kinds import kind_of

START_BYTES = 65_536
"""More than the header of any camera or renderer."""
_BMP_CORE_BYTES = 12
_TOLD_HERE = frozenset({"BMP", "OpenEXR", "Radiance HDR", ""})
"""TGA has no signature: a file of no other format may be a TGA."""
_TGA_KINDS = frozenset({1, 2, 3, 9, 10, 11})
_EXR = b"\x76\x2f\x31\x01"
_EXR_ODD = 0x18
"""The flags of files with several images, each with its own header, and of files with many values per pixel."""
_EXR_WINDOW = re.compile(rb"(?:dataWindow|displayWindow)\0box2i\0\x10\0\0\0(.{16})", re.DOTALL)
_EXR_CHANNELS = re.compile(rb"channels\0chlist\0.{4}", re.DOTALL)
_EXR_CHANNEL = re.compile(rb"([^\0]{1,255})\0.{16}", re.DOTALL)
_EXR_TILE = re.compile(rb"tiles\0tiledesc\0\x09\0\0\0(.{8})", re.DOTALL)
_EXR_VALUES_MAX = 160_000_000
"""Of all channels, and of all channels of a tile, which is allocated whole: 640 MB."""
_HDR_SIZE = re.compile(rb"\n\n([-+][XY]) (\d{1,9}) [-+][XY] (\d{1,9})\n")


def size_of(start: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, read from the first `START_BYTES` of a file; None if they cannot be read."""
    kind = kind_of(start[:16])
    if kind not in _TOLD_HERE:
        return None
    try:
        if start[:2] == b"BM":
            return _bmp(start)
        if start[:4] == _EXR:
            return _exr(start)
        if start[:2] == b"#?":
            return _hdr(start)
        return _tga(start)
    except (struct.error, IndexError):
        return None


def is_loaded(start: bytes) -> bool:
    """Whether an OpenEXR has so many channels, or such tiles, that they take far more room than a picture."""
    if start[:4] != _EXR:
        return False
    width, height = size_of(start) or (0, 0)
    listed = _EXR_CHANNELS.search(start)
    channels, place = 0, listed.end() if listed else len(start)
    while found := _EXR_CHANNEL.match(start, place):
        channels, place = channels + 1, found.end()
    tiles = [struct.unpack("<II", each) for each in _EXR_TILE.findall(start)]
    return max([width * height, *(across * down for across, down in tiles)]) * channels > _EXR_VALUES_MAX


def is_float(start: bytes) -> bool:
    """Whether it is OpenEXR or Radiance HDR."""
    return start[:4] == _EXR or start[:2] == b"#?"


def _bmp(start: bytes) -> tuple[int, int]:
    (length,) = struct.unpack_from("<I", start, 14)
    width, height = struct.unpack_from("<HH" if length == _BMP_CORE_BYTES else "<ii", start, 18)
    return abs(width), abs(height)  # negative: the top row comes first


def _exr(start: bytes) -> tuple[int, int] | None:
    """The larger of the data window and the display window: both are allocated."""
    windows = [struct.unpack("<4i", found) for found in _EXR_WINDOW.findall(start)]
    if b"dataWindow\0" not in start or start[5] & _EXR_ODD:
        return None
    return max(right - left + 1 for left, _, right, _ in windows), max(low - top + 1 for _, top, _, low in windows)


def _hdr(start: bytes) -> tuple[int, int] | None:
    # It is after the first empty line; later bytes may look like it by chance.
    found = _HDR_SIZE.match(start, max(start.find(b"\n\n"), 0))
    if found is None:
        return None
    first, second = int(found[2]), int(found[3])
    return (second, first) if found[1].endswith(b"Y") else (first, second)


def _tga(start: bytes) -> tuple[int, int] | None:
    """TGA has no signature; Blender recognizes it by the same fields."""
    is_mapped, kind, width, height, depth = struct.unpack_from("<xBB9xHHB", start)
    return (width, height) if is_mapped <= 1 and kind in _TGA_KINDS and 1 <= depth <= 32 else None
