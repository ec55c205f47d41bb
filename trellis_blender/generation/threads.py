# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that the system may refuse, and what they hand over."""

import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

News = TypeVar("News")


class NoThread(Exception):
    """The system has no room for one more thread."""

    def __init__(self) -> None:
        super().__init__("This computer has no room for one more thread. Close other programs.")


def begun(thread: threading.Thread) -> threading.Thread:
    """The thread, started. Raises NoThread."""
    try:
        thread.start()
    except (RuntimeError, MemoryError):
        raise NoThread from None
    return thread


def come_so_far(news: SimpleQueue[News]) -> list[News]:
    """What has come since the last call, in order. Never waits."""
    found: list[News] = []
    with suppress(Empty):
        while True:
            found.append(news.get_nowait())
    return found
