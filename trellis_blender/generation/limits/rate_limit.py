# SPDX-License-Identifier: GPL-3.0-or-later
"""How often the service is asked. Waiting for the next poll is a pure function; the limit is kept over all threads."""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import NamedTuple

from ...piapi.account import FREE, Plan
from ...piapi.timings import USUAL_TIMINGS
from .request_ledger import SHORTEST_WAIT_S, Ledger, LedgerUnusable

LOG = logging.getLogger(__name__)

AT_ONCE = 4
"""Tasks at once, where the account does not say how many it allows."""
ON_THE_WAY = 1 / 32
"""Of a minute, 2 s: by so much longer may one request take to arrive than one that is sent a minute after it."""
JITTER = 0.1
FOR_SUBMISSIONS = 0.2
"""Of the requests that are allowed: a model takes a submission and half a dozen polls."""


class Pace(NamedTuple):
    """Seconds between polls, by the age of the task.

    Up to `early_until_s` it is hardly ever done: `early_s`. Then polls come `close_s` apart and, the older the task
    gets, `age_share` of its age apart, so that a model waits a small part of the time it took; at most `longest_s`.
    """

    early_s: float
    early_until_s: float
    close_s: float
    age_share: float
    longest_s: float


PIAPI = Pace(early_s=6.0, early_until_s=24.0, close_s=3.2, age_share=1 / 15, longest_s=20.0)
"""Trellis takes 25–60 s as a rule; the documented runs took 79 s, and 255 s with Pixal3D."""
LOOPBACK = Pace(early_s=0.15, early_until_s=0.0, close_s=0.15, age_share=0.3, longest_s=2.0)

EARLY_SHARE = 0.75
"""Of the time that a model usually takes: before that it is hardly ever done."""
EARLY_POLLS = 3
EARLY_LONGEST_S = 90.0
"""Whatever is thought to be usual: the clock may have jumped, or the computer slept, while that was measured."""


def poll_delay_s(pace: Pace, age_s: float, expected_s: float | None, spacing_s: float, chance: random.Random) -> float:
    """Seconds until the next poll of a task of `age_s`, no closer than `spacing_s`.

    `expected_s` is how long that model usually takes, None where that is not known.
    """
    early_s, early_until_s = pace.early_s, _early_until_s(pace, expected_s)
    if expected_s:
        early_s = max(early_s, min(early_until_s / EARLY_POLLS, EARLY_LONGEST_S))
    if age_s < early_until_s:
        # Rather at the end of the quiet time than a little after it.
        delay = max(min(early_s, early_until_s - age_s), pace.close_s)
    else:
        delay = min(max(pace.close_s, age_s * pace.age_share), pace.longest_s)
    return max(delay, spacing_s) * (1 + chance.uniform(0, JITTER))


def is_early(pace: Pace, age_s: float, expected_s: float | None) -> bool:
    """Whether a task of `age_s` is hardly ever polled."""
    return age_s < _early_until_s(pace, expected_s)


def _early_until_s(pace: Pace, expected_s: float | None) -> float:
    return expected_s * EARLY_SHARE if expected_s else pace.early_until_s


