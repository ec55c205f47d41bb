# SPDX-License-Identifier: GPL-3.0-or-later
"""The first directory of a TIFF file, or of Exif, which has the same format. No bpy. Source: TIFF 6.0."""

import struct
from typing import BinaryIO

WIDTH, HEIGHT, BITS, ORIENTATION, SAMPLES = 256, 257, 258, 274, 277
STRIPS, STRIP_SIZES, TILES, TILE_SIZES = 273, 279, 324, 325
TILE_WIDTH, TILE_HEIGHT = 322, 323
_OF_TILES = {TILES, TILE_SIZES, TILE_WIDTH, TILE_HEIGHT}
_WANTED = frozenset({WIDTH, HEIGHT, BITS, ORIENTATION, SAMPLES, STRIPS, STRIP_SIZES, *_OF_TILES})
_LETTERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q"}
"""Every kind of integer: decoders accept them all, also those that the specification does not allow for a tag."""
_VALUES_MAX = 100_000


def read_directory(file: BinaryIO) -> dict[int, tuple[int, ...]]:
    """The integers of a directory under the tags above; a broken file, or one that is not a TIFF, has none."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(file.read(4))
    found: dict[int, tuple[int, ...]] = {}
    if order is None:
        return found
    try:
        file.seek(struct.unpack(f"{order}I", file.read(4))[0])
        (count,) = struct.unpack(f"{order}H", file.read(2))
        for tag, kind, number, inline in struct.iter_unpack(f"{order}HHI4s", file.read(12 * count)):
            if tag not in _WANTED or kind not in _LETTERS or not 1 <= number <= _VALUES_MAX:
                continue
            form = f"{order}{number}{_LETTERS[kind]}"
            values = struct.unpack_from(form, _value(file, inline, order, struct.calcsize(form)))
            # A decoder may use either value of a tag that occurs twice: take the larger one.
            found[tag] = max(found.get(tag, values), values)
    except struct.error:
        pass
    return found


def orientation(directory: dict[int, tuple[int, ...]]) -> int:
    """The orientation, 1–8; 1 (upright) if the directory has none."""
    (turned,) = directory.get(ORIENTATION, (1,))[:1]
    return turned if 1 <= turned <= 8 else 1


def is_cut(directory: dict[int, tuple[int, ...]], size: int) -> bool:
    """Whether some pixels are beyond the end of a file of `size` bytes."""
    for starts, lengths in ((STRIPS, STRIP_SIZES), (TILES, TILE_SIZES)):
        parts = zip(directory.get(starts, ()), directory.get(lengths, ()), strict=False)
        if any(start + length > size for start, length in parts):
            return True
    return False


def _value(file: BinaryIO, inline: bytes, order: str, size: int) -> bytes:
    """Up to four bytes are in the entry itself, more of them elsewhere in the file."""
    if size <= len(inline):
        return inline
    file.seek(struct.unpack(f"{order}I", inline)[0])
    return file.read(size)
