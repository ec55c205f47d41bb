# SPDX-License-Identifier: GPL-3.0-or-later
"""The handles by which other threads reach the worker of a generation."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ...piapi.service import Service


def _nothing() -> None:
    """There is no connection to be cut yet."""


@dataclass(slots=True)
class Job:
    """The handles by which another thread reaches a worker; `cut` breaks its connections off.

    `is_glance`: a submission whose answer was lost is looked for once, and not for some minutes. `picture` is the PNG
    that is to be sent, where it is in memory as well, b"" where it is on the disk only.
    """

    service: Service
    is_glance: bool = False
    cancelling: bool = False
    stopping: bool = False
    wake: threading.Event = field(default_factory=threading.Event)
    cut: Callable[[], None] = _nothing
    picture: bytes = field(default=b"", repr=False)

    def cancel(self) -> None:
        """Asks for the generation to be dropped."""
        self.cancelling = True
        self.wake.set()

    def cuts_by(self, cut: Callable[[], None]) -> None:
        """Tells how connections are broken off; at once where it was stopped before there were any."""
        self.cut = cut
        if self.stopping:
            cut()

    def stop(self) -> None:
        """Asks the thread to end, at its next wait or at once where it waits for an answer."""
        self.stopping = True
        self.wake.set()
        self.cut()
