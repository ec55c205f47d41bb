# SPDX-License-Identifier: GPL-3.0-or-later
"""The handles by which other threads reach the worker of a generation."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ...piapi.service import Service


@dataclass(slots=True)
class Job:
    """The handles by which another thread reaches a worker; `cut` breaks its connections off.

    `is_glance`: a submission whose answer was lost is looked for once, and not for some minutes. `pictures` are the
    PNGs that are to be sent, where they are in memory as well, () where they are on the disk only.
    """

    service: Service
    is_glance: bool = False
    cancelling: bool = False
    pausing: bool = False
    stopping: bool = False
    wake: threading.Event = field(default_factory=threading.Event)
    cut: Callable[[], None] = lambda: None
    pictures: tuple[bytes, ...] = field(default=(), repr=False)

    def cancel(self) -> None:
        """Asks for the generation to be dropped."""
        self.cancelling = True
        self.wake.set()

    def pause(self) -> None:
        """Asks for the generation to rest, unless it is being sent or has been."""
        self.pausing = True
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
