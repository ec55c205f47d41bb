# SPDX-License-Identifier: GPL-3.0-or-later
"""When a submission whose answer was lost is looked for once more: for as long as its row is there, ever more rarely.

It may turn up late, because the service was slow to take it; and only after a while does silence say that nothing was
charged.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...piapi.timings import USUAL_TIMINGS, Timings
from ..providers import provider_of
from ..states import State

if TYPE_CHECKING:
    from .generation import Generation

ROWS_MAX = 20
"""The newest; each look makes some requests."""


class LateLooks:
    """Remembers when which generation is due. Times in seconds by the monotonic clock."""

    def __init__(self, timings: Timings = USUAL_TIMINGS) -> None:
        self._first_s, self._longest_s = timings.first_late_look_s, timings.longest_late_look_s
        self._next: dict[str, tuple[float, float]] = {}

    def due(self, generations: "Iterable[Generation]", now: float) -> "tuple[list[Generation], bool]":
        """Those that are to be looked for now, and whether there are any that will be."""
        rows = [each for each in generations if _is_open(each)]
        rows = sorted(rows, key=lambda each: each.created_at)[-ROWS_MAX:]
        due: list[Generation] = []
        for each in rows:
            at, wait_s = self._next.setdefault(each.id, (now + self._first_s, self._first_s))
            if now >= at:
                longer_s = min(wait_s * 2, self._longest_s)
                self._next[each.id] = (now + longer_s, longer_s)
                due.append(each)
        return due, bool(rows)


def _is_open(generation: "Generation") -> bool:
    is_unknown = generation.state is State.OUTCOME_UNKNOWN and not generation.elsewhere
    return is_unknown and not provider_of(generation.request.model).is_free
