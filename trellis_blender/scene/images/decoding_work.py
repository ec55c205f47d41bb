# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a second Blender, see `decoding`: decodes the pictures in a folder and writes each of them beside it as an
array of bytes, made smaller.
"""

from pathlib import Path

import bpy
import numpy as np

from ..arrays import pixels
from .decoding import DONE_SUFFIX, GIVEN_SUFFIX


def main(folder: Path, side: str) -> None:
    """An array is there when it is whole. It is empty for a picture that cannot be decoded."""
    for path in sorted(folder.glob(f"*{GIVEN_SUFFIX}")):
        small = shrunk(bpy.data.images.load(str(path)), int(side))
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.save(file, (np.clip(small, 0, 1) * 255 + 0.5).astype(np.uint8))
        part.replace(path.with_suffix(DONE_SUFFIX))


def shrunk(image: bpy.types.Image, side: int) -> "np.ndarray":
    """Height × width × 3, bottom row first, made smaller where it is wider or higher than `side`; 0 × 0 × 3 where
    Blender cannot decode it.
    """
    if not is_decoded(image):
        return np.empty((0, 0, 3), np.float32)
    width, height = image.size[0], image.size[1]
    share = min(side / max(width, height), 1.0)
    if share < 1.0:
        image.scale(max(round(width * share), 1), max(round(height * share), 1))
    found = pixels(image)
    return found[..., :3] if image.channels >= 3 else np.repeat(found[..., :1], 3, axis=2)


def is_decoded(image: bpy.types.Image) -> bool:
    """Whether Blender can decode it, which it is made to do: half a second for 4096 × 4096 pixels.

    Up to 5.0 it takes a WebP that breaks off for a whole one, whose pixels below are nothing: transparent, although the
    file has no alpha.
    """
    if not image.size[0] or not image.size[1]:
        return False
    return image.depth != 24 or image.channels != 4 or bool(pixels(image)[0, :, 3].any())
