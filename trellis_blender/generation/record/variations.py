# SPDX-License-Identifier: GPL-3.0-or-later
"""Several models of one input: a generation each, with a seed of its own, in a row along X."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...piapi.models import SEED_LIMIT, InputUnusable

if TYPE_CHECKING:
    import random

    from .request import GenerationRequest, Placement

VARIATIONS_LIMIT = 8
GAP = 1.2
"""From one to the next, in longest sides: a fifth of it stays free between two that are as wide as they may be."""
UNKNOWN_SIDE_M = 1.0
"""Where the size is kept as delivered: the service delivers models of about a metre."""


def check_count(count: int) -> int:
    """`count`; InputUnusable where so many cannot be asked for at once."""
    if not 1 <= count <= VARIATIONS_LIMIT:
        raise InputUnusable(f"variations is {count:,}; 1 to {VARIATIONS_LIMIT} can be made at once. Change it.")
    return count


def seeds(first: int, count: int) -> list[int]:
    """`first` and those after it; behind the largest seed comes 1."""
    return [(first - 1 + number) % SEED_LIMIT + 1 for number in range(count)]


def offsets_m(longest_side_m: float, count: int) -> list[float]:
    """How far along X each one stands from the first."""
    return [number * GAP * (longest_side_m or UNKNOWN_SIDE_M) for number in range(count)]


def vary(
    first: "GenerationRequest",
    placements: "Sequence[Placement]",
    *,
    is_seed_fixed: bool,
    chance: "random.Random | None" = None,
) -> "list[GenerationRequest]":
    """`first` and its variations, one for each placement. A fixed seed is followed by the next, else all are drawn.

    Without a seed they are all the same request, of which the service makes something else each time.
    """
    import uuid

    from .request import draw_seed

    if not first.seed:
        numbers = [0] * len(placements)
    elif is_seed_fixed:
        numbers = seeds(first.seed, len(placements))
    else:
        numbers = [first.seed]
        while len(numbers) < len(placements):
            if (drawn := draw_seed(chance)) not in numbers:
                numbers.append(drawn)
    press = uuid.uuid4().hex if len(placements) > 1 else ""
    return [
        replace(
            first,
            parameters=tuple({**dict(first.parameters), "seed": seed}.items()) if seed else first.parameters,
            placement=placement,
            press=press,
            variation=number if press else 0,
        )
        for number, (seed, placement) in enumerate(zip(numbers, placements, strict=True), 1)
    ]
