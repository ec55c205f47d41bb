# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the subject of a picture: by its alpha, else by the background that is visible at its border. No bpy.

Nearly everything here works on a small copy: float32 from 0 to 1, height × width × 4, straight alpha.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .pixels import shrunk

Array = Any

LOOKED_AT_PX = 256
"""The longer side of the small copy."""
OPAQUE = 0.5
NOISE_MIN, NOISE_MAX = 0.05, 0.11
"""How much a background may differ from its smooth gradient, as a distance between colours (0–1). Noise of JPEG and of
cameras is below the first; beyond the second, a subject of a similar colour would be lost."""
NOISE_FACTOR = 4.0
EDGE_PX = 2
"""Image generators and scaling damage at most this many outer rows and columns."""
EDGE_STEP, EDGE_SHARE = 0.06, 0.05
"""A damaged edge differs at least this much from the pixels inside of it, on at least this share of the side."""
FIT_TURNS = 6
PALETTE = 8
PALETTE_TURNS = 6
PALETTE_LIKENESS = 0.09


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A background as a smooth gradient over the picture. Pixels within `noise` of it belong to it; `share` is the
    share of the border that does.
    """

    course: Array
    noise: float
    share: float

    def distance(self, rgb: Array) -> Array:
        """The distance of each pixel's colour from the background, height × width."""
        return distance(rgb, self.colours(*rgb.shape[:2]))

    def colours(self, height: int, width: int) -> Array:
        """The background alone, in a picture of that size, height × width × 3."""
        return (_terms(height, width) @ self.course).reshape(height, width, 3)


