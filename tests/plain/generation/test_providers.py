"""A provider that is free, local and keeps no tasks: what is said of it, and what its end costs."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from helpers import IMPATIENT, Driver, image_request, service_of
from service import Behaviour, Fault, Piapi

from trellis_blender.generation.record.request import GenerationRequest
from trellis_blender.generation.states import State
from trellis_blender.piapi.errors import NotStarted
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import Timings


@pytest.fixture
def timings() -> Timings:
    return IMPATIENT


def offline_request() -> GenerationRequest:
    return image_request("offline-preview", "a bear")


def test_the_offline_preview_is_spoken_of_by_its_name_and_costs_nothing(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour = Behaviour(pending_s=0.4, fail_with="the picture is empty.")
    found = driver.rest(driver.queue.submit(offline_request(), service_of(piapi)))
    assert found.problem == (
        "The offline preview could not make this model: “the picture is empty”. It costs nothing. "
        "Change it and try again."
    )
    stages = {generation.stage for generation in driver.history[found.id]}
    assert "Waiting for the offline preview" in stages
    assert not any("PiAPI" in stage for stage in stages)


def test_an_offline_preview_that_dies_is_made_again_for_nothing(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    driver = make_driver(timings=timings._replace(first_delay_s=0.01))
    piapi.behaviour = Behaviour(processing_s=60)
    generation = driver.queue.submit(offline_request(), service_of(piapi))
    driver.until(lambda: driver.latest[generation.id].state is State.RUNNING)
    piapi.fail_always("get", Fault(503))
    parked = driver.rest(generation)
    assert parked.problem == (
        "The offline preview has stopped working; the next try starts it again. "
        "It costs nothing. Resume makes it again."
    )
    piapi.fail_always("get", None)
    piapi.behaviour = Behaviour()
    again = driver.rest(driver.queue.submit_again(parked, service_of(piapi)))
    assert again.state is State.READY
    assert len(piapi.creates) == 2


def test_an_offline_submission_without_an_answer_just_fails(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(reset=True))
    found = driver.rest(driver.queue.submit(offline_request(), service_of(piapi)))
    assert found.state is State.FAILED
    assert found.problem.startswith("The offline preview has stopped working; the next try starts it again.")


def test_a_parked_offline_generation_is_cancelled_here(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour = Behaviour(processing_s=60)
    generation = driver.queue.submit(offline_request(), service_of(piapi))
    driver.until(lambda: driver.latest[generation.id].state is State.RUNNING)
    driver.queue.close(5)
    other = Driver(driver.queue.folder)
    other.queue.load()
    other.until(lambda: generation.id in other.latest)
    before = other.latest[generation.id]
    assert before.parked
    other.queue.cancel(before, service_of(piapi))
    other.until(lambda: other.latest[generation.id].state is State.CANCELLED)
    assert other.latest[generation.id] == replace(
        before, state=State.CANCELLED, problem="It costs nothing.", parked=False, interrupted=False
    )
    assert piapi.asked("cancel") == 0


def test_a_service_that_has_to_be_started_is_waited_for_in_the_thread(driver: Driver, piapi: Piapi) -> None:
    threads: list[str] = []

    def start() -> Service:
        threads.append(threading.current_thread().name)
        time.sleep(0.3)
        return service_of(piapi)

    begun = time.monotonic()
    generation = driver.queue.submit(offline_request(), Service(api_url="offline-preview", start=start))
    assert time.monotonic() - begun < 0.1
    found = driver.rest(generation)
    assert found.state is State.READY
    assert found.api_url == "offline-preview"
    assert threads == [f"trellis-{generation.id[:8]}"]


def test_a_service_that_cannot_be_started_says_why(driver: Driver) -> None:
    def start() -> Service:
        raise NotStarted("The offline preview could not be started (no such file).")

    found = driver.rest(driver.queue.submit(offline_request(), Service(api_url="offline-preview", start=start)))
    assert found.state is State.FAILED
    assert found.problem == (
        "The offline preview could not be started (no such file). Nothing was sent and nothing charged."
    )
