# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's numbers as numpy's arrays, each out of Blender in one call."""

from typing import Any

import numpy as np

from ..imaging.picture import Picture

Array = Any


def values(items: Any, name: str, width: int = 1, kind: type = np.float32) -> Array:
    """A property of all items of a collection, "co" of `mesh.vertices` for example: (N,), or (N, `width`) where each
    has several numbers."""
    found = np.empty(len(items) * width, kind)
    items.foreach_get(name, found)
    return found.reshape(-1, width) if width > 1 else found


def pixels(image: Any) -> Array:
    """(height, width, channels), the bottom row first, as Blender has them. It is made to decode the image."""
    width, height = image.size[0], image.size[1]
    found = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(found)
    return found.reshape(height, width, image.channels)


def pixels_of(picture: Picture) -> Array:
    """All in a row, as an image or a preview of the picture's size takes them: the bottom row first, from 0 to 1."""
    rows = np.frombuffer(picture.rgba, np.uint8).reshape(picture.height, picture.width, 4)[::-1]
    return (rows.astype(np.float32) / 255).ravel()
