# SPDX-License-Identifier: GPL-3.0-or-later
"""An image file as the service takes it: whatever Blender reads, at most 1024 pixels on the longer side, alpha kept."""

import struct
from pathlib import Path
from typing import BinaryIO

import bpy

from ..generation.request import Picture
from ..piapi.models import IMAGE_SIDE_LIMIT_PX

SIDE_LIMIT_PX = 16_384
AREA_LIMIT_PX = 100_000_000
"""Decoded, that is 400 MB; beyond it an artist's Blender would stand still for many seconds."""
PRESHRINK_AREA_PX = 16_000_000
"""Above this Blender shrinks the image first, in bytes: as floats it would take four times the memory."""
PRESHRINK_SIDE_PX = 4 * IMAGE_SIDE_LIMIT_PX


class PictureUnusable(ValueError):
    """The image cannot be sent. `str(error)` is a sentence for the artist."""


def load_picture(path: Path) -> Picture:
    """Reads the image at `path`; PictureUnusable where there is none. Leaves no datablock behind.

    Main thread only: Blender decodes it. 10–50 ms for 1024 × 1024.
    """
    _check_file(path)
    try:
        image = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError:
        raise PictureUnusable(f"“{path.name}” cannot be read. Choose another image.") from None
    try:
        return picture_of(image, path.name)
    finally:
        bpy.data.images.remove(image)


def picture_of(image: bpy.types.Image, name: str) -> Picture:
    """The pixels of an image that is in memory and may be changed (it is shrunk where it is very large)."""
    import numpy as np

    from . import pixels

    if image.source != 'FILE':
        raise PictureUnusable(f"“{name}” is no still image. Choose a PNG, JPEG or WebP.")
    width, height = image.size[0], image.size[1]
    if not width or not height:
        raise PictureUnusable(f"“{name}” is not an image that Blender can read. Choose a PNG, JPEG or WebP.")
    _check_size(name, width, height)
    if width * height > PRESHRINK_AREA_PX:
        factor = PRESHRINK_SIDE_PX / max(width, height)
        image.scale(max(1, round(width * factor)), max(1, round(height * factor)))
        width, height = image.size[0], image.size[1]
    values = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(values)
    array = pixels.shrunk(pixels.with_four_channels(values, width, height, image.channels), IMAGE_SIDE_LIMIT_PX)
    if image.is_float:
        array = pixels.as_srgb(array)
    return Picture(width=array.shape[1], height=array.shape[0], rgba=pixels.as_bytes(array))


def _check_file(path: Path) -> None:
    try:
        if not path.is_file():
            raise PictureUnusable(f"There is no file “{path}”. Choose the image again.")
        if path.stat().st_size == 0:
            raise PictureUnusable(f"“{path.name}” is empty (0 bytes). Choose another image.")
        with path.open("rb") as file:
            size = _size_in_header(file)
    except OSError as error:
        raise PictureUnusable(f"“{path}” cannot be read ({error.strerror}). Choose another image.") from None
    if size is not None:
        _check_size(path.name, *size)


def _check_size(name: str, width: int, height: int) -> None:
    if max(width, height) > SIDE_LIMIT_PX or width * height > AREA_LIMIT_PX:
        raise PictureUnusable(
            f"“{name}” has {width:,} × {height:,} pixels; at most {SIDE_LIMIT_PX:,} on a side and "
            f"{AREA_LIMIT_PX // 1_000_000} million in all are read. Make it smaller: {IMAGE_SIDE_LIMIT_PX} are sent."
        )


def _size_in_header(file: BinaryIO) -> tuple[int, int] | None:
    """Width and height of a PNG, JPEG or WebP without decoding it; None for anything else."""
    start = file.read(30)
    if start[:8] == b"\x89PNG\r\n\x1a\n" and len(start) >= 24:
        return struct.unpack(">II", start[16:24])
    if start[:4] == b'RIFF' and start[8:16] == b'WEBPVP8X' and len(start) == 30:
        return 1 + int.from_bytes(start[24:27], "little"), 1 + int.from_bytes(start[27:30], "little")
    if start[:2] == b"\xff\xd8":
        return _jpeg_size(file)
    return None


def _jpeg_size(file: BinaryIO) -> tuple[int, int] | None:
    file.seek(2)
    while len(head := file.read(4)) == 4 and head[0] == 0xFF:
        marker, length = head[1], int.from_bytes(head[2:], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            frame = file.read(5)
            return (int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[1:3], "big")) if len(frame) == 5 else None
        file.seek(length - 2, 1)
    return None
