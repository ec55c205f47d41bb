# SPDX-License-Identifier: GPL-3.0-or-later
"""From a picture to the offline preview's model: subject, body, texture, file."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..imaging.segmentation import grown
from . import png_arrays
from .glb import to_glb
from .inflate import inflate
from .subject import find_subject

Array = Any

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Rec. 709."""
FRINGE_PX = 2
"""Pixels along the outline that are mixed with the background."""


def make_preview(content: bytes, seed: int, log: Callable[[str], None]) -> bytes:
    """A GLB made from the picture in the PNG `content`: its subject inflated, with the picture on both sides.

    The same picture and seed give the same bytes. `log` is called with lines for the task's log. Raises
    png.PngUnusable and subject.NoSubject. At most 3 s and 500 MB for 1024 × 1024.
    """
    log("Offline preview: preprocessing the picture")
    rgba = png_arrays.decode(content)
    coverage = find_subject(rgba)
    log(f"Offline preview: seed: {seed}")
    light = (rgba[..., :3] @ LUMINANCE) / 255
    body = inflate(coverage, light, seed, lambda share: log(f"{share * 100:.0f}% done"))
    log("100% done")
    log("Rendering: 0it")
    texture = png_arrays.encode(_without_background(rgba[..., :3], coverage))
    log("Rendering: 100it")
    height, width = coverage.shape
    return to_glb(body, texture, width, height)


def _without_background(rgb: Array, coverage: Array) -> Array:
    """The picture with the subject's colours extended beyond its outline, so that no background shows at the rim.

    Down a pyramid of halves, in which each pixel averages what is known below it, and up again where nothing is.
    """
    covered = coverage > 0.9
    core = ~grown(~covered, FRINGE_PX)
    known = core if core.any() else covered
    levels = [(rgb * known[..., None].astype(np.float32), known.astype(np.float32))]
    while max(levels[-1][1].shape) > 1:
        levels.append(tuple(_halved(field) for field in levels[-1]))
    colours = np.zeros((1, 1, 3), np.float32)
    for weighted, weight in reversed(levels):
        height, width = weight.shape
        colours = colours.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
        colours = np.where(weight[..., None] > 0, weighted / np.maximum(weight, 1e-6)[..., None], colours)
    return (colours + 0.5).astype(np.uint8)


def _halved(field: Array) -> Array:
    """The sum of each two by two; an odd last row or column stands alone."""
    for axis in (0, 1):
        field = np.add.reduceat(field, np.arange(0, field.shape[axis], 2), axis=axis)
    return field
