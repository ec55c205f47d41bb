# SPDX-License-Identifier: GPL-3.0-or-later
"""How long is waited, how often something is tried and how much is done at once: for a service, its files, its lists.

`TimeLimits` are what the artist sets in the preferences. `Timings` are all others; who makes the queue may hand in
quicker ones.
"""

from typing import NamedTuple


class TimeLimits(NamedTuple):
    """Seconds: for a connection to be made, for an answer to begin or go on, and for how long a task that is paid for
    is polled while nothing can be reached (None: as long as is usual)."""

    connect_s: float = 10.0
    read_s: float = 60.0
    patience_s: float | None = None


USUAL_LIMITS = TimeLimits()
MOST_AT_ONCE = 30
"""More tasks are not worked on at once, whatever an account allows."""


class Timings(NamedTuple):
    """Every wait in seconds, every `…_max` a count."""

    # A request, and its repetition by the client
    answer_limit_s: float = 180.0
    """For a request and its whole answer; an image goes along with it, on a line that may be slow."""
    first_delay_s: float = 0.5
    """Before a request is repeated; doubled each time."""
    longest_delay_s: float = 8.0

    # A result's file
    opening_limit_s: float = 180.0
    """Until its first byte, redirects included."""
    slowness_look_s: float = 60.0
    """A file that comes too slowly for that long is asked for again: its server may drip for ever."""

    # A task that the service takes no more of
    busy_delay_s: float = 15.0
    """Before it is submitted again, where the service names no time; doubled each time."""
    staged_look_s: float = 2.0
    """Between two looks whether the account's other tasks still wait."""

    # A service that does not answer
    patience_s: float = 2 * 3600.0
    """Unless the artist has set another limit. A laptop may be without a network for an hour; the task at the service
    does not mind."""
    first_wait_s: float = 2.0
    """After the first failed poll; doubled each time."""
    longest_wait_s: float = 60.0

    # A submission whose answer was lost
    look_after_s: tuple[float, ...] = (2.0, 8.0, 20.0, 30.0, 40.0, 50.0, 60.0)
    """Before each look through the account's tasks. A task may take a moment to turn up there, and a gateway may hand
    it on after half a minute."""
    known_after_s: float = 15 * 60.0
    """A task that is still waiting or running need not be in any list. None takes as long as this as a rule, so from
    then on the history's silence tells that there is none. Counted by the monotonic clock, from when this Blender
    has sent it or first looked for it."""
    asked_max: int = 20
    """Tasks that are asked for one by one in a look, where the lists do not say what a task was made from."""
    history_pages_max: int = 10
    history_page_size: int = 100
    """PiAPI's largest."""
    first_late_look_s: float = 60.0
    """After the last look, as long as the row is there; doubled each time."""
    longest_late_look_s: float = 3600.0

    # The account's limit on requests
    minute_s: float = 60.0
    """What "requests a minute" are counted in."""
    sharers_look_s: float = 15.0
    """Between two looks how many Blenders share the limit."""


USUAL_TIMINGS = Timings()
