# SPDX-License-Identifier: GPL-3.0-or-later
"""How long is waited for a service."""

from typing import NamedTuple

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0


class TimeLimits(NamedTuple):
    """Seconds: for a connection to be made, for an answer to begin or go on, and for how long a task that is paid for
    is asked after while nothing can be reached (None: as long as is usual)."""

    connect_s: float = CONNECT_TIMEOUT_S
    read_s: float = READ_TIMEOUT_S
    patience_s: float | None = None


USUAL_LIMITS = TimeLimits()
