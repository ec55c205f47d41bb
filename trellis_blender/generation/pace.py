# SPDX-License-Identifier: GPL-3.0-or-later
"""How often the service is asked. Waiting for the next poll is a pure function; the limit is kept over all threads."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

MINUTE_S = 60.0
FREE_PLAN_REQUESTS = 10
"""A minute, over all generations: what the free plan allows, as long as no better limit is known."""

JITTER = 0.1


class Pace(NamedTuple):
    """Seconds between polls: the first, how they grow, and the longest; requests a minute, None for no limit."""

    first_s: float
    growth: float
    longest_s: float
    requests_per_minute: int | None


PIAPI = Pace(first_s=4.0, growth=1.25, longest_s=20.0, requests_per_minute=FREE_PLAN_REQUESTS)
LOOPBACK = Pace(first_s=0.15, growth=1.3, longest_s=2.0, requests_per_minute=None)


def poll_delay_s(pace: Pace, polls_so_far: int, running: int, chance: random.Random) -> float:
    """Seconds until the next poll of one of `running` generations: no closer than their limit allows."""
    delay = min(pace.first_s * pace.growth ** min(polls_so_far, 64), pace.longest_s)
    if pace.requests_per_minute is not None:
        delay = max(delay, running * MINUTE_S / pace.requests_per_minute)
    return delay * (1 + chance.uniform(0, JITTER))


class RateLimit:
    """At most so many requests in any minute, over all threads. Holds requests back, refuses none."""

    def __init__(self, requests_per_minute: int | None, now: Callable[[], float] = time.monotonic) -> None:
        self._limit = requests_per_minute
        self._now = now
        self._sent: deque[float] = deque()
        self._lock = threading.Lock()

    def wait_turn(self, pause: Callable[[float], None]) -> None:
        """Returns when a request may go out; `pause(seconds)` waits, and may raise to break off."""
        while (delay := self._take_or_wait()) > 0:
            pause(delay)

    def _take_or_wait(self) -> float:
        if self._limit is None:
            return 0.0
        with self._lock:
            now = self._now()
            while self._sent and now - self._sent[0] >= MINUTE_S:
                self._sent.popleft()
            if len(self._sent) < self._limit:
                self._sent.append(now)
                return 0.0
            return MINUTE_S - (now - self._sent[0])
