# SPDX-License-Identifier: GPL-3.0-or-later
"""All generations of this Blender: takes requests, has them worked on in threads, tells what changed.

The methods of `Queue` return at once and are for one thread, Blender's main thread. What they ask for is done, one
after the other, by the dispatcher: a thread that lives only while there is something to do, writes the store and starts
a worker thread per generation, at most `at_once` of them.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ..piapi.plans import MOST_AT_ONCE, Plan
from ..piapi.service import Service
from . import costs, pace
from .accounts import Accounts
from .found import as_found, come_so_far, not_taken
from .inquiries import Inquiries
from .job import Job
from .ownership import Owner
from .problems import GenerationProblem
from .record import Generation, new_generation, without_picture
from .request import GenerationRequest, Picture
from .states import AT_THE_SERVICE, State

if TYPE_CHECKING:
    from .store import Owned, Store
    from .work import Surroundings
    from .worker import Worker

LOG = logging.getLogger(__name__)

AT_ONCE = 4
"""Generations worked on at once, until the account's plan says otherwise; see `Queue.allow` as well."""


class Queue:
    """The generations in one folder. Nothing runs while nothing is generated.

    `polling` None asks a service on this computer often, and any other within the limits of the account's plan.
    """

    def __init__(
        self,
        folder: Path,
        *,
        at_once: int = AT_ONCE,
        now: Callable[[], float] = time.time,
        polling: pace.Pace | None = None,
    ) -> None:
        self.folder = folder
        self._plan_at_once = at_once
        self._allowed_at_once = MOST_AT_ONCE
        self._now = now
        self._changes: SimpleQueue[Generation] = SimpleQueue()
        self._waiting: deque[tuple[Generation, Job]] = deque()
        self._jobs: dict[str, Job] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._inbox: deque[Callable[[], None]] = deque()
        self._condition = threading.Condition()
        self._dispatcher: threading.Thread | None = None
        self._is_closed = False
        self._owner = Owner(folder)
        # Not `self._store.owners` itself: the store's module is loaded in the thread that needs it first.
        self._accounts = Accounts(self._owner, lambda: self._store.owners(), polling)  # noqa: PLW0108
        self.inquiries = Inquiries(folder, lambda: self._store, self._accounts.limit_of, self._adopt_plan)
        self._known: set[str] = set()
        self.has_loaded = False
        """True once all that `load` found is among the changes, or cannot be read."""

    @property
    def is_busy(self) -> bool:
        """True while there is something to do, so that changes may still come."""
        return self._dispatcher is not None or self.inquiries.is_busy

    def allow(self, at_once: int) -> None:
        """How many generations may be worked on at once, where the account's plan has room for as many."""
        if at_once != self._allowed_at_once:
            self._allowed_at_once = at_once
            if self._waiting:
                self._post(self._start_waiting)

    def changes(self) -> list[Generation]:
        """Every generation that changed since the last call, in order, each as it was then. Never waits."""
        return come_so_far(self._changes)

    def load(self) -> None:
        """Reads all generations from the store; they come as changes, each as it stands there.

        Unfinished ones come parked; `interrupted` where whoever worked on them has ended, so that they can be resumed,
        `elsewhere` where another Blender works on them.
        """
        self._post(self._load)

    def look_around(self) -> None:
        """Looks for generations that other Blenders have begun since; those not heard of yet come as changes."""
        self._post(self._look_around)

    def look_at(self, generation_id: str) -> None:
        """Looks what has become of a generation that another Blender works on; it comes as a change."""
        self._post(partial(self._look, generation_id))

    def submit(self, request: GenerationRequest, service: Service) -> Generation:
        """Takes a request. It is in the store before the first byte goes out, and is in `changes` as it advances."""
        generation, picture = without_picture(new_generation(request, service.api_url, self._now()))
        return self._take(generation, Job(service), picture)

    def submit_again(self, generation: Generation, service: Service) -> Generation:
        """Submits a failed or unknown generation once more: a new task, which costs its price."""
        fresh = replace(
            generation,
            state=State.QUEUED,
            api_url=service.api_url,
            task_id="",
            model_url="",
            problem="",
            parked=False,
            interrupted=False,
            wanted=True,
            cancel_asked=False,
            charged_usd=None,
            submitted_at=0.0,
            finished_at=0.0,
        )
        return self._take(fresh, Job(service))

    def resume(self, generation: Generation, service: Service) -> Generation:
        """Takes up a parked generation from where it stands; costs nothing, because its task exists already.

        How long it takes from here on says nothing about its model, so it is no longer timed. One of unknown outcome
        is looked for among the account's tasks.
        """
        if generation.state in {State.SUBMITTING, State.OUTCOME_UNKNOWN}:
            taken = replace(generation, state=State.SUBMITTING)
        else:
            taken = replace(generation, submitted_at=0.0)
        return self._take(replace(taken, parked=False, interrupted=False, problem=""), Job(service))

    def cancel(self, generation: Generation, service: Service) -> None:
        """Asks for a generation to be dropped: before it is sent here, while it is pending at the service."""
        self._post(partial(self._cancel, generation, service))

    def take_up(self, generation: Generation, service: Service) -> None:
        """Takes a generation whose task was made elsewhere, with this account, and fetches it; costs nothing."""
        self._post(partial(self._take_up, generation, Job(service)))

    def remove(self, generation: Generation) -> None:
        """Deletes a resting generation with its files; it comes as a change that says `removed`."""
        self._post(partial(self._remove, generation))

    def keep(self, generation: Generation) -> None:
        """Writes what the main thread decided about a resting generation, that it was placed for example."""
        self._post(partial(self._keep, generation))

    def close(self, timeout_s: float) -> bool:
        """Stops all threads at their next wait; True where all of them ended within `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        with self._condition:
            self._is_closed = True
            self._waiting.clear()
            threads = list(self._threads.values())
            if self._dispatcher is not None:
                threads.append(self._dispatcher)
            for job in self._jobs.values():
                job.stop()
            threads += self.inquiries.stop()
            self._condition.notify_all()
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0.0))
        has_ended = not any(thread.is_alive() for thread in threads)
        if has_ended:
            self._owner.let_go()
        return has_ended

    def _take(self, generation: Generation, job: Job, picture: Picture | None = None) -> Generation:
        self._changes.put(generation)
        self._post(partial(self._enqueue, generation, job, picture))
        return generation

    # The dispatcher. What it uses is imported in its thread: `requests` and `sqlite3` take longer to load than an
    # artist's frame may.

    @cached_property
    def _store(self) -> "Store":
        from .store import Store

        return Store(self.folder)

    def _post(self, command: Callable[[], None]) -> None:
        with self._condition:
            self._inbox.append(command)
            if self._dispatcher is None:
                self._dispatcher = threading.Thread(target=self._dispatch, name="trellis-queue", daemon=True)
                self._dispatcher.start()
            self._condition.notify_all()

    def _dispatch(self) -> None:
        while True:
            with self._condition:
                while not self._inbox and self._jobs and not self._is_closed:
                    self._condition.wait()
                if not self._inbox:
                    self._dispatcher = None
                    return
                command = self._inbox.popleft()
            try:
                command()
                self._start_waiting()
            except Exception:
                # One command that fails must not stop those behind it.
                LOG.exception("the queue of generations")

    def _load(self) -> None:
        try:
            generations, known = self._store.load_all(), self._store.ids()
        except GenerationProblem:
            # Said to the artist when the first submission meets the same folder.
            self.has_loaded = True
            return
        for found in generations:
            self._tell(found)
        self.has_loaded = True
        from .files import remove_unsent

        remove_unsent(self.folder, known)

    def _look_around(self) -> None:
        with suppress(GenerationProblem):
            for found in self._store.load_taken():
                if found.generation.id not in self._known:
                    self._tell(found)

    def _look(self, generation_id: str) -> None:
        with suppress(GenerationProblem):
            if (found := self._store.load(generation_id)) is not None:
                self._tell(found)

    def _tell(self, found: "Owned") -> None:
        """What this Blender works on, it knows better than the store."""
        number = found.generation.id
        self._known.add(number)
        if number not in self._jobs and not self._is_waiting(number):
            self._changes.put(self._as_found(found))

    def _is_waiting(self, generation_id: str) -> bool:
        return any(generation.id == generation_id for generation, _ in self._waiting)

    def _enqueue(self, generation: Generation, job: Job, picture: Picture | None = None) -> None:
        if self._is_waiting(generation.id):
            return
        self._known.add(generation.id)
        try:
            if picture is not None:
                from .download import keep_picture

                digest = keep_picture(picture, self.folder / generation.folder_name)
                generation = replace(generation, picture_sha256=digest)
            taken_further = self._store.take(generation, self._owner.id, self._owner.is_alive)
        except Exception as problem:
            if not isinstance(problem, GenerationProblem):
                LOG.exception("generation %s", generation.id)
            self._changes.put(not_taken(generation, str(problem)))
            return
        if taken_further is not None:
            self._changes.put(self._as_found(taken_further))
        else:
            self._waiting.append((generation, job))

    def _cancel(self, generation: Generation, service: Service) -> None:
        # What the main thread saw may be a moment old.
        with suppress(GenerationProblem):
            if (found := self._store.load(generation.id)) is not None:
                generation = found.generation
                if self._owner.is_another(found.owner_id):
                    self._tell(found)
                    return
        for waiting in list(self._waiting):
            if waiting[0].id == generation.id and not waiting[0].task_id:
                self._waiting.remove(waiting)
                self._keep(replace(waiting[0], state=State.CANCELLED, problem=costs.NOTHING_SENT))
                return
            if waiting[0].id == generation.id:
                waiting[1].cancel()
                return
        if job := self._jobs.get(generation.id):
            job.cancel()
        elif generation.state in AT_THE_SERVICE and not generation.request.price_usd:
            # The offline preview ends with Blender, and its tasks with it.
            self._keep(replace(generation, state=State.CANCELLED, problem=costs.COSTS_NOTHING, parked=False))
        elif generation.state in AT_THE_SERVICE:
            self._enqueue(replace(generation, parked=False, problem=""), Job(service, cancelling=True))
        elif generation.state is State.QUEUED:
            self._keep(replace(generation, state=State.CANCELLED, problem=costs.NOTHING_SENT, parked=False))

    def _take_up(self, generation: Generation, job: Job) -> None:
        with suppress(GenerationProblem):
            if (found := self._store.with_task(generation.task_id)) is not None:
                self._tell(found)
                return
        self._enqueue(generation, job)

    def _remove(self, generation: Generation) -> None:
        if generation.id in self._jobs or self._is_waiting(generation.id):
            return
        try:
            found = self._store.load(generation.id)
            if found is not None and self._is_beyond(found, generation):
                self._tell(found)
                return
            from .files import remove_folder

            remove_folder(self.folder / generation.folder_name)
            self._store.remove(generation.id)
        except GenerationProblem as problem:
            self._changes.put(replace(generation, problem=f"It was not removed. {problem}"))
        else:
            self._changes.put(replace(generation, removed=True))

    def _is_beyond(self, found: "Owned", shown: Generation) -> bool:
        """Whether another Blender has it, or has taken it further than the artist sees."""
        its = found.generation
        return self._owner.is_another(found.owner_id) or (its.task_id, its.state) != (shown.task_id, shown.state)

    def _keep(self, generation: Generation) -> None:
        try:
            if self._store.load(generation.id) is None:
                # Another Blender has removed it meanwhile.
                self._changes.put(replace(generation, removed=True))
                return
            self._store.save(generation)
        except GenerationProblem as problem:
            generation = replace(generation, problem=f"{generation.problem} {problem}".strip())
        self._changes.put(generation)

    def _start_waiting(self) -> None:
        if not self._waiting:
            return
        from .worker import Worker

        with self._condition:
            # One that was taken up again at once may still have its last worker on its way out.
            startable = [waiting for waiting in self._waiting if waiting[0].id not in self._jobs]
            room = min(self._plan_at_once, self._allowed_at_once) - len(self._jobs)
            for generation, job in startable[: max(room, 0)]:
                if self._is_closed:
                    return
                self._waiting.remove((generation, job))
                worker = Worker(generation, job, self._surroundings(job.service))
                thread = threading.Thread(
                    target=self._work, args=(worker,), name=f"trellis-{generation.id[:8]}", daemon=True
                )
                self._jobs[generation.id] = job
                self._threads[generation.id] = thread
                thread.start()

    def _work(self, worker: "Worker") -> None:
        try:
            worker.run()
        except Exception as error:
            LOG.exception("generation %s", worker.generation.id)
            problem = f"The add-on made a mistake ({type(error).__name__}: {error}). Please report it."
            self._changes.put(replace(worker.generation, parked=True, problem=problem))
        finally:
            with self._condition:
                del self._jobs[worker.generation.id]
                del self._threads[worker.generation.id]
                self._condition.notify_all()
                self._inbox.append(self._start_waiting)
                if self._is_closed and not self._jobs:
                    # It took longer to stop than there was time to wait for it.
                    self._owner.let_go()

    def _surroundings(self, service: Service) -> "Surroundings":
        from .work import Surroundings

        limit = self._accounts.limit_of(service)
        return Surroundings(
            store=self._store,
            owner_id=self._owner.id,
            folder=self.folder,
            pace=self._accounts.pace_of(service),
            limit=limit,
            publish=self._changes.put,
            running=lambda: len(self._jobs),
            staged=self._accounts.staged_of(service),
            adopt_plan=partial(self._adopt_plan, limit),
            now=self._now,
        )

    def _adopt_plan(self, limit: pace.RateLimit, plan: Plan) -> None:
        limit.adopt(plan.requests_per_minute)
        self._plan_at_once = plan.tasks_at_once
        self._post(self._start_waiting)

    def _as_found(self, found: "Owned") -> Generation:
        return as_found(found.generation, found.owner_id, self._owner.is_another)
