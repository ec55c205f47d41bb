# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of a picture, whatever its size."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of the picture's width and height from its upper left corner."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
