# SPDX-License-Identifier: GPL-3.0-or-later
"""All generations of this Blender: takes requests, has them worked on in threads, tells what changed.

The methods of `Queue` return at once and are for one thread, Blender's main thread. What they ask for is done, one
after the other, by the dispatcher's thread, which writes the store and starts a worker thread per generation, as many
as the artist and each account allow.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ..imaging.picture import Picture
from ..piapi.account import Plan
from ..piapi.service import Service
from ..piapi.timings import USUAL_TIMINGS, Timings
from .dispatcher import Dispatcher
from .limits import rate_limit
from .limits.account_limits import Accounts
from .limits.refused_views import RefusedViews
from .lookups.lookups import Lookups
from .problems import GenerationProblem, mistake
from .providers import provider_of
from .record import costs
from .record.generation import Generation, new_generation, resumed, submitted_again, without_pictures
from .record.request import GenerationRequest
from .states import AT_THE_SERVICE, State
from .store.owners import Owner, shared_folder
from .store.repository import Repository, not_taken
from .threads import NoThread, come_so_far
from .worker.job import Job
from .worker.pool import WorkerPool

if TYPE_CHECKING:
    from .store.database import Store
    from .store.owned import Owned
    from .worker.context import Surroundings


class Queue:
    """The generations in one folder. Nothing runs while nothing is generated.

    `at_once` generations of an account are worked on, where it does not say how many it allows; see `allow` as well.
    `polling` None asks a service on this computer often, and any other within the limits of the account's plan.
    `shared` is where all Blenders of this computer count their requests. `timings` are the waits of all that is done.
    `parts`: so many computers share what an account allows, and this one keeps to its part.
    """

    def __init__(
        self,
        folder: Path,
        *,
        at_once: int = rate_limit.AT_ONCE,
        now: Callable[[], float] = time.time,
        polling: rate_limit.Pace | None = None,
        shared: Callable[[], Path] = shared_folder,
        timings: Timings = USUAL_TIMINGS,
        parts: int = 1,
    ) -> None:
        self.folder = folder
        self._now = now
        self._timings = timings
        self._changes: SimpleQueue[Generation] = SimpleQueue()
        self._published: dict[str, Generation] = {}
        self._condition = threading.Condition()
        self._owner = Owner(folder)
        # Not `self._store.owners` itself: the store's module is loaded in the thread that needs it first.
        self._accounts = Accounts(
            self._owner,
            lambda: self._store.owners(),  # noqa: PLW0108
            polling,
            shared,
            timings,
            at_once=at_once,
            parts=parts,
        )
        self.lookups = Lookups(folder, lambda: self._store, self._accounts.limit_of, self._adopt_plan, timings)
        self._workers = WorkerPool(self._condition, self._accounts.limit_of, self._surroundings, self._worker_ended)
        self._dispatcher = Dispatcher(self._condition, self._start_waiting, self._workers.are_going_on)
        self.refused_views = RefusedViews(lambda: self._store)
        self._saved = Repository(folder, lambda: self._store, self._owner, self._publish, self._workers.is_in_progress)

    @property
    def is_busy(self) -> bool:
        """True while there is something to do, so that changes may still come."""
        return self._dispatcher.thread is not None or self.lookups.is_busy

    @property
    def has_loaded(self) -> bool:
        """True once all that `load` found is among the changes, or cannot be read."""
        return self._saved.has_loaded

    @property
    def unreadable(self) -> int:
        """How many generations `load` found that cannot be read. Their files stay where they are."""
        return self._saved.unreadable

    @property
    def load_problem(self) -> GenerationProblem | None:
        """Why `load` could read none; None where it could."""
        return self._saved.load_problem

    def allow(self, at_once: int) -> None:
        """How many generations may be worked on at once, of each account no more than it has room for."""
        if at_once != self._workers.allowed_at_once:
            self._workers.allowed_at_once = at_once
            if self._workers.has_waiting:
                self._dispatcher.post(self._start_waiting)

    def changes(self) -> list[Generation]:
        """Every generation that changed since the last call, in order, each as it was then. Never waits."""
        return come_so_far(self._changes)

    def load(self) -> None:
        """Reads all generations from the store; they come as changes, each as it stands there.

        Unfinished ones come parked; `interrupted` where the Blender that worked on them has ended, so that they can be
        resumed, `elsewhere` where another Blender works on them.
        """
        self._dispatcher.post(self.refused_views.load)
        self._dispatcher.post(self._saved.load)

    def look_around(self) -> None:
        """Looks for generations that other Blenders have begun since; those that are new here come as changes."""
        self._dispatcher.post(self._saved.look_around)

    def look_at(self, generation_id: str) -> None:
        """Looks what has become of a generation that another Blender works on; it comes as a change."""
        self._dispatcher.post(partial(self._saved.look_at, generation_id))

    def submit(self, request: GenerationRequest, service: Service) -> Generation:
        """Takes a request. It is in the store before the first byte goes out, and is in `changes` as it advances."""
        generation, pictures = without_pictures(new_generation(request, service.api_url, self._now()))
        return self._take(generation, Job(service), pictures)

    def submit_again(self, generation: Generation, service: Service) -> Generation:
        """Submits a failed or unknown generation once more: a new task, which costs its price."""
        return self._take(submitted_again(generation, service.api_url), Job(service))

    def resume(self, generation: Generation, service: Service, *, is_glance: bool = False) -> Generation:
        """Takes up a parked generation from where it stands; costs nothing, because its task exists already.

        One of unknown outcome is looked for among the account's tasks, with `is_glance` once, else for some minutes.
        """
        return self._take(resumed(generation), Job(service, is_glance))

    def cancel(self, generation: Generation, service: Service) -> None:
        """Asks for a generation to be dropped: before it is sent here, while it is pending at the service."""
        self._dispatcher.post(partial(self._cancel, generation, service))

    def pause(self) -> None:
        """Parks all that has not been sent; what is at the service goes on."""
        self._dispatcher.post(self._pause)

    def allow_views(self, service: Service) -> None:
        """Forgets that an account was refused several pictures for one model."""
        self.refused_views.allow(service)
        self._dispatcher.post(partial(self.refused_views.keep_allowed, service))

    def take_up(self, generation: Generation, service: Service) -> None:
        """Takes a generation whose task was made elsewhere, with this account, and fetches it; costs nothing."""
        self._dispatcher.post(partial(self._take_up, generation, Job(service)))

    def remove(self, generation: Generation) -> None:
        """Deletes a resting generation with its files; it comes as a change that says `removed`."""
        self._dispatcher.post(partial(self._saved.remove, generation))

    def keep(self, generation: Generation) -> None:
        """Writes what the main thread decided about a resting generation, that it was placed for example."""
        self._dispatcher.post(partial(self._saved.keep, generation))

    def close(self, timeout_s: float) -> bool:
        """Stops all threads at their next wait; True where all of them ended within `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        with self._condition:
            threads = [*self._workers.stop(), *self.lookups.stop()]
            if self._dispatcher.thread is not None:
                threads.append(self._dispatcher.thread)
            self._condition.notify_all()
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0.0))
        has_ended = not any(thread.is_alive() for thread in threads)
        if has_ended:
            self._owner.let_go()
        return has_ended

    def _take(self, generation: Generation, job: Job, pictures: tuple[Picture, ...] = ()) -> Generation:
        self._publish(generation)
        try:
            self._dispatcher.post(partial(self._enqueue, generation, job, pictures))
        except NoThread as problem:
            self._publish(not_taken(generation, str(problem)))
        return generation

    def _publish(self, generation: Generation) -> None:
        """Keeps in memory what is published, for a store that is deleted."""
        if generation.removed:
            self._published.pop(generation.id, None)
        else:
            self._published[generation.id] = generation
        self._changes.put(generation)

    def _remembered(self) -> "list[Owned]":
        """All that this Blender knows, but for what others work on: they know more of it."""
        from .store.owned import Owned

        mine = [each for each in list(self._published.values()) if not each.elsewhere]
        owner_id = self._owner.known_id
        return [
            Owned(replace(each, parked=each.parked and not each.interrupted),
                  owner_id if self._workers.is_in_progress(each.id) else "")
            for each in mine
        ]  # fmt: skip

    # From here on it is the dispatcher's thread. What that uses is imported there: `requests` and `sqlite3` take longer
    # to load than an artist's frame may.

    @cached_property
    def _store(self) -> "Store":
        from .store.database import Store

        return Store(self.folder, self._remembered)

    def _enqueue(self, generation: Generation, job: Job, pictures: tuple[Picture, ...] = ()) -> None:
        if (in_progress := self._workers.in_progress(generation.id)) is not None:
            # Asked for twice. What was published at the second time is wrong.
            self._publish(in_progress)
            return
        if taken := self._saved.take(generation, pictures, partial(self._workers.keep_pictures, job)):
            self._workers.add(taken, job)

    def _cancel(self, shown: Generation, service: Service) -> None:
        # What the main thread saw may be a moment old.
        generation = self._saved.latest(shown)
        if generation is None:
            return
        if (dropped := self._workers.take_back(generation.id)) is not None:
            self._saved.keep(replace(dropped, state=State.CANCELLED, problem=costs.NOTHING_SENT))
        elif (job := self._workers.job_of(generation.id)) is not None:
            job.cancel()
        elif generation.state in AT_THE_SERVICE and not provider_of(generation.request.model).keeps_tasks:
            # The task has ended with the Blender that it was made for.
            cancelled = replace(generation, state=State.CANCELLED, problem=costs.charged(generation), parked=False)
            self._saved.keep(cancelled)
        elif generation.state in AT_THE_SERVICE:
            self._enqueue(replace(generation, parked=False, problem=""), Job(service, cancelling=True))
        elif generation.state is State.QUEUED:
            self._saved.keep(replace(generation, state=State.CANCELLED, problem=costs.NOTHING_SENT, parked=False))

    def _pause(self) -> None:
        for generation in self._workers.pause():
            self._saved.keep(replace(generation, parked=True, problem=costs.PAUSED))

    def _take_up(self, generation: Generation, job: Job) -> None:
        if not self._saved.has_task(generation.task_id):
            self._enqueue(generation, job)

    def _start_waiting(self) -> None:
        for generation, problem in self._workers.start():
            self._saved.keep(not_taken(generation, problem))

    def _worker_ended(self, generation: Generation, error: Exception | None) -> None:
        if error is not None:
            self._publish(replace(generation, parked=True, problem=mistake(error)))
        with self._condition:
            self._dispatcher.leave(self._start_waiting)
            if self._workers.are_stopped and not self._workers.are_at_work:
                # It took longer to stop than there was time to wait for it.
                self._owner.let_go()

    def _surroundings(self, service: Service) -> "Surroundings":
        from .worker.context import Surroundings

        limit = self._accounts.limit_of(service)
        return Surroundings(
            store=self._store,
            owner_id=self._owner.id,
            folder=self.folder,
            pace=self._accounts.pace_of(service),
            limit=limit,
            publish=self._publish,
            spacing_s=partial(self._workers.spacing_s, limit),
            staged=self._accounts.staged_of(service),
            adopt_plan=partial(self._adopt_plan, limit),
            stay_owner=lambda: self._owner.id,
            start_waiting=self._look_for_turns,
            refuse_views=self.refused_views.refuse,
            now=self._now,
            timings=self._timings,
        )

    def _adopt_plan(self, limit: rate_limit.RateLimit, plan: Plan) -> None:
        limit.adopt_plan(plan)
        self._look_for_turns()

    def _look_for_turns(self) -> None:
        if not self._workers.are_stopped:
            with suppress(NoThread):  # then nothing waits either
                self._dispatcher.post(self._start_waiting)
