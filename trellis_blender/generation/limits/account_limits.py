# SPDX-License-Identifier: GPL-3.0-or-later
"""What the generations of one account share: the limit on requests, and which of them the service lets wait."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from ...piapi.http.addresses import read_address
from ...piapi.service import Service
from ...piapi.timings import USUAL_TIMINGS, Timings
from ..problems import GenerationProblem
from ..store.owners import Owner, shared_folder
from . import rate_limit
from .request_ledger import Ledger

USUAL_PORTS = {"https": 443, "http": 80}

Key = tuple[str, str]


class Accounts:
    """The limits of all accounts that were asked. For any thread.

    `at_once`: tasks at once, where an account does not say how many it allows.
    `owners` lists who works on the folder's generations, the dead included; `shared` is where all Blenders of this
    computer count their requests. `parts` is how many computers share what an account allows.
    """

    def __init__(
        self,
        owner: Owner,
        owners: Callable[[], set[str]],
        polling: rate_limit.Pace | None,
        shared: Callable[[], Path] = shared_folder,
        timings: Timings = USUAL_TIMINGS,
        *,
        at_once: int = rate_limit.AT_ONCE,
        parts: int = 1,
    ) -> None:
        self._owner = owner
        self._owners = owners
        self._polling = polling
        self._shared = shared
        self._timings = timings
        self._at_once = at_once
        self._parts = parts
        self._lock = threading.Lock()
        self._limits: dict[Key, rate_limit.RateLimit] = {}
        self._staged: dict[Key, set[str]] = {}
        self._sharers = (0.0, 1)

    def pace_of(self, service: Service) -> rate_limit.Pace:
        """How often tasks are polled."""
        return self._polling or (rate_limit.LOOPBACK if service.is_loopback else rate_limit.PIAPI)

    def limit_of(self, service: Service) -> rate_limit.RateLimit:
        """The one limit of the account, on requests and on tasks at once."""
        is_limited = self.pace_of(service) is not rate_limit.LOOPBACK
        key = _key(service)
        with self._lock:
            if key not in self._limits:
                self._limits[key] = rate_limit.RateLimit(
                    is_limited=is_limited,
                    sharers=self._count_sharers,
                    ledger=Ledger(self._shared, _name(key)) if is_limited else None,
                    minute_s=self._timings.minute_s,
                    at_once=self._at_once,
                    parts=self._parts,
                )
            return self._limits[key]

    def staged_of(self, service: Service) -> set[str]:
        """The generations that the service lets wait because the account's tasks at once are used up."""
        with self._lock:
            return self._staged.setdefault(_key(service), set())

    def _count_sharers(self) -> int:
        """How many Blenders work on this folder's generations, looked up now and then."""
        looked_at, count = self._sharers
        now = time.monotonic()
        if not looked_at or now - looked_at > self._timings.sharers_look_s:
            with suppress(GenerationProblem):
                count = max(sum(self._owner.is_alive(owner) for owner in self._owners()), 1)
            self._sharers = (now, count)
        return count


def _name(key: Key) -> str:
    """Differs for each account; the key cannot be computed from it."""
    return sha256(" ".join(key).encode("utf-8", "replace")).hexdigest()[:32]


def _key(service: Service) -> Key:
    """However its address is written."""
    address = read_address(service.api_url.strip().rstrip("/"))
    if address is not None and address.port == USUAL_PORTS[address.scheme]:
        address = address._replace(port=None)
    return address.url if address is not None else service.api_url, service.api_key.strip()
