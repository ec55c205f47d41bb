# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a service that does not answer is asked again."""

import time

from ...piapi.errors import PiapiError
from ..providers import explain
from .context import Work

FAILURES_MIN = 5
"""In a row, each of them repeated by the client."""


class Backoff:
    """Counts failures in a row. What costs nothing is not waited for beyond the fifth."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._failures = 0
        self._since = 0.0

    def over(self) -> None:
        """It answered."""
        self._failures = 0

    def wait(self, error: PiapiError) -> None:
        """Says what is wrong and waits, longer each time and as long as `Retry-After` says; raises `error` where that
        has gone on for too long.

        Time asleep does not count.
        """
        now = time.monotonic()
        self._since = self._since if self._failures else now
        self._failures += 1
        request, timings = self._work.generation.request, self._work.around.timings
        limit_s = self._work.job.service.limits.patience_s
        patience_s = 0.0 if self._work.provider.is_free else timings.patience_s if limit_s is None else limit_s
        if self._failures >= FAILURES_MIN and now - self._since >= patience_s:
            raise error
        wait_s = min(timings.first_wait_s * 2 ** min(self._failures - 1, 10), timings.longest_wait_s)
        wait_s = max(wait_s, error.retry_after_s or 0.0)
        self._work.change(problem=f"{explain(request.model, error)} Asked again in {max(wait_s, 1):.0f} s.")
        self._work.pause(wait_s)
