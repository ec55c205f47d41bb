# SPDX-License-Identifier: GPL-3.0-or-later
"""The sizes of images whose header is at the very beginning: BMP, TGA, OpenEXR, Radiance HDR. No bpy.

Sources: Microsoft's BITMAPINFOHEADER, Truevision's TGA specification 2.0, the OpenEXR file layout, Ward's RGBE format.
"""

import re
import struct
from collections.abc import Iterator

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
_EXR_NAME_BYTES = 256
_EXR_CHANNEL = re.compile(rb"([^\0]{1,255})\0.{16}", re.DOTALL)
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
    channels, largest = 0, width * height
    for name, kind, value in _exr_attributes(start):
        if (name, kind) == (b"channels", b"chlist"):
            channels = max(channels, len(_EXR_CHANNEL.findall(value)))
        elif (name, kind) == (b"tiles", b"tiledesc"):
            across, down = struct.unpack_from("<II", value)
            largest = max(largest, across * down)
    return largest * channels > _EXR_VALUES_MAX


def is_float(start: bytes) -> bool:
    """Whether it is OpenEXR or Radiance HDR."""
    return start[:4] == _EXR or start[:2] == b"#?"


def _bmp(start: bytes) -> tuple[int, int]:
    (length,) = struct.unpack_from("<I", start, 14)
    width, height = struct.unpack_from("<HH" if length == _BMP_CORE_BYTES else "<ii", start, 18)
    return abs(width), abs(height)  # negative: the top row comes first


def _exr(start: bytes) -> tuple[int, int] | None:
    """The larger of the data window and the display window: both are allocated."""
    if start[5] & _EXR_ODD:
        return None
    found = [
        (name, struct.unpack("<4i", value))
        for name, kind, value in _exr_attributes(start)
        if kind == b"box2i" and name in {b"dataWindow", b"displayWindow"} and len(value) == 16
    ]
    if not any(name == b"dataWindow" for name, _ in found):
        return None
    windows = [window for _, window in found]
    return max(right - left + 1 for left, _, right, _ in windows), max(low - top + 1 for _, top, _, low in windows)


def _exr_attributes(start: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Name, kind and value of each attribute of the header, which follow each other: what looks like one within
    another's text is none. Raises struct.error where they do not end within `start`: one might be further on."""
    place = 8
    while start[place : place + 1] != b"\0":
        words: list[bytes] = []
        for _ in range(2):
            end = start.find(b"\0", place, place + _EXR_NAME_BYTES)
            if end < 0:
                raise struct.error("an attribute without an end")
            words.append(start[place:end])
            place = end + 1
        (length,) = struct.unpack_from("<i", start, place)
        place += 4
        if length < 0 or place + length >= len(start):
            raise struct.error("an attribute that is longer than what was read")
        yield words[0], words[1], start[place : place + length]
        place += length


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
