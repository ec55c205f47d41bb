# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch has sent: each generation as it is now, how many are in progress, and what all have cost.

Both are kept up as generations change: to add 20,000 up at each turn would take longer than the models."""

from typing import NamedTuple

from ..generation.record.generation import Generation
from ..generation.states import State
from .outcome import Meaning, cost_usd

NANO_USD = 1e-9
"""Counted in whole ones: sums of dollars would drift with every change."""

FIRST_HOLD_S, LONGEST_HOLD_S = 5.0, 300.0
"""Between two tries to reach a service that is away."""
AWAY_LIMIT_S = 3 * 3600.0
RESUMES_MAX = 4
SPARE = 6
"""Generations that wait in the queue behind those that are worked on, so that none of its threads waits for the
runner, which takes in a model meanwhile."""
LOOKS_MAX = 12
"""For a task whose answer was lost: after a quarter of an hour the account's history tells for sure."""


class SentGenerations:
    """The generations of all rows that this machine has sent."""

    def __init__(self) -> None:
        self._latest: dict[str, Generation] = {}
        self._nano_usd = 0
        self._gone_usd = 0.0
        self.working = self.downloading = 0

    def __getitem__(self, generation_id: str) -> Generation:
        """As it is now. Raises KeyError."""
        return self._latest[generation_id]

    def get(self, generation_id: str) -> Generation | None:
        """As it is now; None for one that is not known."""
        return self._latest.get(generation_id)

    def keep(self, generation: Generation) -> None:
        """Takes over what has become of it."""
        before = self._latest.get(generation.id)
        if before is not None:
            self._count(before, -1)
        self._count(generation, 1)
        self._latest[generation.id] = generation

    def keep_cost(self, generation: Generation) -> None:
        """One of a row that is no longer in the table, which nothing becomes of any more: it counts all the same."""
        self._gone_usd += cost_usd(generation)

    @property
    def cost_usd(self) -> float:
        """What all have cost; the price where the charge is not known."""
        return self._nano_usd * NANO_USD + self._gone_usd

    def has_room(self, at_once: int) -> bool:
        """Whether the queue may run short. Those that only download keep none waiting, until there are many of them."""
        return self.working - self.downloading < at_once + SPARE and self.downloading <= at_once

    def _count(self, generation: Generation, sign: int) -> None:
        self._nano_usd += sign * round(cost_usd(generation) / NANO_USD)
        self.working += sign * generation.is_working
        self.downloading += sign * (generation.is_working and generation.state is State.DOWNLOADING)


class Waiting(NamedTuple):
    """A generation that is resumed at a time, by the runner's clock."""

    due: float
    generation: Generation
    meaning: Meaning


def pause_s(tries: int) -> float:
    """Seconds before a generation is resumed whose task could not be polled."""
    return min(2.0**tries, LONGEST_HOLD_S)


def tries_max(generation: Generation) -> int:
    """How often a generation is resumed."""
    return LOOKS_MAX if generation.state is State.OUTCOME_UNKNOWN else RESUMES_MAX


class Outage:
    """A service that is away is tried again, less and less often, and nothing else is sent meanwhile."""

    def __init__(self) -> None:
        self.until = 0.0
        self._hold_s = 0.0
        self._away_since: float | None = None

    def is_there(self) -> None:
        """Something has come from it."""
        self._away_since, self._hold_s = None, 0.0

    def is_away(self, now: float) -> bool:
        """Another try has failed; False once it has been away for so long that it is given up."""
        self._away_since = now if self._away_since is None else self._away_since
        if now - self._away_since > AWAY_LIMIT_S:
            return False
        if now >= self.until:
            self._hold_s = min(max(self._hold_s * 2, FIRST_HOLD_S), LONGEST_HOLD_S)
            self.until = now + self._hold_s
        return True
