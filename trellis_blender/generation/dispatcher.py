# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue's own thread: it carries out one command after the other, and lives only while there is something to do."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from .threads import NoThread, begun

LOG = logging.getLogger(__name__)


class Dispatcher:
    """`after_each` is called after each command; the thread waits for more of them as long as `may_come` says so.

    Both are called in the thread, `may_come` with `condition` held: who changes its answer has to notify that one.
    """

    def __init__(
        self, condition: threading.Condition, after_each: Callable[[], None], may_come: Callable[[], bool]
    ) -> None:
        self._condition = condition
        self._after_each = after_each
        self._may_come = may_come
        self._inbox: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None

    @property
    def thread(self) -> threading.Thread | None:
        """The thread, None while there is nothing to do."""
        return self._thread

    def post(self, command: Callable[[], None]) -> None:
        """Puts a command behind the others. Raises NoThread, and forgets it, where no thread can carry it out."""
        with self._condition:
            self.leave(command)
            if self._thread is None:
                try:
                    self._thread = begun(threading.Thread(target=self._run, name="trellis-queue", daemon=True))
                except NoThread:
                    self._inbox.pop()
                    raise
            self._condition.notify_all()

    def leave(self, command: Callable[[], None]) -> None:
        """Puts a command behind the others, for a thread that waits already. The caller holds the condition."""
        self._inbox.append(command)

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._inbox and self._may_come():
                    self._condition.wait()
                if not self._inbox:
                    self._thread = None
                    return
                command = self._inbox.popleft()
            try:
                command()
                self._after_each()
            except Exception:
                # One command that fails must not stop those behind it.
                LOG.exception("the queue of generations")
