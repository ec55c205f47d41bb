# SPDX-License-Identifier: GPL-3.0-or-later
"""The handles by which other threads reach the worker of a generation."""

import threading
from dataclasses import dataclass, field

from ..piapi.service import Service


@dataclass(slots=True)
class Job:
    """The handles by which another thread reaches a worker."""

    service: Service
    cancelling: bool = False
    stopping: bool = False
    wake: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Asks for the generation to be dropped."""
        self.cancelling = True
        self.wake.set()

    def stop(self) -> None:
        """Asks the thread to end at its next wait."""
        self.stopping = True
        self.wake.set()
