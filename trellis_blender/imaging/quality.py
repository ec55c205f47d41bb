# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds faults of a picture that would spoil its model, before anybody pays for it. Runs in a thread, without bpy.

The thresholds were chosen on pictures that Blender rendered with known faults, those with even seeds, and measured on
those with odd ones: `tests/blender/imaging/test_quality.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from . import segmentation
from .cleanup import Remedy, as_array, box_around, separate
from .picture import WHOLE, Box, Picture

Array = Any

COARSE_PX = 128
"""With fewer pixels on the longer side, a picture has less detail than the models can use."""
SPECK = 0.0004
"""Share of the picture's area; anything smaller is dirt."""
NEARLY_NOTHING = 0.012
"""Smaller differences between colours look like noise."""
SHADELESS = 0.02
"""Colours vary at least this much on an object with light and shade."""
TINY = 0.33
"""Share of the picture's longer side."""
ANOTHER = 0.12
"""A separate part is an object of its own from this share of the largest one's area on."""
GAP_PX = 2
"""Parts that are so near to each other are one thing."""
TOUCH = 0.02
"""Of a side of the picture: what touches it on less does so with a tip."""
SLAB, SLAB_AREA = 0.5, 0.9
"""Share of each side, and of the picture: what covers more is a background."""
RUN = 0.004
"""Share of the border: a shorter difference from the background is dirt."""
RUNS_MAX = 3
"""An object that is cut off touches the border in few places, a pattern in many."""
DARK, TINT, HARD, SOFT_SHARE = 0.25, 0.03, 0.1, 0.9
"""A soft shadow leaves at least DARK of the light, differs from the background's colour by at most TINT, and from pixel
to pixel by at most HARD; this has to be so for SOFT_SHARE of a stretch of the border."""
BRIGHT = 1.1
"""With more of the background's light than this it is an object, not a shadow; a spoilt edge leaves a little more."""
ROUGH = 0.06
"""A background with more noise than this is not plain."""
COVERED, WHOLE_SIDE = 0.45, 0.95
"""Share of the border, and of one side: what covers more is a floor or a wall, not an object that is cut off."""
PIECES_MAX = 8
"""Separate parts of any size: more of them are a pattern."""


class Fault(Enum):
    """What is wrong with a picture."""

    EMPTY = "empty"
    UNIFORM = "nearly uniform"
    LOW_RESOLUTION = "very low resolution"
    BACKGROUND = "background left in"
    CUT_OFF = "cut off by the border"
    TINY = "tiny"
    SEVERAL = "several subjects"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, a sentence about it for the artist, and its remedy if there is one.

    `box` is the part of the picture that the remedy keeps.
    """

    fault: Fault
    sentence: str
    remedy: Remedy | None = None
    box: Box = WHOLE


@dataclass(frozen=True, slots=True)
class Subject:
    """Where the subject is, on the small copy: `mask` is bool, height × width, without dirt; `sizes` are the areas of
    the objects in it in pixels, and `largest` is the mask of the largest one.
    """

    mask: Array
    sizes: Array
    largest: Array


def judge(picture: Picture) -> tuple[Finding, ...]:
    """The findings, the worst first; none for a good picture. Takes 10–60 ms for any size."""
    return tuple(_findings(picture))


def _findings(picture: Picture) -> Iterator[Finding]:
    if min(picture.width, picture.height) == 0:
        yield _EMPTY
        return
    if max(picture.width, picture.height) < COARSE_PX:
        yield Finding(
            Fault.LOW_RESOLUTION,
            f"The picture has only {picture.width} × {picture.height} pixels, so the model will have little detail.",
        )
    whole = as_array(picture)
    rgba = segmentation.small_copy(whole)
    visible = rgba[..., 3] >= segmentation.OPAQUE
    is_slab = segmentation.is_cut_out(whole) and _is_slab(visible)
    if segmentation.is_cut_out(whole) and not is_slab:
        yield from _about(rgba, _found(visible))
        return
    backdrop = segmentation.smooth_backdrop(rgba)
    # The average of nine pixels has less noise than one pixel.
    strongest = np.quantile(backdrop.distance(segmentation.averaged(rgba[..., :3])), 1 - SPECK)
    if strongest < backdrop.noise:
        yield _EMPTY if strongest < max(NEARLY_NOTHING, backdrop.noise / 4) else _FAINT
        return
    found = _found(~segmentation.background(backdrop.distance(rgba[..., :3]) < backdrop.noise))
    is_patterned = len(found.sizes) > PIECES_MAX
    if is_slab or is_patterned or _is_busy(rgba, backdrop):
        yield _background(rgba)
    else:
        yield from _about(rgba, found, backdrop)


def _about(rgba: Array, found: Subject, backdrop: segmentation.Backdrop | None = None) -> Iterator[Finding]:
    """Findings about a subject that was separated by its backdrop, or by alpha if `backdrop` is None."""
    if not len(found.sizes):
        yield _EMPTY if backdrop is None else _FAINT
        return
    if _is_flat(rgba, found):
        yield _FLAT
    if _is_cut_off(rgba, found.mask, backdrop):
        yield _CUT_OFF
    count = int((found.sizes >= ANOTHER * found.sizes.max()).sum())
    if count > 1:
        sentence = f"There are {count} things in the picture. All of them will become one model."
        yield Finding(Fault.SEVERAL, sentence, Remedy.KEEP_LARGEST, box_around(found.largest))
    elif _extent(found.mask) < TINY * max(found.mask.shape):
        sentence = "The subject is small in the picture, so little of its detail is seen."
        yield Finding(Fault.TINY, sentence, Remedy.CROP, box_around(found.mask))


def _background(rgba: Array) -> Finding:
    remedy = Remedy.REMOVE_BACKGROUND if separate(rgba) is not None else None
    way_out = "" if remedy else " Remove it in an image editor."
    sentence = f"The picture has a background, which may become a slab behind the model.{way_out}"
    return Finding(Fault.BACKGROUND, sentence, remedy)


def _found(mask: Array) -> Subject:
    labels = segmentation.components(segmentation.grown(mask, GAP_PX)) * mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    large = np.flatnonzero(sizes >= max(1, SPECK * mask.size))
    return Subject(np.isin(labels, large), sizes[large], labels == sizes.argmax())


def _is_slab(visible: Array) -> bool:
    """Whether the opaque part of a picture is the picture itself, with a transparent rim or without its corners."""
    rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
    if not len(rows):
        return False
    inner = visible[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return inner.size >= SLAB_AREA * visible.size and min(_sides(inner)) >= SLAB


def _is_busy(rgba: Array, backdrop: segmentation.Backdrop) -> bool:
    """Whether the border shows a scene or a pattern, and not a plain background with an object in front of it."""
    if backdrop.noise > ROUGH:
        return True
    departs = backdrop.distance(rgba[..., :3]) >= backdrop.noise
    border = segmentation.along_border(departs[..., None])[:, 0]
    lengths = [len(run) / len(border) for run in _stretches(border, _soft_shadow(rgba, backdrop))]
    runs = sum(length >= RUN for length in lengths)
    return runs > RUNS_MAX or sum(lengths) > COVERED or max(_sides(departs)) > WHOLE_SIDE


def _is_flat(rgba: Array, found: Subject) -> bool:
    """Whether it is a silhouette. The rim, which is mixed with the background, does not count."""
    inside = ~segmentation.grown(~found.mask, 2)
    colours = rgba[inside][:, :3]
    return len(colours) > 0 and float(np.sqrt(colours.var(axis=0).mean())) < SHADELESS


def _is_cut_off(rgba: Array, mask: Array, backdrop: segmentation.Backdrop | None) -> bool:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    gaps = (rows[0], columns[0], height - 1 - rows[-1], width - 1 - columns[-1])
    if backdrop is None and max(gaps) <= GAP_PX:
        return False  # cropped to the last pixel: whole
    touches = segmentation.along_border(mask[..., None])[:, 0]
    is_soft = np.zeros_like(touches) if backdrop is None else _soft_shadow(rgba, backdrop)
    return max(map(len, _stretches(touches, is_soft)), default=0) >= TOUCH * min(height, width)


def _soft_shadow(rgba: Array, backdrop: segmentation.Backdrop) -> Array:
    """Where on the border the background may be in a soft shadow: of the same colour, but darker, and without edges."""
    rgb, behind = (
        segmentation.along_border(values)
        for values in (segmentation.averaged(rgba[..., :3]), backdrop.colours(*rgba.shape[:2]))
    )
    light = (rgb * behind).sum(axis=-1, keepdims=True) / np.maximum((behind**2).sum(axis=-1, keepdims=True), 1e-6)
    is_tinted = segmentation.distance(rgb, light * behind) > TINT
    is_shade = (light[:, 0] > DARK) & (light[:, 0] < BRIGHT) & ~is_tinted
    return is_shade & (segmentation.distance(rgb, np.roll(rgb, 1, axis=0)) < HARD)


def _sides(mask: Array) -> list[float]:
    """The share of each side of the picture that the mask covers."""
    return [float(mask[edge].mean()) for edge in (0, -1, np.s_[:, 0], np.s_[:, -1])]


def _extent(mask: Array) -> int:
    """The longer side of the box around the mask, in pixels."""
    rows, columns = np.nonzero(mask)
    return int(max(np.ptp(rows), np.ptp(columns))) + 1


def _stretches(marked: Array, is_soft: Array) -> list[Array]:
    """The marked positions on the border, stretch by stretch, without stretches that are soft."""
    if marked.all():
        return [np.arange(len(marked))]
    # Begins at a position that is not marked, so that no stretch is split.
    turned = np.roll(np.arange(len(marked)), -int(np.argmin(marked)))
    ends = np.flatnonzero(np.diff(marked[turned].astype(np.int8), prepend=0, append=0))
    found = [turned[begin:end] for begin, end in zip(ends[::2], ends[1::2], strict=True)]
    return [run for run in found if is_soft[run].mean() < SOFT_SHARE]


_EMPTY = Finding(Fault.EMPTY, "The picture is empty: it shows no object. Choose another one.")
_FAINT = Finding(
    Fault.UNIFORM,
    "The subject has almost the colour of its background, so its shape is not clear. Choose another picture.",
)
_FLAT = Finding(Fault.UNIFORM, "The subject has no light and shade, so its depth is not clear. The model will be flat.")
_CUT_OFF = Finding(
    Fault.CUT_OFF,
    "The border cuts the subject off, so the model will be cut off, too. Choose a picture that shows all of it.",
)