def small_copy(rgba: Array) -> Array:
    """The small copy, with at most 256 pixels on the longer side. `rgba` is uint8."""
    # Skipping pixels is fast, and enough are left to be averaged.
    step = max(1, max(rgba.shape[:2]) // (2 * LOOKED_AT_PX))
    small = shrunk(rgba[::step, ::step].astype(np.float32) / 255, LOOKED_AT_PX)
    return small if is_cut_out(rgba) else with_whole_edges(small)


def with_whole_edges(picture: Array) -> Array:
    """The picture with damaged edges replaced by the pixels inside of them: else the rim would count as a part of the
    background, or of the subject.
    """
    if min(picture.shape[:2]) <= 4 * EDGE_PX:
        return picture
    whole = picture.copy()
    for side in (whole, whole[::-1], whole.swapaxes(0, 1), whole.swapaxes(0, 1)[::-1]):
        inside, further = side[EDGE_PX, :, :3], side[EDGE_PX + 1, :, :3]
        away = distance(side[:EDGE_PX, :, :3], inside).max(axis=0)
        # A difference that continues inside belongs to the picture: a slanted outline, a pattern.
        is_spoilt = (away > EDGE_STEP) & (distance(inside, further) < EDGE_STEP / 2)
        if is_spoilt.mean() > EDGE_SHARE:
            side[:EDGE_PX] = side[EDGE_PX]
    return whole


def is_cut_out(rgba: Array) -> bool:
    """Whether the alpha is the outline of the subject. `rgba` is uint8, the whole picture.

    The models' own code uses the alpha if a single pixel is transparent, and else finds the outline itself
    (`preprocess_image` in TRELLIS).
    """
    return bool((rgba[..., 3] < 255).any())


def smooth_backdrop(rgba: Array) -> Backdrop:
    """The smooth background that fits the border best, even if other things touch the border."""
    height, width = rgba.shape[:2]
    terms = _terms(height, width).reshape(height, width, -1)
    on_border, colours = along_border(terms), along_border(rgba[..., :3])
    away = distance(colours, np.median(colours, axis=0))
    scale, course = 0.25, np.zeros((terms.shape[-1], 3))
    for _ in range(FIT_TURNS):
        # Pixels far from the current fit hardly count (Cauchy weights).
        weights = 1 / (1 + (away / scale) ** 2)
        sides = on_border * weights[:, None], colours * weights[:, None]
        course = np.linalg.lstsq(*sides, rcond=None)[0]  # pyright: ignore[reportUnknownVariableType]  numpy's stubs
        away = distance(colours, on_border @ course)
        scale = max(0.02, scale / 2)
    noise = float(np.clip(NOISE_FACTOR * np.median(away), NOISE_MIN, NOISE_MAX))
    return Backdrop(course, noise, float((away < noise).mean()))


def background(passable: Array) -> Array:
    """The passable pixels that are connected to the border: light spots inside a subject stay."""
    labels = components(passable)
    reached = np.unique(along_border(labels[..., None]))
    return passable & np.isin(labels, reached[reached > 0])


def palette(rgba: Array) -> Array:
    """The colours of the border, at most PALETTE × 3."""
    colours = along_border(rgba[..., :3])
    order = np.argsort(colours.sum(axis=1))
    centres = colours[order[np.linspace(0, len(colours) - 1, PALETTE).astype(int)]]
    for _ in range(PALETTE_TURNS):
        nearest = np.argmin(distance(colours[:, None], centres[None]), axis=1)
        centres = np.array([colours[nearest == at].mean(axis=0) for at in range(len(centres)) if (nearest == at).any()])
    return centres


def distance_to_palette(rgb: Array, colours: Array) -> Array:
    """How far each pixel is from the nearest of the colours, height × width."""
    return np.min([distance(rgb, colour) for colour in colours], axis=0)


def distance(colours: Array, others: Array) -> Array:
    """The distance between colours: 0 for the same, 1 for black and white."""
    return np.sqrt(((colours - others) ** 2).mean(axis=-1))


def along_border(values: Array) -> Array:
    """The values on the border of height × width × n, once around, clockwise from the upper left corner."""
    if min(values.shape[:2]) == 1:
        return values.reshape(-1, values.shape[-1])
    return np.concatenate([values[0, :-1], values[:-1, -1], values[-1, :0:-1], values[:0:-1, 0]])


def grown(mask: Array, by: int) -> Array:
    """The mask and `by` pixels around it."""
    padded = np.pad(mask, by)
    for axis in (0, 1):
        padded = np.any([np.roll(padded, step, axis) for step in range(-by, by + 1)], axis=0)
    return padded[by : padded.shape[0] - by, by : padded.shape[1] - by]


def averaged(values: Array) -> Array:
    """Each pixel with its eight neighbours, height × width or height × width × n."""
    padded = np.pad(values, ((1, 1), (1, 1)) + ((0, 0),) * (values.ndim - 2), mode="edge")
    for axis in (0, 1):
        padded = (np.roll(padded, 1, axis) + padded + np.roll(padded, -1, axis)) / 3
    return padded[1:-1, 1:-1]


def components(mask: Array) -> Array:
    """The number of each pixel's connected component (by sides), from 1; 0 outside the mask."""
    height, width = mask.shape
    padded = np.zeros((height, width + 2), np.int8)
    padded[:, 1:-1] = mask
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    ends = np.nonzero(change == -1)[1]
    parent = _joined(rows, starts, ends, height)
    lengths = ends - starts
    labels = np.zeros((height, width), np.int32)
    numbers = np.unique(parent, return_inverse=True)[1].reshape(-1) + 1
    labels[mask.astype(bool)] = np.repeat(numbers, lengths)
    return labels


def _joined(rows: Array, starts: Array, ends: Array, height: int) -> list[int]:
    """For each run of pixels in a row, the first run that is connected to it."""
    parent = list(range(len(rows)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    first_of_row = np.searchsorted(rows, np.arange(height + 1)).tolist()
    begin, end = starts.tolist(), ends.tolist()
    for row in range(1, height):
        above, here = first_of_row[row - 1], first_of_row[row]
        above_end, here_end = here, first_of_row[row + 1]
        while above < above_end and here < here_end:
            if begin[above] < end[here] and begin[here] < end[above]:
                one, other = root(above), root(here)
                parent[max(one, other)] = min(one, other)
            if end[above] < end[here]:
                above += 1
            else:
                here += 1
    return [root(at) for at in range(len(parent))]


def _terms(height: int, width: int) -> Array:
    """The terms of the smooth gradient for each pixel: 1, x, y, x², xy, y²."""
    y, x = (
        array.ravel() for array in np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    )
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1).astype(np.float32)
