# SPDX-License-Identifier: GPL-3.0-or-later
"""The captions in a viewport: two lines on a dark ground that makes them readable before anything.

They never cover each other: the nearest has the first choice, another one moves up, or has none. All grounds are one
batch, made again when one has moved; a batch that is left when Blender ends makes it crash, so call `forget` before.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import blf
import gpu

from ..text.captions import Caption

TEXT = (1.0, 1.0, 1.0, 1.0)
QUIET_TEXT = (1.0, 1.0, 1.0, 0.72)
ALERT_TEXT = (1.0, 0.78, 0.45, 1.0)
BACKGROUND = (0.08, 0.08, 0.08, 0.62)
NAME_SIZE = 13
SAID_SIZE = 11
MARGIN = 6
GAP = 4
STEPS_UP = 2
"""A caption may move up by so many of its heights before it is left out."""


class Place(NamedTuple):
    """How far away, and the point above which the caption is to stand, in pixels of the region."""

    depth: float
    x: float
    y: float


class _Plate(NamedTuple):
    left: float
    bottom: float
    width: float
    height: float
    said: Caption

    def covers(self, other: "_Plate") -> bool:
        """True where the two overlap."""
        is_beside = self.left >= other.left + other.width or other.left >= self.left + self.width
        is_above = self.bottom >= other.bottom + other.height or other.bottom >= self.bottom + self.height
        return not is_beside and not is_above


class _Drawn:
    rectangles: list[tuple[float, float, float, float]] = []
    shader: Any = None
    grounds: Any = None


def draw(captions: Sequence[tuple[Place, Caption]], scale: float) -> None:
    """Draws the captions at their places; `scale` is Blender's for the interface."""
    plates = _arranged(captions, scale)
    if not plates:
        return
    rectangles = [plate[:4] for plate in plates]
    if rectangles != _Drawn.rectangles:
        _build(rectangles)
    gpu.state.blend_set('ALPHA')
    _Drawn.shader.bind()
    _Drawn.shader.uniform_float("color", BACKGROUND)
    _Drawn.grounds.draw(_Drawn.shader)
    above = (MARGIN + 1 + SAID_SIZE + GAP) * scale
    _write([(plate, plate.said.name, above) for plate in plates], NAME_SIZE * scale, TEXT)
    for is_alert, colour in ((False, QUIET_TEXT), (True, ALERT_TEXT)):
        lines = [(plate, plate.said.said, (MARGIN + 1) * scale) for plate in plates if plate.said.is_alert == is_alert]
        _write(lines, SAID_SIZE * scale, colour)
    gpu.state.blend_set('NONE')


def forget() -> None:
    """Gives the batch back."""
    _Drawn.rectangles = []
    _Drawn.shader = _Drawn.grounds = None
    _width.cache_clear()


def _arranged(captions: Sequence[tuple[Place, Caption]], scale: float) -> list[_Plate]:
    plates: list[_Plate] = []
    for place, said in sorted(captions, key=lambda found: found[0].depth):
        free = _free(_plate(place, said, scale), plates, scale)
        if free is not None:
            plates.append(free)
    return plates


def _free(plate: _Plate, taken: list[_Plate], scale: float) -> _Plate | None:
    """The plate where it covers none of those that are there, moved up where it must; None where there is no room."""
    for _ in range(STEPS_UP):
        if not any(plate.covers(other) for other in taken):
            return plate
        plate = plate._replace(bottom=plate.bottom + plate.height + scale)
    return None


def _plate(place: Place, said: Caption, scale: float) -> _Plate:
    widest = max(_width(said.said, SAID_SIZE * scale), _width(said.name, NAME_SIZE * scale))
    width = widest + 2 * MARGIN * scale
    height = (SAID_SIZE + NAME_SIZE + GAP + 2 * MARGIN) * scale
    return _Plate(round(place.x - width / 2), round(place.y + MARGIN * scale), width, height, said)


@lru_cache(maxsize=256)
def _width(text: str, size: float) -> float:
    blf.size(0, size)
    return blf.dimensions(0, text)[0]


def _build(rectangles: list[tuple[float, float, float, float]]) -> None:
    from gpu_extras.batch import batch_for_shader

    if _Drawn.shader is None:
        _Drawn.shader = gpu.shader.from_builtin('UNIFORM_COLOR')
    corners = [
        corner
        for left, bottom, width, height in rectangles
        for corner in (
            (left, bottom, 0),
            (left + width, bottom, 0),
            (left + width, bottom + height, 0),
            (left, bottom + height, 0),
        )
    ]
    triangles = [(first + a, first + a + 1, first + 3) for first in range(0, len(corners), 4) for a in (0, 1)]
    _Drawn.grounds = batch_for_shader(_Drawn.shader, 'TRIS', {"pos": corners}, indices=triangles)
    _Drawn.rectangles = rectangles


def _write(lines: list[tuple[_Plate, str, float]], size: float, colour: tuple[float, float, float, float]) -> None:
    """Texts in the middle of their plates, each so many pixels above its plate's lower edge."""
    for number, (plate, text, above) in enumerate(lines):
        x = round(plate.left + (plate.width - _width(text, size)) / 2)
        if number == 0:
            blf.size(0, size)
            blf.color(0, *colour)
        blf.position(0, x, round(plate.bottom + above), 0)
        blf.draw(0, text)
