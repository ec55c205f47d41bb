# SPDX-License-Identifier: GPL-3.0-or-later
"""Remedies for pictures, on this computer: removing the background, cropping, keeping one object of several.

Runs in a thread, without bpy. The outline is found on a small copy and refined on the picture itself.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np

from . import segmentation
from .picture import Box, Picture

Array = Any

MARGIN = 0.12
"""Margin around the subject, as a share of the longer side of its box."""
LEFTOVER = 0.1
"""Share of the largest part's area: a smaller separate part is left over from the background."""
PARTS_MAX = 6
SHARE_MIN, SHARE_MAX = 0.005, 0.85
"""The subject's share of the picture: outside of this range the outline is not usable."""
TOUCH_MAX = 0.12
"""The subject's share of the border, for the same reason."""
SMOOTH_SHARE = 0.7
"""If the smooth gradient explains less of the border than this, all colours of the border are background."""
RIM_PX = 2
SIDE_MIN_PX = 3
KEPT_MIN = 0.0005
"""Share of the picture: less than that is dirt, and not the thing that was to be kept."""
GREY_STEP, PLAIN_SHARE = 3, 0.9
"""A mask has hardly any colour, and between black and white only its soft edge."""


class Remedy(Enum):
    """What can be done on this computer. The value is the text of its button."""

    REMOVE_BACKGROUND = "Remove the Background"
    CROP = "Crop to the Subject"
    KEEP_LARGEST = "Keep the Largest"


class NoRemedy(ValueError):
    """The remedy does not work for this picture. `str(error)` is a sentence for the artist."""


def improve(picture: Picture, remedy: Remedy) -> Picture:
    """The improved picture, of the same size. For Remedy.CROP the caller has cropped it. Raises NoRemedy. Takes up to 1
    s.
    """
    if remedy is Remedy.CROP:
        return picture
    rgba = as_array(picture)
    small = segmentation.small_copy(rgba)
    if remedy is Remedy.REMOVE_BACKGROUND or not segmentation.is_cut_out(rgba):
        outline = separate(small)
        if outline is None:
            raise NoRemedy(
                "The subject cannot be separated from this background. Remove the background in an image editor."
            )
        rgba = _without_background(rgba, small, outline)
    if remedy is Remedy.KEEP_LARGEST:
        rgba = _largest(rgba, segmentation.small_copy(rgba))
    return Picture(picture.width, picture.height, rgba.tobytes())


def as_array(picture: Picture) -> Array:
    """The picture's pixels: uint8, height × width × 4, read-only."""
    return np.frombuffer(picture.rgba, np.uint8).reshape(picture.height, picture.width, 4)


def kept_of(sent: Picture, made: Sequence[Picture]) -> Picture | None:
    """The one thing that a service has kept of the picture that was `sent`: a cut-out among what it has `made`, or else
    what a mask of the same size, white where the thing is, leaves of it. None where nothing is left.

    Which of several pictures is what, PiAPI's documentation does not say.
    """
    arrays = [as_array(picture) for picture in made]
    for picture, rgba in zip(made, arrays, strict=True):
        if segmentation.is_cut_out(rgba) and _shows_something(rgba[..., 3]):
            return picture
    for picture, rgba in zip(made, arrays, strict=True):
        if (picture.width, picture.height) == (sent.width, sent.height) and _is_mask(rgba):
            cut = as_array(sent).copy()
            cut[..., 3] = np.minimum(cut[..., 3], rgba[..., 0])
            return Picture(sent.width, sent.height, cut.tobytes())
    return None


def _shows_something(values: Array) -> bool:
    """Whether more than dirt of a mask, uint8, is set."""
    return float((values >= 128).mean()) >= KEPT_MIN


def _is_mask(rgba: Array) -> bool:
    """Whether it is in black and white, and has both."""
    grey = rgba[..., 0]
    is_grey = bool((np.ptp(rgba[..., :3], axis=-1) <= GREY_STEP).all()) and not segmentation.is_cut_out(rgba)
    is_plain = float(((grey < 64) | (grey > 191)).mean()) > PLAIN_SHARE
    return is_grey and is_plain and _shows_something(grey) and not bool((grey >= 128).all())


