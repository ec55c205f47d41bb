"""One generation in a thread's hands: what is kept, what is only shown, how long it waits, what a poll makes of it."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import text_request, work_without_queue

from trellis_blender.generation.limits.rate_limit import EARLY_SHARE, Pace
from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import Store
from trellis_blender.generation.worker.context import TOLD_FROM_S, Dropped, Stopped, Work
from trellis_blender.generation.worker.poll import apply
from trellis_blender.piapi.answers import Status, Task
from trellis_blender.piapi.service import Service

NOW = 1_700_000_100.0
AGO_S = 30.0
SERVICE = Service("https://api.example", "a key")
WAITING = replace(
    new_generation(text_request(seed=7), SERVICE.api_url, NOW - 60),
    state=State.WAITING,
    task_id="the task",
    submitted_at=NOW - AGO_S,
)
HINDERED = replace(WAITING, problem="PiAPI cannot be reached.", stage="Mesh", progress=0.7)


class Alone:
    """A generation that a test works on."""

    def __init__(self, folder: Path, generation: Generation = WAITING, **around: Any) -> None:
        self.told: list[Generation] = []
        self.work: Work = work_without_queue(folder, generation, self.told, SERVICE, now=lambda: NOW, **around)

    @property
    def now(self) -> Generation:
        return self.work.generation

    @property
    def kept(self) -> Generation | None:
        found = self.work.around.store.load(self.now.id)
        return found.generation if found else None

    def pauses(self, seconds: float) -> None:
        """Until it is stopped, which is late enough for a busy machine to have said something before."""
        stops = threading.Timer(0.3, self.work.job.stop)
        stops.start()
        with pytest.raises(Stopped):
            self.work.pause(seconds)
        stops.join()


# Kept, or only shown


def test_a_poll_without_news_is_only_shown(tmp_path: Path) -> None:
    alone = Alone(tmp_path)
    alone.work.advance(State.WAITING, stage="Waiting for PiAPI", progress=None)
    assert [each.stage for each in alone.told] == ["Waiting for PiAPI"]
    assert alone.kept is None
    alone.work.advance(State.WAITING, stage="Waiting for PiAPI", progress=None)
    assert len(alone.told) == 1


def test_a_transition_is_kept(tmp_path: Path) -> None:
    alone = Alone(tmp_path)
    alone.work.advance(State.RUNNING, stage="Mesh", progress=0.6)
    assert alone.kept is not None
    assert (alone.kept.state, alone.kept.problem) == (State.RUNNING, "")
    assert (alone.now.stage, alone.now.progress) == ("Mesh", 0.6)


def test_an_answer_ends_the_problem_for_the_next_start_too(tmp_path: Path) -> None:
    alone = Alone(tmp_path, HINDERED)
    alone.work.save()
    alone.work.advance(State.WAITING, stage="Waiting for PiAPI", progress=None)
    assert alone.kept is not None
    assert (alone.kept.problem, alone.now.problem) == ("", "")


def test_what_rests_has_no_stage_and_no_progress(tmp_path: Path) -> None:
    alone = Alone(tmp_path, HINDERED)
    alone.work.rest(State.FAILED, "It failed.")
    assert (alone.now.state, alone.now.problem, alone.now.parked) == (State.FAILED, "It failed.", False)
    assert (alone.now.stage, alone.now.progress) == ("", None)
    assert alone.kept == alone.now


def test_where_the_store_cannot_be_written_both_reasons_are_said_once(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("where a folder should be")
    alone = Alone(tmp_path, store=Store(blocked))
    alone.work.rest(State.FAILED, "PiAPI could not make this model.")
    said = alone.told[-1].problem
    first, _, second = said.partition("PiAPI could not make this model. ")
    assert first == ""
    assert str(blocked) in second
    alone.work.rest(State.FAILED, f"Nothing was sent. {second}")
    assert alone.told[-1].problem == f"Nothing was sent. {second}"


def test_a_task_that_another_generation_has_is_not_adopted(tmp_path: Path) -> None:
    other, alone = Alone(tmp_path), Alone(tmp_path, replace(HINDERED, id="another", task_id="", parked=True))
    assert other.work.adopt("a task")
    before = alone.now
    assert not alone.work.adopt("a task")
    assert (alone.now, alone.told) == (before, [])
    assert alone.work.adopt("its own task")
    adopted = alone.now
    assert (adopted.state, adopted.task_id, adopted.problem) == (State.WAITING, "its own task", "")
    assert (adopted.stage, adopted.parked) == ("", False)
    assert alone.told == [adopted]


# Waiting


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (TOLD_FROM_S, ""),
        (TOLD_FROM_S + 1, "PiAPI is asked again in 21 s"),
        (119.4, "PiAPI is asked again in 119 s"),
        (120.0, "PiAPI is asked again in 2 min"),
        (1800.0, "PiAPI is asked again in 30 min"),
    ],
)
def test_a_long_wait_is_told(tmp_path: Path, seconds: float, said: str) -> None:
    alone = Alone(tmp_path)
    alone.pauses(seconds)
    assert alone.now.stage == said


@pytest.mark.parametrize("generation", [HINDERED, replace(WAITING, state=State.SUBMITTING, stage="")])
def test_a_long_wait_is_not_told_over_a_problem_or_while_submitting(tmp_path: Path, generation: Generation) -> None:
    alone = Alone(tmp_path, generation)
    alone.pauses(1800.0)
    assert (alone.now, alone.told) == (generation, [])


def test_a_wake_does_not_shorten_a_pause_but_a_cancel_of_what_is_queued_ends_it(tmp_path: Path) -> None:
    alone = Alone(tmp_path)
    threading.Timer(0.02, alone.work.job.wake.set).start()
    start = time.monotonic()
    alone.work.pause(0.3)
    assert time.monotonic() - start >= 0.3
    queued = Alone(tmp_path, replace(WAITING, state=State.QUEUED))
    threading.Timer(0.02, queued.work.job.cancel).start()
    with pytest.raises(Dropped):
        queued.work.pause(60.0)


QUICK = Pace(early_s=0.05, early_until_s=0.0, close_s=0.05, age_share=0.001, longest_s=0.5)


@pytest.mark.parametrize(
    ("expected_s", "is_staged", "least_s"),
    [(None, False, 0.05), ((AGO_S + 0.3) / EARLY_SHARE, False, 0.3), (None, True, 0.5)],
)
def test_the_next_poll_comes_when_it_may_be_done(
    tmp_path: Path, expected_s: float | None, is_staged: bool, least_s: float
) -> None:
    alone = Alone(tmp_path, replace(WAITING, expected_s=expected_s), pace=QUICK)
    if is_staged:
        alone.work.around.staged.add(alone.now.id)
    start = time.monotonic()
    alone.work.rest_between_polls()
    assert least_s <= time.monotonic() - start < least_s + 5.0


# What a poll makes of it


def polled(alone: Alone, status: Status, **told: Any) -> Generation:
    apply(alone.work, Task("the task", status, **told))
    return alone.now


@pytest.mark.parametrize(
    ("status", "stage"),
    [(Status.PENDING, "Waiting for PiAPI"), (Status.STAGED, "Waiting for other tasks")],
)
def test_what_waits_shows_no_progress(tmp_path: Path, status: Status, stage: str) -> None:
    alone = Alone(tmp_path, HINDERED)
    waiting = polled(alone, status)
    assert (waiting.state, waiting.stage, waiting.progress, waiting.problem) == (State.WAITING, stage, None, "")
    assert alone.work.around.staged == ({waiting.id} if status is Status.STAGED else set())


@pytest.mark.parametrize(("expected_s", "share"), [(None, None), (60.0, 0.5)])
def test_without_a_log_the_usual_time_tells_how_far_it_is(
    tmp_path: Path, expected_s: float | None, share: float | None
) -> None:
    alone = Alone(tmp_path, replace(HINDERED, expected_s=expected_s))
    running = polled(alone, Status.PROCESSING)
    assert (running.state, running.stage, running.problem) == (State.RUNNING, "", "")
    assert running.progress == share


def test_a_completed_task_is_downloaded_and_no_longer_hindered(tmp_path: Path) -> None:
    alone = Alone(tmp_path, HINDERED)
    alone.work.around.staged.add(alone.now.id)
    done = polled(
        alone,
        Status.COMPLETED,
        model_url="https://files.example/a.glb",
        log_lines=("Using randomized seed: 12", "50% done"),
    )
    assert (done.state, done.model_url, done.finished_at) == (State.DOWNLOADING, "https://files.example/a.glb", NOW)
    assert (done.problem, done.stage, done.progress, done.wanted) == ("", "", None, True)
    assert alone.work.around.staged == set()
    assert dict(done.request.parameters)["seed"] == 12
    assert alone.kept is not None
    assert alone.kept.request.parameters == done.request.parameters


@pytest.mark.parametrize(
    ("status", "told", "state"),
    [
        (Status.PROCESSING, {}, State.RUNNING),
        (Status.COMPLETED, {"model_url": "https://files.example/a.glb"}, State.DOWNLOADING),
        (Status.PENDING, {}, State.WAITING),
    ],
)
def test_what_was_cancelled_too_late_is_made_but_not_put_into_the_scene(
    tmp_path: Path, status: Status, told: dict[str, Any], state: State
) -> None:
    alone = Alone(tmp_path, replace(WAITING, cancel_asked=True))
    late = polled(alone, status, **told)
    assert (late.state, late.wanted) == (state, state is State.WAITING)
    if state is not State.WAITING:
        assert alone.kept is not None
        assert not alone.kept.wanted


@pytest.mark.parametrize(
    ("charged_usd", "cost"),
    [(0.0, "Nothing was charged."), (0.04, "PiAPI charged $0.04."), (None, "PiAPI may have charged $0.04 or less.")],
)
def test_what_failed_or_was_cancelled_says_what_it_cost(tmp_path: Path, charged_usd: float | None, cost: str) -> None:
    failed = polled(Alone(tmp_path), Status.FAILED, charged_usd=charged_usd, error_message="out of\n memory. ")
    assert failed.state is State.FAILED
    assert failed.problem == f"PiAPI could not make this model: “out of memory”. {cost} Change it and try again."
    cancelled = polled(Alone(tmp_path), Status.CANCELLED, charged_usd=charged_usd)
    assert (cancelled.state, cancelled.problem) == (State.CANCELLED, f"Cancelled at PiAPI. {cost}")
