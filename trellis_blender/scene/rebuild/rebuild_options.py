# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rebuilt mesh is to be like."""

from dataclasses import dataclass
from math import pi
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Rebuild:
    """`name` is what material and pictures are called after. `scale` is how the object is scaled along its axes: the
    quads are about square as it is shown. Edges are sharp where faces meet at more than `smooth_up_to` radians.

    `first_way` is the first of `rebuild.WAYS` that is tried.
    """

    name: str = "Model"
    faces: int = 3_000
    texture_px: int = 1024
    margin_px: int = 8
    keeps_sharp: bool = False
    is_symmetric: bool = False
    smooth_up_to: float = pi
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    first_way: int = 0


class CannotRebuild(ValueError):
    """It cannot be rebuilt like this. `str(error)` is a sentence for the artist."""


class Tell(Protocol):
    """Says what is done next, in words that end "Finishing · …".

    Where it takes longer than `limit_s`, this Blender is ended. It is started again with the choices of `otherwise`,
    where there are any.
    """

    def __call__(self, doing: str, limit_s: float, otherwise: dict[str, Any] | None = None) -> None:
        """Says it."""
        ...