def box_around(mask: Array) -> Box:
    """The box of the mask with a margin, inside the picture."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    margin = MARGIN * (max(np.ptp(rows), np.ptp(columns)) + 1)
    return (
        max(0.0, float(columns.min() - margin) / width),
        max(0.0, float(rows.min() - margin) / height),
        min(1.0, float(columns.max() + 1 + margin) / width),
        min(1.0, float(rows.max() + 1 + margin) / height),
    )


def separate(small: Array) -> Array | None:
    """The subject of the small copy of an opaque picture, found by the colours of its border: bool, height × width.

    None if it cannot be found. Transparent pixels are background, but their colours are not.
    """
    visible = small[..., 3] >= segmentation.OPAQUE
    outline = np.zeros(visible.shape, bool)
    inner = _inner(visible)
    if min(outline[inner].shape) < SIDE_MIN_PX:
        return None
    near = _near_background(small[inner], small[inner]) | ~visible[inner]
    outline[inner] = _large_parts(~segmentation.background(near))
    share, touch = outline.mean(), segmentation.along_border(outline[inner][..., None]).mean()
    if not SHARE_MIN <= share <= SHARE_MAX or touch > TOUCH_MAX:
        return None
    return None if segmentation.components(outline).max() > PARTS_MAX else outline


def _inner(visible: Array) -> tuple[slice, slice]:
    """The part of the small copy inside a transparent rim."""
    rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _near_background(rgba: Array, small: Array) -> Array:
    """Which pixels of `rgba` have a colour of the background, which is found at the border of `small`."""
    backdrop = segmentation.smooth_backdrop(small)
    near = backdrop.distance(rgba[..., :3]) < backdrop.noise
    if backdrop.share < SMOOTH_SHARE:
        near |= (
            segmentation.distance_to_palette(rgba[..., :3], segmentation.palette(small)) < segmentation.PALETTE_LIKENESS
        )
    return near


def _large_parts(mask: Array) -> Array:
    labels = segmentation.components(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.isin(labels, np.flatnonzero(sizes >= max(1, LEFTOVER * sizes.max())))


def _without_background(rgba: Array, small: Array, outline: Array) -> Array:
    """`rgba` with an alpha along the outline: refined by colours, one pixel soft, without the background's tint."""
    shape = rgba.shape[:2]
    colours = rgba.astype(np.float32) / 255
    inner = _inner(small[..., 3] >= segmentation.OPAQUE)
    part = tuple(
        slice(found.start * count // fewer, found.stop * count // fewer)
        for found, count, fewer in zip(inner, shape, small.shape, strict=False)
    )
    near = np.ones(shape, bool)
    near[part] = _near_background(colours[part], small[inner])
    around, core = (
        _enlarged(segmentation.grown(outline, 1), shape),
        _enlarged(~segmentation.grown(~outline, RIM_PX), shape),
    )
    inside = core | (around & ~near & (rgba[..., 3] >= 128))
    # The outermost pixels are a mixture with the background.
    alpha = np.clip(1.5 * segmentation.averaged(inside.astype(np.float32)) - 0.5, 0, 1) * inside
    pure = (alpha >= 1)[..., None]
    weight = segmentation.averaged(segmentation.averaged(pure.astype(np.float32)))
    lent = segmentation.averaged(segmentation.averaged(colours[..., :3] * pure)) / np.maximum(weight, 1e-6)
    colours[..., :3] = np.where(pure | (weight < 1e-3), colours[..., :3], lent)
    colours[..., 3] = alpha
    colours[alpha <= 0] = 0
    return (colours * 255 + 0.5).astype(np.uint8)


def _largest(rgba: Array, small: Array) -> Array:
    """`rgba` with only its largest object."""
    labels = segmentation.components(segmentation.grown(small[..., 3] >= segmentation.OPAQUE, RIM_PX))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    kept = rgba.copy()
    kept[~_enlarged(labels == sizes.argmax(), rgba.shape[:2])] = 0
    return kept


def _enlarged(mask: Array, shape: tuple[int, int]) -> Array:
    """A mask of the small copy, scaled up to the picture."""
    rows, columns = (np.arange(count) * small // count for count, small in zip(shape, mask.shape, strict=True))
    return mask[rows[:, None], columns]
