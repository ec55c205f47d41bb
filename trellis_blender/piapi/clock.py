# SPDX-License-Identifier: GPL-3.0-or-later
"""What time it is at the service. This computer's own clock may be days off and decides about no task."""

import time
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

DATE_LIMIT = 64
"""Characters of a `Date` header."""
EARLIEST = 1_600_000_000.0
LATEST = 32_000_000_000.0
"""Between 2020 and the year 2984: what says otherwise is a server that has no clock."""


class ServiceClock:
    """The service's time, from the `Date` of its answers."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._ahead_s: float | None = None

    def set_from(self, date: str | None) -> None:
        """Takes over a `Date` header; one that is missing, or no date, changes nothing."""
        if date is None or len(date) > DATE_LIMIT:
            return
        try:
            there = parsedate_to_datetime(date).replace(tzinfo=UTC).timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            return
        if EARLIEST <= there <= LATEST:
            self._ahead_s = there - self._elapsed()

    def now(self) -> float | None:
        """Unix seconds at the service, None where it has not said what time it is."""
        return None if self._ahead_s is None else self._elapsed() + self._ahead_s
