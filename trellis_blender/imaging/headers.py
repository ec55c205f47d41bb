# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the headers of image files, without decoding: size, orientation, whether it is animated or incomplete. No bpy.

Sources: the PNG specification, ITU-T T.81 for JPEG, RFC 9649 for WebP, Exif 2.32 for the orientation; for the others
see `headers_simple`.
"""

import io
import math
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from . import headers_simple, headers_tiff

UPRIGHT = 1
SIDE_LIMIT_PX = 16_384
AREA_LIMIT_PX = 100_000_000
"""400 MB when decoded; a larger image would freeze Blender for many seconds."""
DEEP_AREA_LIMIT_PX = 40_000_000
"""For more than 8 bits per channel: 640 MB when decoded."""
_CHUNK_LIMIT_BYTES = 1_000_000
"""No camera writes more Exif than a JPEG segment has room for, 64 KB."""
_CHUNKS_MAX = 1000
_DEEP_BYTES = 32
_PNG_CHUNKS_MAX = 100_000
"""As some programs write pixels in pieces of 8 KB, that is 800 MB."""
_PACKED_CHUNKS_MAX = 16
"""Of a PNG, beside its pixels: decoders decompress each, to 8 MB, before they look at a pixel. Programs write two or
three."""
_PACKED_CHUNKS = frozenset({b"zTXt", b"iTXt", b"iCCP"})
_SCANS_MAX = 100
_SCANNED_PX_MAX = 1_500_000_000
"""Of a progressive JPEG, alone and × its pixels: each scan goes over all of the picture, however short it is, and
takes half a second for 64 million pixels. Programs write some ten."""
_PIECE_BYTES = 2**20
_TILE_LIMIT_PX = 64_000_000
"""Of a tile of a TIFF, which is allocated whole, however small the picture is."""
_SAMPLES_MAX = 5
"""Samples per pixel in a TIFF: four inks and alpha. With more, decoding takes more memory than width and height
suggest."""
_TAIL_BYTES = 65_536
_SCAN_LIMIT_BYTES = 256 * 2**20
_JPEG_END = b"\xff\xd9"
_JPEG_SCAN = 0xDA
_JPEG_LENGTHLESS = frozenset({0x01, *range(0xD0, 0xD9)})
_WEBP_ANIMATED = 0x02


class Header(NamedTuple):
    """`size` is width and height in pixels as stored, None if unknown; `orientation` is Exif's 1–8: 1 is upright, 6 has
    to be rotated by 90° clockwise; `is_cut` is true if the file ends before the image does; `is_loaded`
    if decoding it takes far more than its pixels do.
    """

    size: tuple[int, int] | None = None
    orientation: int = UPRIGHT
    is_animated: bool = False
    is_cut: bool = False
    is_loaded: bool = False


def read_header(file: BinaryIO) -> Header:
    """The header of a PNG, JPEG, WebP, TIFF, BMP, TGA, OpenEXR or Radiance HDR file. Does not raise for other or broken
    files. Reads little, except a JPEG without an end, which it reads completely.
    """
    return _summed(_found(file))


def is_too_large(width: int, height: int, *, deep: bool) -> bool:
    """Whether an image has more pixels than may be decoded; `deep` as `is_deep` returns it."""
    return max(width, height) > SIDE_LIMIT_PX or width * height > area_limit_px(deep=deep)


def area_limit_px(*, deep: bool) -> int:
    """How many pixels an image may have."""
    return DEEP_AREA_LIMIT_PX if deep else AREA_LIMIT_PX


def is_deep(file: BinaryIO) -> bool:
    """Whether Blender decodes the file to 16 bytes a pixel instead of 4, as it does with more than 8 bits a channel."""
    start = file.read(_DEEP_BYTES)
    file.seek(0)
    if start[:8] == b"\x89PNG\r\n\x1a\n":
        return start[24:25] == b"\x10"
    if start[:4] in {b"II*\0", b"MM\0*"}:
        return max(headers_tiff.read_directory(file).get(headers_tiff.BITS, (1,))) > 8
    return headers_simple.is_float(start)


def _found(file: BinaryIO) -> Iterator[Header]:
    start = file.read(headers_simple.START_BYTES)
    file.seek(0)
    if start[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _png(file)
    elif start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        yield from _webp(file)
    elif start[:2] == b"\xff\xd8":
        yield from _jpeg(file)
    elif start[:4] in {b"II*\0", b"MM\0*"}:
        yield _tiff(file)
    else:
        yield Header(headers_simple.size_of(start), is_loaded=headers_simple.is_loaded(start))


def _summed(found: Iterator[Header]) -> Header:
    summed = Header()
    try:
        for header in found:
            summed = Header(
                _larger(summed.size, header.size),
                summed.orientation if summed.orientation != UPRIGHT else header.orientation,
                summed.is_animated or header.is_animated,
                summed.is_cut or header.is_cut,
                summed.is_loaded or header.is_loaded,
            )
    except (struct.error, IndexError):
        pass
    return summed


def _larger(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    """The larger of two sizes in a file: a decoder may use either."""
    return tuple(map(max, one, other)) if one and other else one or other  # pyright: ignore[reportReturnType]


def _png(file: BinaryIO) -> Iterator[Header]:
    file.seek(8)
    has_begun = False
    packed = others = 0
    for _ in range(_PNG_CHUNKS_MAX):
        length, kind = struct.unpack(">I4s", file.read(8))
        wanted = kind in {b"IHDR", b"acTL", b"eXIf"} and length <= _CHUNK_LIMIT_BYTES
        body = file.read(length) if wanted else b""
        if kind == b"IEND":
            return
        packed += kind in _PACKED_CHUNKS
        others += kind != b"IDAT"
        if packed > _PACKED_CHUNKS_MAX or others > _CHUNKS_MAX:
            break
        if kind == b"IDAT":
            has_begun = True
        elif kind == b"IHDR":
            yield Header(struct.unpack_from(">II", body))
        elif kind == b"acTL" and not has_begun:
            yield Header(is_animated=struct.unpack_from(">I", body)[0] > 1)
        elif kind == b"eXIf":
            yield Header(orientation=_orientation(body))
        file.seek(length - len(body) + 4, 1)
    yield Header(is_loaded=True)


def _webp(file: BinaryIO) -> Iterator[Header]:
    file.seek(4)
    (announced,) = struct.unpack("<I", file.read(4))
    yield Header(is_cut=announced + 8 > file.seek(0, io.SEEK_END))
    file.seek(12)
    for _ in range(_CHUNKS_MAX):
        kind, length = struct.unpack("<4sI", file.read(8))
        wanted = kind in {b"VP8X", b"VP8 ", b"VP8L", b"EXIF"}
        body = file.read(min(length, _CHUNK_LIMIT_BYTES)) if wanted else b""
        if kind == b"VP8X":
            flags, *size = struct.unpack_from("<B3x3s3s", body)
            width, height = (1 + int.from_bytes(side, "little") for side in size)
            yield Header((width, height), is_animated=bool(flags & _WEBP_ANIMATED))
        elif kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
            width, height = struct.unpack("<HH", body[6:10])
            yield Header((width & 0x3FFF, height & 0x3FFF))
        elif kind == b"VP8L":
            (bits,) = struct.unpack_from("<I", body, 1)
            yield Header((1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)))
        elif kind == b"EXIF":
            yield Header(orientation=_orientation(body.removeprefix(b"Exif\0\0")))
        file.seek(length - len(body) + length % 2, 1)


def _jpeg(file: BinaryIO) -> Iterator[Header]:
    file.seek(2)
    is_progressive, area = False, 1
    for _ in range(_CHUNKS_MAX):
        kind = _jpeg_marker(file)
        if kind in _JPEG_LENGTHLESS:
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if kind == _JPEG_SCAN:
            begun = file.tell()
            yield Header(is_cut=not _has_jpeg_end(file))
            file.seek(begun)
            yield Header(is_loaded=is_progressive and _scans_from(file) > min(_SCANS_MAX, _SCANNED_PX_MAX // area))
            return
        body = file.read(max(length - 2, 0))
        if 0xC0 <= kind <= 0xCF and kind not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack_from(">HH", body, 1)
            is_progressive, area = is_progressive or kind & 3 == 2, max(area, width * height)
            yield Header((width, height))
        elif kind == 0xE1 and body[:6] == b"Exif\0\0":
            yield Header(orientation=_orientation(body[6:]))


def _jpeg_marker(file: BinaryIO) -> int:
    """The kind of a marker: any number of FF bytes may precede it (T.81, B.1.1.2)."""
    byte = file.read(1)
    for _ in range(_CHUNKS_MAX if byte == b"\xff" else 0):
        byte = file.read(1)
        if byte == b"\0":
            break  # a decoder goes on to the next marker instead of skipping a segment
        if byte != b"\xff":
            return byte[0]
    raise IndexError


def _has_jpeg_end(file: BinaryIO) -> bool:
    """Whether there is an end marker after the current position; phones append videos to photographs."""
    begin = file.tell()
    file.seek(max(begin, file.seek(0, io.SEEK_END) - _TAIL_BYTES))
    if _JPEG_END in file.read():
        return True
    file.seek(begin)
    return _JPEG_END in file.read(_SCAN_LIMIT_BYTES)


def _scans_from(file: BinaryIO) -> int:
    """How many scans of a JPEG there are up to its end, the one included that begins here."""
    marker = bytes((0xFF, _JPEG_SCAN))
    count, last = 1, b""
    for _ in range(_SCAN_LIMIT_BYTES // _PIECE_BYTES):
        piece = file.read(_PIECE_BYTES)
        if not piece:
            break
        picture, is_end, _ = (last + piece).partition(_JPEG_END)
        count += picture.count(marker)
        if is_end:
            break
        last = piece[-1:]
    return count


def _tiff(file: BinaryIO) -> Header:
    found = headers_tiff.read_directory(file)
    if (
        headers_tiff.WIDTH not in found
        or headers_tiff.HEIGHT not in found
        or max(found.get(headers_tiff.SAMPLES, (1,))) > _SAMPLES_MAX
    ):
        return Header()
    size = found[headers_tiff.WIDTH][0], found[headers_tiff.HEIGHT][0]
    tile = (max(found.get(tag, (0,))) for tag in (headers_tiff.TILE_WIDTH, headers_tiff.TILE_HEIGHT))
    return Header(
        size,
        headers_tiff.orientation(found),
        is_cut=headers_tiff.is_cut(found, file.seek(0, io.SEEK_END)),
        is_loaded=math.prod(tile) > _TILE_LIMIT_PX,
    )


def _orientation(exif: bytes) -> int:
    return headers_tiff.orientation(headers_tiff.read_directory(io.BytesIO(exif)))
