# SPDX-License-Identifier: GPL-3.0-or-later
"""One generation, carried from where it stands to where it rests. Runs in a thread of its own.

Every transition is saved before it is acted on. Everything that comes out of here is a new `Generation`, published.
"""

import base64
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..piapi.client import Client
from ..piapi.errors import NotSent, NotThere, PiapiError, Refused, TooManyRequests, Unclear
from ..piapi.files import open_result
from ..piapi.models import IMAGE
from ..piapi.plans import plan_named
from ..piapi.tasks import Status, Task
from . import costs
from .download import INPUT_NAME, keep_model, write_whole
from .job import Job
from .naming import explain, in_the_name_of
from .pace import Pace, RateLimit, poll_delay_s
from .problems import DiskFull, FolderUnusable, GenerationProblem, ModelUnusable
from .progress import read_log, share_of_time
from .record import Generation
from .recording import Recorder
from .states import State
from .store import Store, to_json

LOG = logging.getLogger(__name__)

EXPORT_NAME = "generation.json"

SUBMIT_TRIES = 5
"""After that many 429 in a row the artist is told."""
BUSY_DELAY_S = 15.0
"""Before the second try where the service names no time; doubled each time."""
FAILED_POLLS_TOLERATED = 5
"""In a row, each of them repeated by the client; then polling rests until the artist resumes it."""
EMPTY_ANSWERS_TOLERATED = 3
"""Polls that say "completed" and name no model, before that is taken at its word."""
FETCH_TRIES = 3
UNKNOWN_TASK = (
    "PiAPI does not know this task (404). If it was submitted with another account's key, use that key and Resume."
)


class Stopped(Exception):
    """The add-on is being switched off; what was saved last is where it goes on."""


class Dropped(Exception):
    """Cancelled before anything was sent."""


class Taken(Exception):
    """Another Blender on the same store submits this generation."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all workers of a queue share. `running` counts the generations that share the rate limit."""

    store: Store
    folder: Path
    pace: Pace
    limit: RateLimit
    publish: Callable[[Generation], None]
    running: Callable[[], int]
    now: Callable[[], float] = time.time


