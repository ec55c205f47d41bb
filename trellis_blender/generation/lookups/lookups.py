# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked beside the generations: each question in a thread of its own."""

import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ...piapi.account import Plan, plan_of
from ...piapi.service import Service
from ...piapi.timings import Timings
from ..limits.rate_limit import RateLimit
from ..threads import NoThread, begun, come_so_far
from ..worker.job import Job
from .questions import Answer, Question

if TYPE_CHECKING:
    from ..store.database import Store


class Lookups:
    """Questions that are being answered. Its methods return at once and are for Blender's main thread.

    `store` is asked for in the threads only, because loading its module takes longer than an artist's frame may.
    `adopt_plan` gets the limits of the account there.
    """

    def __init__(
        self,
        folder: Path,
        store: "Callable[[], Store]",
        limit_of: Callable[[Service], RateLimit],
        adopt_plan: Callable[[RateLimit, Plan], None],
        timings: Timings,
    ) -> None:
        self._folder = folder
        self._store = store
        self._limit_of = limit_of
        self._adopt_plan = adopt_plan
        self._timings = timings
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._jobs: dict[threading.Thread, Job] = {}

    @property
    def is_busy(self) -> bool:
        """True while an answer may still come."""
        return bool(self._jobs)

    def ask(self, question: Question, service: Service) -> None:
        """Finds something out; it comes in `answers`."""
        job = Job(service)
        thread = threading.Thread(target=self._find_out, args=(question, job), name="trellis-lookup", daemon=True)
        self._jobs[thread] = job
        try:
            begun(thread)
        except NoThread as problem:
            del self._jobs[thread]
            self._answers.put(Answer(question, problem=str(problem)))

    def answers(self) -> list[Answer]:
        """The answers since the last call. Never waits."""
        return come_so_far(self._answers)

    def stop(self) -> list[threading.Thread]:
        """Cuts all of them off; the threads that are about to end."""
        running = dict(self._jobs)
        for job in running.values():
            job.stop()
        return list(running)

    def _find_out(self, question: Question, job: Job) -> None:
        from .find_out import find_out

        try:
            limit = self._limit_of(job.service)
            answer = find_out(question, job, self._folder, limit, self._store(), timings=self._timings)
            if limit.is_limited and answer.account:
                self._adopt_plan(limit, plan_of(answer.account))
            self._answers.put(answer)
        finally:
            del self._jobs[threading.current_thread()]
