"""What another start, or another Blender beside this one, finds and takes over."""

import time
from collections.abc import Callable

import pytest
from helpers import IMPATIENT, Driver, service_of, text_request
from service import KEY, Piapi

from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import Store
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import Timings


@pytest.fixture
def timings() -> Timings:
    return IMPATIENT


def test_another_start_finds_what_was_going_on(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 1.0
    first = make_driver()
    generation = first.queue.submit(text_request(), service_of(piapi))
    first.until(lambda: first.latest.get(generation.id, generation).state is State.RUNNING)
    assert first.queue.close(5)
    second = make_driver()
    second.queue.load()
    second.until(lambda: generation.id in second.latest)
    found = second.latest[generation.id]
    assert (found.state, found.parked, found.request.prompt) == (State.RUNNING, True, "a bear")
    assert second.rest(second.queue.resume(found, service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_stopping_is_quick_and_loses_nothing(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.pending_s = 60
    driver = make_driver()
    generations = [driver.queue.submit(text_request(), service_of(piapi)) for _ in range(6)]
    driver.until(lambda: sum(g.state is State.WAITING for g in driver.latest.values()) == 4)
    start = time.monotonic()
    assert driver.queue.close(2)
    assert time.monotonic() - start < 2
    kept = {each.generation.id: each.generation.state for each in Store(driver.queue.folder).load_all()}
    assert sorted(kept[g.id].value for g in generations) == ["queued"] * 2 + ["waiting"] * 4


def test_stopped_between_two_attempts_it_is_queued_still(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    driver = make_driver()
    service = Service(api_url="http://127.0.0.1:9", api_key=KEY)
    generation = driver.queue.submit(text_request(), service)
    driver.until(lambda: driver.latest.get(generation.id, generation).state is State.SUBMITTING)
    assert driver.queue.close(5)
    kept = Store(driver.queue.folder).load_all()[0].generation
    assert kept.state in {State.QUEUED, State.FAILED}


def test_two_blenders_on_one_store_submit_a_generation_once(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    first, second = make_driver(at_once=1), make_driver(at_once=1)
    piapi.behaviour.processing_s = 1.0
    first.queue.submit(text_request(), service_of(piapi))
    waiting = first.queue.submit(text_request("a second bear"), service_of(piapi))
    first.until(lambda: Store(first.queue.folder).load(waiting.id) is not None)
    second.queue.load()
    second.until(lambda: waiting.id in second.latest)
    found = second.latest[waiting.id]
    assert (found.elsewhere, found.interrupted, found.is_working) == (True, False, False)
    second.queue.submit_again(found, service_of(piapi))
    second.until(lambda: second.latest[waiting.id].elsewhere)
    assert first.rest(waiting).state is State.READY
    assert sum(create["input"]["prompt"] == "a second bear" for create in piapi.creates) == 1
    # What the other one has done with it meanwhile is seen at the next look.
    second.queue.load()
    second.until(lambda: second.latest[waiting.id].state is State.READY)


def test_an_orphan_is_taken_over(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 4.0
    first, second = make_driver(), make_driver()
    generation = first.queue.submit(text_request(), service_of(piapi))
    first.until(lambda: first.latest[generation.id].state is State.RUNNING)
    second.queue.load()
    second.until(lambda: generation.id in second.latest)
    assert second.latest[generation.id].elsewhere
    second.queue.resume(second.latest[generation.id], service_of(piapi))
    second.until(lambda: len(second.history[generation.id]) == 3)
    assert second.latest[generation.id].elsewhere
    assert first.queue.close(5)
    second.queue.load()
    second.until(lambda: second.latest[generation.id].interrupted)
    assert second.rest(second.queue.resume(second.latest[generation.id], service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_what_another_blender_begins_later_is_found_and_taken_over_once(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    piapi.behaviour.processing_s = 3.0
    first, second = make_driver(), make_driver()
    second.queue.load()
    generation = first.queue.submit(text_request(), service_of(piapi))
    first.until(lambda: first.latest[generation.id].state is State.RUNNING)
    second.queue.look_around()
    second.until(lambda: generation.id in second.latest)
    assert second.latest[generation.id].elsewhere
    assert first.queue.close(5)
    third = make_driver()
    third.queue.look_around()
    third.queue.look_around()
    third.until(lambda: not third.queue.is_busy)
    third.look()
    assert [found.interrupted for found in third.history[generation.id]] == [True]
    assert third.rest(third.queue.resume(third.latest[generation.id], service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_what_another_blender_has_taken_further_is_not_paid_again(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    first, second = make_driver(at_once=1), make_driver(at_once=1)
    piapi.behaviour.processing_s = 0.5
    first.queue.submit(text_request(), service_of(piapi))
    waiting = first.queue.submit(text_request("a second bear"), service_of(piapi))
    first.until(lambda: Store(first.queue.folder).load(waiting.id) is not None)
    second.queue.load()
    second.until(lambda: waiting.id in second.latest)
    stale = second.latest[waiting.id]
    ready = first.rest(waiting)
    assert (stale.state, ready.state) == (State.QUEUED, State.READY)
    second.queue.submit_again(stale, service_of(piapi))
    second.until(lambda: second.latest[waiting.id].state is State.READY)
    assert second.latest[waiting.id].task_id == ready.task_id
    assert len(piapi.creates) == 2
