"""How long a service that does not answer is asked again, and how often."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import IMPATIENT, Driver, service_of, text_request, work_without_queue
from service import Fault, Piapi

from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.generation.worker.backoff import FAILURES_MIN, Backoff
from trellis_blender.piapi.errors import NoConnection, PiapiError
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import TimeLimits, Timings


@pytest.fixture
def timings() -> Timings:
    return IMPATIENT


AWAY = NoConnection("api.example")
QUICK = Timings(first_wait_s=0.05, longest_wait_s=0.3)


class Waiting:
    """A generation whose service does not answer, and what is said of it meanwhile."""

    def __init__(
        self, folder: Path, *, model: str = "Qubico/trellis", patience_s: float | None = None, timings: Timings = QUICK
    ) -> None:
        self.told: list[Generation] = []
        request = replace(text_request(), model=model)
        service = Service("https://api.example", "a key", limits=TimeLimits(patience_s=patience_s))
        generation = new_generation(request, service.api_url, 1.0)
        self.backoff = Backoff(work_without_queue(folder, generation, self.told, service, timings=timings))

    def wait(self, error: PiapiError = AWAY) -> float:
        """One failure; the seconds that were waited."""
        start = time.monotonic()
        self.backoff.wait(error)
        return time.monotonic() - start


def test_each_wait_is_twice_the_last_up_to_the_longest_and_an_answer_begins_again(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path)
    for least in [0.05, 0.1, 0.2, 0.3, 0.3, 0.3]:
        assert least <= waiting.wait() < least + 1.0
    waiting.backoff.over()
    assert 0.05 <= waiting.wait() < 0.3


def test_a_service_that_says_for_how_long_is_left_alone_for_as_long(tmp_path: Path) -> None:
    waiting, error = Waiting(tmp_path), NoConnection("api.example")
    error.retry_after_s = 0.4
    assert waiting.wait(error) >= 0.4
    error.retry_after_s = 0.01
    assert waiting.wait(error) >= 0.1


def test_what_is_wrong_and_when_it_is_asked_again_is_told(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path, timings=Timings(first_wait_s=1.6, longest_wait_s=1.6))
    waiting.wait()
    assert [each.problem for each in waiting.told] == [f"{AWAY} Asked again in 2 s."]


def test_two_hours_are_waited_unless_another_limit_was_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = Timings(first_wait_s=0.0)
    waiting, impatient = Waiting(tmp_path, timings=at_once), Waiting(tmp_path, timings=at_once, patience_s=0.0)
    for _ in range(FAILURES_MIN - 1):
        waiting.wait()
        impatient.wait()
    with pytest.raises(NoConnection):
        impatient.wait()
    today = time.monotonic
    with monkeypatch.context() as clock:
        clock.setattr(time, "monotonic", lambda: today() + 2 * 3600.0 - 60)
        waiting.wait()
        clock.setattr(time, "monotonic", lambda: today() + 2 * 3600.0 + 60)
        with pytest.raises(NoConnection):
            waiting.wait()


def test_what_costs_nothing_is_not_waited_for_beyond_the_fifth_failure(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path, model="offline-preview")
    for _ in range(FAILURES_MIN - 1):
        waiting.wait()
    with pytest.raises(NoConnection):
        waiting.wait()


def test_a_poll_that_fails_now_and_then_disturbs_nothing(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 1.0
    piapi.fail(
        "get", Fault(500), None, Fault(reset=True), Fault(200, "<html>"), Fault(429, headers={"Retry-After": "0"})
    )
    assert driver.rest(driver.queue.submit(text_request(), service_of(piapi))).state is State.READY


def test_a_404_now_and_then_or_for_ever_loses_no_task(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 0.5
    piapi.fail("get", Fault(404), Fault(404))
    assert driver.rest(driver.queue.submit(text_request(), service_of(piapi))).state is State.READY
    piapi.fail_always("get", Fault(404))
    parked = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert parked.parked
    assert "PiAPI does not know this task (404)" in parked.problem
    piapi.fail_always("get", None)
    assert driver.rest(driver.queue.resume(parked, service_of(piapi))).state is State.READY


def test_an_hour_without_network_does_no_harm(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    driver = make_driver(timings=timings._replace(patience_s=3600.0, first_delay_s=0.001))
    piapi.behaviour.processing_s = 0.5
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest[generation.id].task_id != "")
    piapi.fail_always("get", Fault(503))
    driver.until(lambda: piapi.asked("get") > 25)
    assert driver.latest[generation.id].is_working
    assert "Asked again in" in driver.latest[generation.id].problem
    piapi.fail_always("get", None)
    assert driver.rest(generation).state is State.READY
