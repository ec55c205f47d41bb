# SPDX-License-Identifier: GPL-3.0-or-later
"""What the generations of one account share: the limit on requests, and which of them the service lets wait."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from ..piapi.service import Service
from . import pace
from .ownership import Owner
from .problems import GenerationProblem

SHARERS_LOOK_S = 15.0

Key = tuple[str, str]


class Accounts:
    """The limits of all accounts that were asked. For any thread.

    `owners` lists who works on the folder's generations, the dead included.
    """

    def __init__(self, owner: Owner, owners: Callable[[], set[str]], polling: pace.Pace | None) -> None:
        self._owner = owner
        self._owners = owners
        self._polling = polling
        self._lock = threading.Lock()
        self._limits: dict[Key, pace.RateLimit] = {}
        self._staged: dict[Key, set[str]] = {}
        self._sharers = (0.0, 1)

    def pace_of(self, service: Service) -> pace.Pace:
        """How often tasks are asked after."""
        return self._polling or (pace.LOOPBACK if service.is_loopback else pace.PIAPI)

    def limit_of(self, service: Service) -> pace.RateLimit:
        """The one limit on requests of the account."""
        is_limited = self.pace_of(service) is not pace.LOOPBACK
        with self._lock:
            return self._limits.setdefault(
                _key(service), pace.RateLimit(is_limited=is_limited, sharers=self._count_sharers)
            )

    def staged_of(self, service: Service) -> set[str]:
        """The generations that the service lets wait because the account's tasks at once are used up."""
        with self._lock:
            return self._staged.setdefault(_key(service), set())

    def _count_sharers(self) -> int:
        """How many Blenders work on this folder's generations, looked up now and then."""
        looked_at, count = self._sharers
        now = time.monotonic()
        if not looked_at or now - looked_at > SHARERS_LOOK_S:
            with suppress(GenerationProblem):
                count = max(sum(self._owner.is_alive(owner) for owner in self._owners()), 1)
            self._sharers = (now, count)
        return count


def _key(service: Service) -> Key:
    return service.api_url, service.api_key
