"""Pictures drawn here, of an apple with light and shade."""

from typing import Any

import numpy as np
from PIL import Image, ImageDraw


def drawn(colour: str = "white", size: tuple[int, int] = (400, 300)) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGBA", size, colour)
    return image, ImageDraw.Draw(image)


def apple(image: Image.Image, box: tuple[int, int, int, int] = (100, 50, 300, 250)) -> Image.Image:
    """A disc with light and shade."""
    width, height = box[2] - box[0], box[3] - box[1]
    y, x = np.mgrid[:height, :width]
    disc = np.zeros((height, width, 4), np.uint8)
    disc[..., 0] = 60 + 180 * x // width
    disc[..., 1] = 20 + 60 * y // height
    disc[..., 3] = 255 * (np.hypot(x / width - 0.5, y / height - 0.5) < 0.5)
    image.alpha_composite(Image.fromarray(disc), box[:2])
    return image


def on_tiles(size: tuple[int, int] = (800, 600)) -> Any:
    """An apple in front of green and blue tiles, and where it is."""
    tiles = (np.add.outer(np.arange(size[1]) // 40, np.arange(size[0]) // 40) % 2)[..., None]
    rgba = np.where(tiles, [60, 170, 90, 255], [70, 90, 200, 255]).astype(np.uint8)
    return np.array(apple(Image.fromarray(rgba), (200, 100, 600, 500)))