class RateLimit:
    """At most so many requests in any minute, over all threads, and so many tasks at once, of one account. Holds
    requests back, refuses none.

    Begins with the free plan's limit, until the account has said which plan it is. `is_limited` False is for a service
    on this computer. `sharers` tells how many Blenders on this computer share the limit: each polls for its part, and
    `ledger` counts the requests of all of them; without one each keeps to its part. Where several computers share the
    account, each keeps to one of `parts` of what it allows, and to one task and one request at least.
    """

    def __init__(
        self,
        *,
        is_limited: bool = True,
        sharers: Callable[[], int] = lambda: 1,
        ledger: Ledger | None = None,
        now: Callable[[], float] = time.monotonic,
        minute_s: float = USUAL_TIMINGS.minute_s,
        at_once: int = AT_ONCE,
        parts: int = 1,
    ) -> None:
        self._parts = parts
        self.at_once = self._part_of(at_once)
        """How many tasks the account works on at the same time, as far as it has said."""
        self._limit = self._part_of(FREE.requests_per_minute or 1) if is_limited else None
        self._is_known = not is_limited
        self.has_asked = not is_limited
        """The account has been asked what it allows, whatever came of it."""
        self._now = now
        self._minute_s = minute_s
        self._sharers = sharers
        self._ledger = ledger if is_limited else None
        self._held_until = 0.0
        self._sent: deque[float] = deque()
        self._lock = threading.Lock()

    @property
    def is_limited(self) -> bool:
        """False for a service on this computer, whatever plan it names."""
        return self._limit is not None

    def spacing_s(self, running: int, quiet_s: Collection[float] = ()) -> float:
        """Seconds between two polls of one of `running` generations, so that all of them keep the limit.

        `quiet_s` has the seconds between the polls of those that are hardly ever polled: what these leave is for the
        others, but for a part, so that no submission waits.
        """
        if not self._limit:
            return 0.0
        per_s = self._share() / self._minute_s
        left_per_s = per_s * (1 - FOR_SUBMISSIONS) - sum(1 / each_s for each_s in quiet_s)
        even_s = running / per_s
        return min((running - len(quiet_s)) / left_per_s, even_s) if left_per_s > 0 else even_s

    def wants_plan(self) -> bool:
        """True for the first caller, which then finds out the account's plan."""
        with self._lock:
            wants, self._is_known = not self._is_known, True
            return wants

    def plan_is_unknown(self) -> None:
        """It could not be found out; the next one asks again."""
        with self._lock:
            self._is_known = False

    def adopt_plan(self, plan: Plan) -> None:
        """Keeps to what the account allows from now on, and only then counts as known."""
        if plan.requests_per_minute is not None:
            self.adopt(self._part_of(plan.requests_per_minute))
        if plan.tasks_at_once is not None:
            self.at_once = self._part_of(plan.tasks_at_once)
        self.has_asked = True

    def adopt(self, requests_per_minute: int) -> None:
        """Keeps to the limit of the account's plan from now on."""
        with self._lock:
            self._limit, self._is_known = requests_per_minute, True
        if self._ledger is not None:
            with suppress(LedgerUnusable):
                self._ledger.adopt(requests_per_minute)

    def hold(self, seconds: float) -> None:
        """Sends nothing for so long: the service has answered that there were too many requests."""
        with self._lock:
            self._held_until = max(self._held_until, self._now() + seconds)
        self._tell_hold(seconds)

    def wait_turn(self, pause: Callable[[float], None]) -> None:
        """Returns when a request may go out; `pause(seconds)` waits, and may raise to break off."""
        while (delay := self._take_or_wait()) > 0:
            pause(delay)

    def _take_or_wait(self) -> float:
        window_s = self._minute_s * (1 + ON_THE_WAY)
        with self._lock:
            held_s, own_s = self._held_until - self._now(), self._wait_s(self._limit, window_s)
        if held_s > 0:
            # Once more: the ledger may have been locked, or cleared away since.
            self._tell_hold(held_s)
        if own_s > 0:
            return own_s
        if self._ledger is not None and self._limit is not None:
            try:
                turn = self._ledger.turn(self._limit, window_s)
            except LedgerUnusable as error:
                LOG.warning("the count of requests: %s", error)
            else:
                with self._lock:
                    self._limit = turn.limit
                    if not turn.wait_s:
                        self._sent.append(self._now())
                return turn.wait_s
        return self._take_or_wait_alone(window_s)

    def _take_or_wait_alone(self, window_s: float) -> float:
        share = self._share() if self._limit else None
        with self._lock:
            wait_s = self._wait_s(share, window_s)
            if not wait_s and share is not None:
                self._sent.append(self._now())
            return wait_s

    def _wait_s(self, most: int | None, window_s: float) -> float:
        """By what this Blender knows itself, which holds whatever becomes of the ledger; 0 for not at all."""
        now = self._now()
        if now < self._held_until:
            return self._held_until - now
        while self._sent and now - self._sent[0] >= window_s:
            self._sent.popleft()
        if most is None or len(self._sent) < most:
            return 0.0
        return max(window_s - (now - self._sent[-most]), SHORTEST_WAIT_S)

    def _tell_hold(self, seconds: float) -> None:
        if self._ledger is not None:
            with suppress(LedgerUnusable):
                self._ledger.hold(seconds)

    def _part_of(self, allowed: int) -> int:
        return max(allowed // self._parts, 1)

    def _share(self) -> int:
        return max((self._limit or 1) // self._sharers(), 1)
