# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that the system may refuse."""

import threading


class NoThread(Exception):
    """The system has no room for one more thread."""

    def __init__(self) -> None:
        super().__init__("This computer has no room for what works on it (no new thread). Close other programs.")


def begun(thread: threading.Thread) -> threading.Thread:
    """The thread, started. Raises NoThread."""
    try:
        thread.start()
    except (RuntimeError, MemoryError):
        raise NoThread from None
    return thread
