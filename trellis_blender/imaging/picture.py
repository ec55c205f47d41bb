# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture as it is sent, and a part of a picture."""

from dataclasses import dataclass, field

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of the picture's width and height from its upper left corner."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as it is sent: `rgba` holds height × width × 4 bytes, top row first, sRGB, straight alpha."""

    width: int
    height: int
    rgba: bytes = field(repr=False)