class Worker:
    """Submits, polls and downloads one generation."""

    def __init__(self, generation: Generation, job: Job, around: Surroundings) -> None:
        self.generation = generation
        self._job = job
        self._around = around
        self._folder = around.folder / generation.folder_name
        self._chance = random.Random()
        self._wait_s = BUSY_DELAY_S
        self._is_submitting = False
        self._begun_at = around.now()

    def run(self) -> None:
        """Returns when the generation rests: ready, failed, cancelled, parked, or because the add-on stops."""
        try:
            service = self._job.service.reached()
            witness = Recorder(Path(service.record_folder)) if service.record_folder else None
            client = Client(service, wait_turn=self._take_turn, pause=self._pause, witness=witness)
            try:
                self._carry_out(client)
            finally:
                client.close()
        except Stopped:
            if self.generation.state is State.SUBMITTING:
                # It only ever stops here between two attempts that did not reach the service.
                self._save(state=State.QUEUED)
        except Taken:
            self._change(parked=True, problem="Another Blender on this computer works on it.")
        except Dropped:
            self._rest(State.CANCELLED, costs.NOTHING_SENT)
        except PiapiError as error:
            self._give_up(explain(self.generation.request.model, error))
        except GenerationProblem as error:
            self._give_up(str(error))
        except Exception as error:
            LOG.exception("generation %s", self.generation.id)
            sentence = f"The add-on made a mistake ({type(error).__name__}: {error}). Please report it."
            if self.generation.state is State.SUBMITTING:
                self._rest(State.OUTCOME_UNKNOWN, f"{sentence} {costs.unknown(self.generation.request.price_usd)}")
            else:
                self._give_up(sentence)

    def _carry_out(self, client: Client) -> None:
        if self.generation.state is State.QUEUED:
            self._submit(client)
        if self.generation.state in {State.WAITING, State.RUNNING}:
            self._follow(client)
        if self.generation.state is State.DOWNLOADING:
            self._fetch(client)

    # Submitting

    def _submit(self, client: Client) -> None:
        request = self.generation.request
        inputs = self._inputs(client)
        self._is_submitting = True
        for tries_left in reversed(range(SUBMIT_TRIES)):
            try:
                task = client.create_task(request.model, request.task_type, inputs)
            except TooManyRequests as error:
                if not tries_left:
                    raise
                self._wait_for_a_place(error)
            except Unclear as error:
                if not request.price_usd:
                    raise
                self._rest(
                    State.OUTCOME_UNKNOWN,
                    " ".join(filter(None, (error.happened, error.said, costs.unknown(request.price_usd)))),
                )
                return
            else:
                self._save(state=State.WAITING, task_id=task.task_id, problem="")
                self._apply(task)
                return

    def _inputs(self, client: Client) -> dict[str, object]:
        """PiAPI's `input` for this request, with the image from the generation's folder."""
        request = self.generation.request
        inputs: dict[str, object] = dict(request.parameters)
        if request.task_type != IMAGE:
            return {"prompt": request.prompt, **inputs}
        try:
            content = (self._folder / INPUT_NAME).read_bytes()
        except OSError as error:
            raise FolderUnusable(self._folder, f"the image is gone, {error.strerror}") from None
        image = "data:image/png;base64," + base64.b64encode(content).decode("ascii")
        if self._job.service.upload_images:
            image = client.upload_image(INPUT_NAME, image)
        return {"image": image, **inputs}

    def _wait_for_a_place(self, error: TooManyRequests) -> None:
        wait_s = self._wait_s if error.retry_after_s is None else error.retry_after_s
        self._wait_s *= 2
        self._save(state=State.QUEUED, problem=f"PiAPI takes no more tasks for now; tried again in {wait_s:.0f} s.")
        self._pause(wait_s)

    def _take_turn(self) -> None:
        """Called before every request. The state "submitting" is saved here, just before the first byte goes out."""
        self._around.limit.wait_turn(self._pause)
        self._stop_or_drop()
        if self._is_submitting and self.generation.state is State.QUEUED:
            submitting = replace(self.generation, state=State.SUBMITTING, submitted_at=self._around.now(), problem="")
            if not self._around.store.claim(submitting):
                raise Taken
            self.generation = submitting
            self._around.publish(submitting)

    # Following

    def _learn_plan(self, client: Client) -> None:
        """Asks once which plan the account has; where that cannot be had, the free plan's limit stays."""
        if not self._around.limit.wants_plan():
            return
        try:
            plan = plan_named(client.get_account().plan)
        except PiapiError as error:
            LOG.debug("the account's plan: %s", error)
            return
        if plan is not None:
            self._around.limit.adopt(plan.requests_per_minute)

    def _follow(self, client: Client) -> None:
        request = self.generation.request
        self._learn_plan(client)
        self._change(expected_s=self._around.store.usual_duration_s(request.model, self.generation.api_url))
        failures = empty = 0
        # One that was taken up again may have been done for long: it is asked at once.
        if self.generation.submitted_at:
            self._rest_between_polls()
        while self.generation.state in {State.WAITING, State.RUNNING}:
            if self._job.cancelling and self.generation.wanted:
                self._ask_to_cancel(client)
            try:
                task = client.get_task(self.generation.task_id)
            except (NotSent, Unclear, TooManyRequests, NotThere) as error:
                failures += 1
                if failures >= FAILED_POLLS_TOLERATED and isinstance(error, NotThere):
                    self._rest(self.generation.state, f"{UNKNOWN_TASK} {self._charged()}", parked=True)
                    return
                if failures >= FAILED_POLLS_TOLERATED:
                    raise
                self._change(problem=f"{explain(request.model, error)} Asked again in a moment.")
            else:
                failures = 0
                if task.status is Status.COMPLETED and not task.model_url:
                    empty += 1
                    if empty >= EMPTY_ANSWERS_TOLERATED:
                        raise ModelUnusable("the task is completed, but names no model file")
                else:
                    self._apply(task)
            if self.generation.state in {State.WAITING, State.RUNNING}:
                self._rest_between_polls()

    def _rest_between_polls(self) -> None:
        """Waits for the next poll; a cancel cuts it short once."""
        age_s = max(self._around.now() - (self.generation.submitted_at or self._begun_at), 0.0)
        spacing_s = self._around.limit.spacing_s(self._around.running())
        self._job.wake.wait(poll_delay_s(self._around.pace, age_s, self.generation.expected_s, spacing_s, self._chance))
        self._job.wake.clear()
        self._stop_or_drop()

    def _ask_to_cancel(self, client: Client) -> None:
        try:
            client.cancel_task(self.generation.task_id)
        except (NotSent, Unclear, TooManyRequests) as error:
            # It did not get through; it is asked again before the next poll.
            self._change(problem=f"Not cancelled yet. {error}")
            return
        except Refused as error:
            # It is too late: the service works on it already. The next poll tells how it stands.
            LOG.debug("cancel of %s refused: %s", self.generation.id, error)
        self._save(wanted=False)

    def _apply(self, task: Task) -> None:
        """Takes over what the service says about the task."""
        if task.charged_usd is not None and task.charged_usd != self.generation.charged_usd:
            self._save(charged_usd=task.charged_usd)
        if task.status is Status.COMPLETED and task.model_url:
            self._save(
                state=State.DOWNLOADING,
                model_url=task.model_url,
                finished_at=self._around.now(),
                problem="",
                **self._read_progress(task),
            )
        elif task.status is Status.FAILED:
            said = f": “{' '.join(task.error_message.split())[:300].rstrip('.')}”" if task.error_message else ""
            self._rest(
                State.FAILED, f"PiAPI could not make this model{said}. {self._charged()} Change it and try again."
            )
        elif task.status is Status.CANCELLED:
            self._rest(State.CANCELLED, f"Cancelled at PiAPI. {self._charged()}")
        elif task.status is Status.PROCESSING:
            self._advance(State.RUNNING, **self._read_progress(task))
        elif task.status is Status.STAGED:
            self._advance(State.WAITING, stage="Waiting for the account's other tasks", progress=None)
        else:
            self._advance(State.WAITING, stage="Waiting for PiAPI", progress=None)

    def _read_progress(self, task: Task) -> dict[str, Any]:
        found = read_log(task.log_lines)
        if found is None:
            elapsed_s = self._around.now() - self.generation.submitted_at
            expected_s = self.generation.expected_s if self.generation.submitted_at else None
            return {"stage": "", "progress": share_of_time(elapsed_s, expected_s)}
        changes: dict[str, Any] = {"stage": found.stage, "progress": found.share}
        if found.seed is not None:
            request = self.generation.request
            numbers = {**dict(request.parameters), "seed": found.seed}
            changes["request"] = replace(request, parameters=tuple(numbers.items()))
        return changes

    def _charged(self) -> str:
        return costs.charged(self.generation.charged_usd, self.generation.request.price_usd)

    # Fetching

    def _fetch(self, client: Client) -> None:
        for tries_left in reversed(range(FETCH_TRIES)):
            try:
                with open_result(self.generation.model_url) as result:
                    chunks = self._until_stopped(result.chunks)
                    keep_model(chunks, result.size, self._folder, self._tell_received)
                break
            except (DiskFull, FolderUnusable):
                raise
            except (PiapiError, ModelUnusable):
                if not tries_left:
                    raise
                self._renew_address(client)
        wanted = self.generation.wanted and not self._job.cancelling
        ready = {"state": State.READY, "wanted": wanted, "problem": "", "parked": False, "stage": "", "progress": None}
        write_whole(self._folder / EXPORT_NAME, to_json(replace(self.generation, **ready)).encode())
        self._save(**ready)

    def _renew_address(self, client: Client) -> None:
        """Results stand at temporary addresses; asking for the task again gives a fresh one."""
        self._rest_between_polls()
        task = client.get_task(self.generation.task_id)
        if task.model_url:
            self._save(model_url=task.model_url)

    def _until_stopped(self, chunks: Any) -> Any:
        for chunk in chunks:
            if self._job.stopping:
                raise Stopped
            yield chunk

    def _tell_received(self, share: float) -> None:
        if int(share * 20) != int((self.generation.progress or 0.0) * 20):
            self._change(stage="", progress=share)

    # Resting

    def _give_up(self, sentence: str) -> None:
        """A failure that nothing here can mend. A task at the service is kept, everything else has cost nothing."""
        if self.generation.task_id:
            price_usd = self.generation.charged_usd or self.generation.request.price_usd
            self._rest(self.generation.state, f"{sentence} {costs.paid(price_usd)}", parked=True)
        elif self.generation.state is State.SUBMITTING:
            self._rest(State.FAILED, f"{sentence} {costs.NOTHING_CHARGED}")
        else:
            self._rest(State.FAILED, f"{sentence} {costs.NOTHING_SENT}")

    def _rest(self, state: State, problem: str, *, parked: bool = False) -> None:
        try:
            self._save(state=state, problem=problem, parked=parked, stage="", progress=None)
        except GenerationProblem as error:
            # The store cannot be written either; the list still says what happened.
            self._change(problem=f"{problem} {error}")

    def _advance(self, state: State, **shown: Any) -> None:
        if state is self.generation.state and not self.generation.problem:
            self._change(**shown)
        else:
            self._save(state=state, problem="", **shown)

    def _save(self, **changes: Any) -> None:
        """Changes what is kept: written first, then told. What cannot be written is known here all the same."""
        self.generation = self._changed(changes)
        self._around.store.save(self.generation)
        self._around.publish(self.generation)

    def _change(self, **changes: Any) -> None:
        """Changes what is only shown."""
        changed = self._changed(changes)
        if changed != self.generation:
            self.generation = changed
            self._around.publish(changed)

    def _changed(self, changes: dict[str, Any]) -> Generation:
        for said in {"problem", "stage"} & changes.keys():
            changes[said] = in_the_name_of(self.generation.request.model, changes[said])
        return replace(self.generation, **changes)

    def _pause(self, seconds: float) -> None:
        """Waits in full, as `Retry-After` and the rate limit demand; only stopping and dropping break it off."""
        until = time.monotonic() + seconds
        self._stop_or_drop()
        while (left := until - time.monotonic()) > 0:
            self._job.wake.wait(left)
            self._job.wake.clear()
            self._stop_or_drop()

    def _stop_or_drop(self) -> None:
        if self._job.stopping:
            raise Stopped
        if self._job.cancelling and self.generation.state is State.QUEUED:
            raise Dropped
