# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker threads, and the generations that wait for one: as many at once as the artist and each account allow."""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, NamedTuple

from ...piapi.service import Service
from ...piapi.timings import MOST_AT_ONCE
from ..limits.rate_limit import RateLimit
from ..problems import GenerationProblem
from ..record.generation import Generation
from ..states import State
from ..threads import NoThread, begun
from .job import Job

if TYPE_CHECKING:
    from .context import Surroundings
    from .worker import Worker

LOG = logging.getLogger(__name__)

KEPT_PICTURES_BYTES = 64 * 2**20
"""Of those that wait for their turn; the others are on the disk only."""


class _AtWork(NamedTuple):
    """A generation's thread, and the handles by which others reach it."""

    job: Job
    worker: "Worker"
    thread: threading.Thread
    limit: RateLimit


class WorkerPool:
    """One for each queue. `condition` is the queue's, which waits by it for a worker that ends.

    `ended` is called in the worker's thread, with its generation and what it raised, None where it raised nothing.
    """

    def __init__(
        self,
        condition: threading.Condition,
        limit_of: Callable[[Service], RateLimit],
        surroundings: "Callable[[Service], Surroundings]",
        ended: Callable[[Generation, Exception | None], None],
    ) -> None:
        self._condition = condition
        self._limit_of = limit_of
        self._surroundings = surroundings
        self._ended = ended
        self._waiting: deque[tuple[Generation, Job]] = deque()
        self._at_work: dict[str, _AtWork] = {}
        self.allowed_at_once = MOST_AT_ONCE
        self.are_stopped = False

    @property
    def are_at_work(self) -> bool:
        """True while a thread works on a generation."""
        return bool(self._at_work)

    def are_going_on(self) -> bool:
        """True while a thread works on a generation, and nobody has asked it to end."""
        return self.are_at_work and not self.are_stopped

    @property
    def has_waiting(self) -> bool:
        """True while a generation waits for its turn."""
        return bool(self._waiting)

    def add(self, generation: Generation, job: Job) -> None:
        """Puts a generation behind those that wait for their turn."""
        self._waiting.append((generation, job))

    def keep_pictures(self, job: Job, contents: tuple[bytes, ...]) -> None:
        """Keeps the pictures as they are sent in memory, for a folder that is deleted before that."""
        if sum(len(content) for _, each in self._waiting for content in each.pictures) < KEPT_PICTURES_BYTES:
            job.pictures = contents

    def take_back(self, generation_id: str) -> Generation | None:
        """Takes one that waits out again, where it was never sent; None for all others, of which some may be paid."""
        for waiting in list(self._waiting):
            if waiting[0].id == generation_id and waiting[0].state is State.QUEUED:
                self._waiting.remove(waiting)
                return waiting[0]
        return None

    def pause(self) -> list[Generation]:
        """Takes out all that wait and were never sent, and has those rest whose thread has not sent them yet."""
        for each in list(self._at_work.values()):
            each.job.pause()
        return [each for each, _ in list(self._waiting) if self.take_back(each.id) is not None]

    def job_of(self, generation_id: str) -> Job | None:
        """The handles of one that waits or is worked on; None for all others."""
        waiting = next((job for found, job in list(self._waiting) if found.id == generation_id), None)
        at_work = self._at_work.get(generation_id)
        return waiting or (at_work.job if at_work is not None else None)

    def is_in_progress(self, generation_id: str) -> bool:
        """Whether it waits for its turn here, or is worked on."""
        return self.in_progress(generation_id) is not None

    def in_progress(self, generation_id: str) -> Generation | None:
        """A generation that waits for its turn here, or is worked on, as it is now; None for all others.

        One that rests is not in progress, though its thread may not have ended yet.
        """
        waiting = next((found for found, _ in list(self._waiting) if found.id == generation_id), None)
        if waiting is not None:
            return waiting
        at_work = self._at_work.get(generation_id)
        return at_work.worker.generation if at_work is not None and at_work.worker.generation.is_working else None

    def at_work_by_account(self) -> Counter[RateLimit]:
        """How many generations of each account the service works on, by the account's limit."""
        return Counter(each.limit for each in self._busy())

    def spacing_s(self, limit: RateLimit) -> float:
        """Seconds between two polls of an account's generation that is polled as often as can be."""
        its = [each.worker.quiet_s for each in self._busy() if each.limit is limit]
        return limit.spacing_s(len(its), [quiet_s for quiet_s in its if quiet_s])

    def start(self) -> Generator[tuple[Generation, str]]:
        """Starts all whose turn it is; gives those that could not be started, each with the reason."""
        while (waiting := self._next()) is not None:
            try:
                self._start(*waiting)
            except (NoThread, GenerationProblem) as problem:
                with self._condition:
                    self._waiting.remove(waiting)
                yield waiting[0], str(problem)

    def stop(self) -> list[threading.Thread]:
        """Asks all threads to end and starts no other; the threads. The caller holds the condition."""
        self.are_stopped = True
        self._waiting.clear()
        for each in self._at_work.values():
            each.job.stop()
        return [each.thread for each in self._at_work.values()]

    def _next(self) -> tuple[Generation, Job] | None:
        with self._condition:
            # Those that only download keep none waiting, unless there are as many of them: then the network is slow.
            downloading = sum(each.worker.is_downloading for each in list(self._at_work.values()))
            if self.are_stopped or max(len(self._busy()), downloading) >= self.allowed_at_once:
                return None
            at_work = self.at_work_by_account()
            # The last worker of one that was resumed at once may not have ended yet.
            free = (waiting for waiting in self._waiting if waiting[0].id not in self._at_work)
            return next((waiting for waiting in free if self._may_start(waiting[1].service, at_work)), None)

    def _busy(self) -> list[_AtWork]:
        at_work = list(self._at_work.values())
        return [each for each in at_work if not (each.worker.gives_way or each.worker.is_downloading)]

    def _may_start(self, service: Service, at_work: Counter[RateLimit]) -> bool:
        """The first of an account finds out how many it allows at once; until then the others wait."""
        limit = self._limit_of(service)
        return at_work[limit] < (limit.at_once if limit.has_asked else 1)

    def _start(self, generation: Generation, job: Job) -> None:
        """Raises NoThread and GenerationProblem where it waits still."""
        from .worker import Worker

        worker = Worker(generation, job, self._surroundings(job.service))
        name = f"trellis-{generation.id[:8]}"
        thread = threading.Thread(target=self._work, args=(worker,), name=name, daemon=True)
        with self._condition:
            if self.are_stopped:
                return
            self._at_work[generation.id] = _AtWork(job, worker, thread, self._limit_of(job.service))
            try:
                begun(thread)
            except NoThread:
                del self._at_work[generation.id]
                raise
            self._waiting.remove((generation, job))

    def _work(self, worker: "Worker") -> None:
        failure: Exception | None = None
        try:
            worker.run()
        except Exception as error:
            LOG.exception("generation %s", worker.generation.id)
            failure = error
        finally:
            with self._condition:
                del self._at_work[worker.generation.id]
                self._ended(worker.generation, failure)
                self._condition.notify_all()
