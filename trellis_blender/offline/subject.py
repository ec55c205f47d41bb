# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the subject of a picture, at its full size: by its alpha, else by the background visible at its border."""

from typing import Any

import numpy as np

from ..imaging import segmentation
from ..imaging.pixels import opaque, shrunk

Array = Any

TRANSPARENT = 128
SEE_THROUGH_SHARE = 0.005
"""From this share of transparent pixels on, the alpha is the outline; a few stray ones do not count."""
SUBJECT_MIN_SHARE = 0.002


class NoSubject(ValueError):
    """The picture shows nothing that a model could be made from. `str(error)` is a sentence."""


def find_subject(rgba: Array) -> Array:
    """How much of each pixel belongs to the subject, float32 from 0 to 1, height × width. Raises NoSubject.

    `rgba` is uint8, height × width × 4.
    """
    alpha = rgba[..., 3]
    if (alpha < TRANSPARENT).mean() >= SEE_THROUGH_SHARE:
        coverage = alpha.astype(np.float32) / 255
    else:
        coverage = (~_background(rgba)).astype(np.float32)
    if (coverage > 0.5).mean() < SUBJECT_MIN_SHARE:
        raise NoSubject("Nothing in the picture stands out from its background. Choose another one.")
    return coverage


def _background(rgba: Array) -> Array:
    """Pixels of the background that are connected to the border. Its gradient comes from a small copy."""
    solid = opaque(rgba.astype(np.float32) / 255)
    backdrop = segmentation.smooth_backdrop(segmentation.with_whole_edges(shrunk(solid, segmentation.LOOKED_AT_PX)))
    whole = segmentation.with_whole_edges(solid)
    return segmentation.background(backdrop.distance(whole[..., :3]) < backdrop.noise)
