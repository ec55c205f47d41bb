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
