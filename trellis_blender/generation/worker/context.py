# SPDX-License-Identifier: GPL-3.0-or-later
"""One generation while a thread works on it: what it is now, how that is stored and published, how it waits.

Every transition is saved before it is acted on. Everything that comes out of here is a new `Generation`, published.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...piapi.account import Plan
from ...piapi.answers import Task
from ...piapi.http.connections import Connections
from ...piapi.service import Service
from ...piapi.timings import USUAL_TIMINGS, Timings
from ..files import input_name, write_whole
from ..limits.rate_limit import Pace, RateLimit, is_early, poll_delay_s
from ..problems import GenerationProblem, explain_os_error
from ..providers import at_beginning, provider_of, wording_of
from ..record import costs
from ..record.generation import Generation
from ..states import State
from ..store.database import Store, TakenOver
from .job import Job

WAITS_FOR_OTHERS = "Waiting for other tasks"
"""The stage while the account has no room for one more task."""
TOLD_FROM_S = 20.0
"""A longer wait before a request is said: the limit on requests or `Retry-After`, that of another generation too."""


class Stopped(Exception):
    """The add-on is being switched off; what was saved last is where it goes on."""


class Dropped(Exception):
    """Cancelled before anything was sent."""


class Paused(Exception):
    """To be sent later, when the artist says so."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all threads of a queue share.

    `spacing_s` is how far apart polls have to be, so that all generations keep to the rate limit that they share,
    `staged` has the ids of those that the service lets wait because the account's tasks at once are used up,
    `adopt_plan` gets the limits of the account. `stay_owner` sees to it that other Blenders take this one for alive,
    `start_waiting` that those begin that have a turn now. `refuse_views` gets a service that has refused several
    pictures for one model.
    """

    store: Store
    owner_id: str
    folder: Path
    pace: Pace
    limit: RateLimit
    publish: Callable[[Generation], None]
    spacing_s: Callable[[], float]
    staged: set[str]
    adopt_plan: Callable[[Plan], None]
    stay_owner: Callable[[], object] = lambda: None
    start_waiting: Callable[[], object] = lambda: None
    refuse_views: Callable[[Service], object] = lambda _: None
    now: Callable[[], float] = time.time
    timings: Timings = USUAL_TIMINGS


class Work:
    """A generation that a thread works on."""

    def __init__(self, generation: Generation, job: Job, around: Surroundings) -> None:
        self.generation = generation
        self.job = job
        self.around = around
        self.folder = around.folder / generation.folder_name
        self.provider = provider_of(generation.request.model)
        self.wording = wording_of(generation.request.model)
        self.connections = Connections()
        self.is_submitting = False
        self.video_url = self.cutout_url = ""
        self.gives_way = False
        """Whether what is left to do keeps no other generation waiting."""
        self.quiet_s: float | None = None
        """Seconds to its next poll while it is hardly ever polled, see `Pace`; None from then on."""
        self._submitted_at: float | None = None
        self._chance = random.Random()
        self._begun_at = around.now()
        job.cuts_by(self.connections.cut)

    def save(self, **changes: Any) -> None:
        """Changes what is kept: written first, then published. What cannot be written is known here all the same.

        Raises TakenOver where another Blender works on it now.
        """
        self.generation = self._changed(changes)
        self.around.store.save_own(self.generation, self.around.owner_id)
        self.around.publish(self.generation)

    def adopt(self, task_id: str) -> bool:
        """Keeps its task at the service; False where another generation has that task, then nothing is changed."""
        before = self.generation
        self.generation = self._changed(
            {"state": State.WAITING, "task_id": task_id, "problem": "", "stage": "", "parked": False}
        )
        if not self.around.store.adopt(self.generation, self.around.owner_id):
            self.generation = before
            return False
        self.around.publish(self.generation)
        return True

    def change(self, **changes: Any) -> None:
        """Changes what is only shown."""
        changed = self._changed(changes)
        if changed != self.generation:
            self.generation = changed
            self.around.publish(changed)

    def advance(self, state: State, remark: str = "", **shown: Any) -> None:
        """What a poll has found: kept where it is a transition, else only shown. The `remark` is what its row says."""
        if state is self.generation.state and self.generation.problem == remark:
            self.change(**shown)
        else:
            self.save(state=state, problem=remark, **shown)

    def rest(self, state: State, problem: str, *, parked: bool = False, cause: str = "") -> None:
        """Where it stays until the artist wants something of it."""
        try:
            self.save(state=state, problem=problem, parked=parked, cause=cause, stage="", progress=None)
        except TakenOver:
            raise
        except GenerationProblem as error:
            # The store cannot be written either; the list still says what happened.
            said = problem if str(error) in problem else f"{problem} {error}"
            self.generation = self._changed({"problem": said})
            self.around.publish(self.generation)

    def give_up(self, sentence: str, cause: str = "") -> None:
        """A failure that nothing here can mend. A task at the service is kept, and one that may be there; everything
        else has cost nothing."""
        if self.generation.task_id:
            self.rest(self.generation.state, f"{sentence} {costs.paid(self.generation)}", parked=True, cause=cause)
        elif self.generation.state is State.SUBMITTING and self.is_submitting:
            self.rest(State.FAILED, f"{sentence} {costs.NOTHING_CHARGED}", cause=cause)
        elif self.generation.state is State.SUBMITTING:
            # An earlier submission's answer never came, and what it did could not be found out.
            self.rest(State.OUTCOME_UNKNOWN, f"{sentence} {costs.unknown(self.generation)}", cause=cause)
        else:
            self.rest(State.FAILED, f"{sentence} {costs.NOTHING_SENT}", cause=cause)

    @property
    def is_cancelled(self) -> bool:
        """True where the artist has cancelled it, now or before Blender ended."""
        return self.job.cancelling or self.generation.cancel_asked

    def pictures(self) -> tuple[bytes, ...]:
        """The PNGs that are sent, () where one of them is gone; where their folder was cleared away meanwhile they are
        written again.

        Raises GenerationProblem where they cannot be read or written.
        """
        if not self.generation.request.sends_picture:
            return ()
        paths = [self.folder / input_name(number) for number in range(1, 2 + len(self.generation.request.views))]
        try:
            return tuple(path.read_bytes() for path in paths)
        except FileNotFoundError:
            for path, content in zip(paths, self.job.pictures, strict=False):
                write_whole(path, content)
            return self.job.pictures
        except OSError as error:
            raise explain_os_error(error, self.folder) from None

    def result_url(self, task: Task) -> str:
        """Where the task's result is, "" where it has none; of pictures the addresses, one a line."""
        return "\n".join(task.picture_urls) if self.generation.request.makes_pictures else task.model_url

    def learn_extras(self, task: Task) -> None:
        """Keeps where the task's film and cut-out are, for as long as this thread goes on."""
        self.video_url, self.cutout_url = task.video_url, task.cutout_url

    def give_way(self) -> None:
        """It is ready: another one may be worked on in its place, while the rest of it comes."""
        self.gives_way = True
        self.around.start_waiting()

    def charged(self) -> str:
        """What it has cost, as a sentence."""
        return costs.charged(self.generation)

    def take_turn(self) -> None:
        """Called before every request. The state "submitting" is saved here, just before the first byte goes out."""
        self.around.limit.wait_turn(self.pause)
        self.stop_or_drop()
        self.around.stay_owner()
        # Before a second try as well: another Blender may have taken it up meanwhile, which shows here.
        if self.is_submitting and self.generation.state in {State.QUEUED, State.SUBMITTING}:
            account = self.job.service.account
            self._submitted_at = time.monotonic()
            self.save(state=State.SUBMITTING, account=account, submitted_at=self.around.now(), problem="", stage="")

    def since_submission_s(self) -> float | None:
        """Seconds since it was submitted, by the monotonic clock; None where another Blender submitted it."""
        return None if self._submitted_at is None else time.monotonic() - self._submitted_at

    def rest_between_polls(self) -> None:
        """Waits for the next poll; a cancel cuts it short once."""
        age_s = max(self.around.now() - (self.generation.submitted_at or self._begun_at), 0.0)
        spacing_s = self.around.spacing_s()
        if self.generation.id in self.around.staged:
            spacing_s = max(spacing_s, self.around.pace.longest_s)
        pace, expected_s = self.around.pace, self.generation.expected_s
        delay_s = poll_delay_s(pace, age_s, expected_s, spacing_s, self._chance)
        self.quiet_s = delay_s if is_early(pace, age_s + delay_s, expected_s) else None
        self.job.wake.wait(delay_s)
        self.job.wake.clear()
        self.stop_or_drop()

    def pause(self, seconds: float) -> None:
        """Waits in full, as `Retry-After` and the rate limit demand; only stopping and dropping break it off."""
        until = time.monotonic() + seconds
        self.stop_or_drop()
        # A stage while submitting would say that the service has heard of it, and a problem says more.
        if seconds > TOLD_FROM_S and not self.generation.problem and self.generation.state is not State.SUBMITTING:
            wait = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
            self.change(stage=f"{at_beginning(self.provider.name)} is asked again in {wait}")
        while (left := until - time.monotonic()) > 0:
            self.job.wake.wait(left)
            self.job.wake.clear()
            self.stop_or_drop()

    def stop_or_drop(self) -> None:
        """Raises Stopped, Dropped or Paused where that was asked for."""
        if self.job.stopping:
            raise Stopped
        if self.job.cancelling and self.generation.state is State.QUEUED:
            raise Dropped
        if self.job.pausing and self.generation.state is State.QUEUED:
            raise Paused

    def _changed(self, changes: dict[str, Any]) -> Generation:
        return replace(self.generation, **changes)
