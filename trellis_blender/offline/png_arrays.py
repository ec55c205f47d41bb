# SPDX-License-Identifier: GPL-3.0-or-later
"""PNG files to arrays and back. Layout and filters after the PNG specification (third edition)."""

import struct
import zlib
from typing import Any

import numpy as np

from ..imaging.png import CHANNELS, COLOUR, HEADER, SIGNATURE, chunks, png_of

Array = Any


class PngUnusable(ValueError):
    """The bytes are no PNG that is read here. `str(error)` is a sentence."""


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height from the header; PngUnusable where there is none."""
    if not content.startswith(SIGNATURE) or len(content) < 33 or content[12:16] != b"IHDR":
        raise PngUnusable("The picture is not a PNG file.")
    width, height = struct.unpack(">II", content[16:24])
    if not width or not height:
        raise PngUnusable("The picture has no pixels. Choose another one.")
    return width, height


def decode(content: bytes) -> Array:
    """The picture as uint8, height × width × 4: RGBA, top row first, straight alpha.

    Reads 8 and 16 bits per channel, grey, colour or palette, not interlaced. Raises PngUnusable.
    """
    width, height = size_of(content)
    _, _, depth, kind, _, _, interlaced = HEADER.unpack(content[16:29])
    if depth not in {8, 16} or kind not in CHANNELS or interlaced:
        raise PngUnusable("The picture is a PNG that is interlaced or has fewer than 8 bits. Save it as a usual PNG.")
    bodies = [(name, bytes(body)) for name, body, _ in chunks(content)]
    pixel_bytes = CHANNELS[kind] * depth // 8
    rows = _unpack(b"".join(body for name, body in bodies if name == b"IDAT"), height, width * pixel_bytes)
    values = _unfilter(rows, pixel_bytes).reshape(height, width, CHANNELS[kind], depth // 8)[..., 0]
    named = dict(bodies)
    if kind == 3:
        return _look_up(values[..., 0], named.get(b"PLTE", b""), named.get(b"tRNS", b""))
    return _as_rgba(values)


def encode(rgb: Array) -> bytes:
    """A PNG of a uint8 array, height × width × 3."""
    height, width = rgb.shape[:2]
    rows = np.zeros((height, width * 3 + 1), np.uint8)
    rows[:, 1:] = rgb.reshape(height, -1)
    # The difference to the row above compresses a picture to two thirds, and costs one subtraction.
    rows[1:, 1:] -= rgb.reshape(height, -1)[:-1]
    rows[1:, 0] = 2
    return png_of(rows.tobytes(), width, height, COLOUR)


def _unpack(packed: bytes, height: int, row_bytes: int) -> Array:
    """The filtered rows, each with its filter's number first. Never more memory than the header announced."""
    expected = height * (row_bytes + 1)
    try:
        content = zlib.decompressobj().decompress(packed, expected)
    except zlib.error:
        raise PngUnusable("The picture is damaged. Save or download it again.") from None
    if len(content) != expected:
        raise PngUnusable("The picture is not complete. Save or download it again.")
    return np.frombuffer(content, np.uint8).reshape(height, row_bytes + 1)


def _unfilter(rows: Array, pixel_bytes: int) -> Array:
    """The rows without their filters.

    A pixel needs those to its left, above, and above left: all pixels of one falling diagonal can be had at once. In
    an array with a margin of one pixel such a diagonal is a slice with a step of the picture's width.
    """
    kinds, filtered = rows[:, 0], rows[:, 1:]
    if kinds.max() > 4:
        raise PngUnusable("The picture is damaged. Save or download it again.")
    if not kinds.any():
        return filtered
    height, width = len(rows), filtered.shape[1] // pixel_bytes
    found = np.zeros(((height + 1) * (width + 1), pixel_bytes), np.int16)
    found.reshape(height + 1, width + 1, pixel_bytes)[1:, 1:] = filtered.reshape(height, width, pixel_bytes)
    for diagonal in range(height + width - 1):
        top, bottom = max(0, diagonal - width + 1), min(height - 1, diagonal)
        first = (top + 1) * (width + 1) + diagonal - top + 1
        last = first + (bottom - top) * width + 1
        left, above, corner = (
            found[first - back : last - back : width] for back in (1, width + 1, width + 2)
        )  # fmt: skip
        guesses: Any = (0, left, above, (left + above) >> 1, _paeth(left, above, corner))
        guess = np.choose(kinds[top : bottom + 1, None], guesses)
        found[first:last:width] = (found[first:last:width] + guess) & 255
    return found.reshape(height + 1, width + 1, pixel_bytes)[1:, 1:].astype(np.uint8)


def _paeth(left: Array, above: Array, corner: Array) -> Array:
    to_left, to_above, to_corner = abs(above - corner), abs(left - corner), abs(left + above - 2 * corner)
    nearest = np.where(to_above <= to_corner, above, corner)
    return np.where((to_left <= to_above) & (to_left <= to_corner), left, nearest)


def _look_up(indices: Array, palette: bytes, transparency: bytes) -> Array:
    colours = np.full((256, 4), 255, np.uint8)
    known = np.frombuffer(palette[: len(palette) // 3 * 3], np.uint8).reshape(-1, 3)[:256]
    colours[: len(known), :3] = known
    colours[: len(transparency), 3] = np.frombuffer(transparency[:256], np.uint8)
    return colours[indices]


def _as_rgba(values: Array) -> Array:
    channels = values.shape[-1]
    rgba = np.full((*values.shape[:2], 4), 255, np.uint8)
    rgba[..., :3] = values[..., : 3 if channels >= 3 else 1]
    if channels in {2, 4}:
        rgba[..., 3] = values[..., -1]
    return rgba
