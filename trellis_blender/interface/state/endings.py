# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be taken back when the add-on is switched off: each thing says how it ends where it begins."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from . import logs


class Endings:
    """A list of endings. Other add-ons may have taken away what is to be ended, so one that fails keeps no other from
    its turn.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()

    def add(self, end: Callable[..., Any], *arguments: object) -> None:
        """`end` is called with the `arguments` when all ends, before what was added earlier."""
        self._stack.callback(_end, end, arguments)

    def run(self) -> None:
        """Ends all, the last first, and is empty then. Never raises; what went wrong is in the log."""
        self._stack.close()


def _end(end: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    try:
        end(*arguments)
    except Exception:  # noqa: BLE001 (it is logged)
        name = getattr(end, "__qualname__", repr(end))
        logs.logger(__name__).exception("%s%r could not be taken back", name, arguments)
