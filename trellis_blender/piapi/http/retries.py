# SPDX-License-Identifier: GPL-3.0-or-later
"""When to ask again, as pure functions."""

import random
from email.utils import parsedate_to_datetime

from ..timings import USUAL_TIMINGS, Timings

RETRIES = 2
LONGEST_RETRY_AFTER_S = 3600.0


def retry_delay_s(
    attempt: int, retry_after_s: float | None, chance: random.Random, timings: Timings = USUAL_TIMINGS
) -> float:
    """Seconds before attempt `attempt` + 1, counted from 0: doubling, with half of it up to chance.

    What the service asked for in `Retry-After` is waited in full.
    """
    if retry_after_s is not None:
        return retry_after_s
    delay = min(timings.first_delay_s * 2**attempt, timings.longest_delay_s)
    return delay * (0.5 + chance.random() / 2)


def read_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait from a `Retry-After` header, which is a number of seconds or a date; None where it is neither.

    `now` in Unix seconds. At most an hour: a longer wait is the artist's decision.
    """
    if not value or not value.isascii():
        return None
    try:
        seconds = float(value) if value.strip().isdigit() else parsedate_to_datetime(value).timestamp() - now
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        # What reads dates raises each of these for some text.
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)
