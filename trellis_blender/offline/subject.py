# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the subject of a picture: by its alpha, else by the colour of the border."""

from typing import Any

import numpy as np

Array = Any

TRANSPARENT = 128
SEE_THROUGH_SHARE = 0.005
"""From this share of transparent pixels on, the alpha is the outline; a few stray ones do not count."""
LIKENESS_MIN, LIKENESS_MAX = 0.07, 0.2
"""How much the background may differ from the border's colour (1 is from black to white): JPEG's noise is below the
first; beyond the second, a subject of a similar colour would be lost."""
EDGE_PX = 3
"""Image generators and scaling damage at most this many outer rows and columns."""
EDGE_STEP, EDGE_SHARE = 0.06, 0.05
"""A damaged edge differs at least this much from the pixels inside of it, on at least this share of the side."""
SUBJECT_MIN_SHARE = 0.002
SWEEPS_MAX = 60


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
        coverage = (~_background(_with_whole_edges(rgba))).astype(np.float32)
    if (coverage > 0.5).mean() < SUBJECT_MIN_SHARE:
        raise NoSubject("Nothing in the picture stands out from its background. Choose another one.")
    return coverage


def _with_whole_edges(rgba: Array) -> Array:
    """The picture with damaged edges replaced by the pixels inside of them."""
    if min(rgba.shape[:2]) <= 4 * EDGE_PX:
        return rgba
    whole = rgba.copy()
    for side in (whole, whole[::-1], whole.swapaxes(0, 1), whole.swapaxes(0, 1)[::-1]):
        rim = side[: EDGE_PX + 2, :, :3].astype(np.float32) / 255
        away = _distance(rim[:EDGE_PX], rim[EDGE_PX]).max(axis=0)
        # A difference that continues inside belongs to the picture.
        is_spoilt = (away > EDGE_STEP) & (_distance(rim[EDGE_PX], rim[EDGE_PX + 1]) < EDGE_STEP / 2)
        if is_spoilt.mean() > EDGE_SHARE:
            side[:EDGE_PX] = side[EDGE_PX]
    return whole


def _background(rgba: Array) -> Array:
    """Pixels of the border's colour that are connected to the border: light spots inside a subject stay."""
    border = np.concatenate([rgba[0], rgba[-1], rgba[:, 0], rgba[:, -1]])[:, :3].astype(np.float32) / 255
    colour = np.median(border, axis=0)
    usual = np.median(_distance(border, colour))
    likeness = np.clip(4 * usual, LIKENESS_MIN, LIKENESS_MAX)
    alike = _distance(rgba[..., :3].astype(np.float32) / 255, colour) < likeness
    return _reached_from_border(alike)


def _distance(colours: Array, colour: Array) -> Array:
    return np.sqrt(((colours - colour) ** 2).mean(axis=-1))


def _reached_from_border(passable: Array) -> Array:
    """The passable pixels that are connected to the border.

    Each sweep runs through all rows and columns both ways at once, so a path costs as many sweeps as it has bends.
    """
    reached = np.zeros_like(passable)
    reached[0], reached[-1], reached[:, 0], reached[:, -1] = passable[0], passable[-1], passable[:, 0], passable[:, -1]
    turns = (lambda a: a, lambda a: a[:, ::-1], lambda a: a.T, lambda a: a.T[:, ::-1])
    for _ in range(SWEEPS_MAX):
        before = np.count_nonzero(reached)
        for turn in turns:
            _run_along_rows(turn(reached), turn(passable))
        if np.count_nonzero(reached) == before:
            break
    return reached


def _run_along_rows(reached: Array, passable: Array) -> None:
    """Adds to `reached`, in each row, the pixels to the right of a reached one, up to the next wall."""
    columns = np.arange(reached.shape[1], dtype=np.int16)
    last_wall = np.maximum.accumulate(np.where(passable, -1, columns), axis=1)
    last_reached = np.maximum.accumulate(np.where(reached, columns, -1), axis=1)
    reached |= passable & (last_reached > last_wall)
