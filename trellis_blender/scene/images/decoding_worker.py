# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a second Blender, see `decoding`: `-- GIVEN DONE SIDE` decodes a picture and writes it as an array of bytes,
made smaller.
"""

import sys


def main(given: str, done: str, side: int) -> None:
    """Ends Blender with 1 where it cannot be decoded."""
    import bpy
    import numpy as np

    image = bpy.data.images.load(given)
    width, height = image.size[0], image.size[1]
    if not width or not height or image.channels < 3:
        raise SystemExit(1)
    share = min(side / max(width, height), 1.0)
    if share < 1.0:
        image.scale(max(round(width * share), 1), max(round(height * share), 1))
    width, height = image.size[0], image.size[1]
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    colours = pixels.reshape(height, width, image.channels)[..., :3]
    np.save(done, (np.clip(colours, 0, 1) * 255 + 0.5).astype(np.uint8))


if __name__ == "__main__":
    given, done, side = sys.argv[sys.argv.index("--") + 1 :]
    main(given, done, int(side))
