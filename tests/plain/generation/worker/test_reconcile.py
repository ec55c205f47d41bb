"""A task whose answer was lost is found among the account's tasks, and belongs to one generation."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from helpers import IMPATIENT, Driver, image_request, service_of, text_request
from service import KEY, Fault, Piapi

from trellis_blender.generation.record.generation import new_generation
from trellis_blender.generation.record.request import GenerationRequest
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import Store
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import Timings


@pytest.fixture
def timings() -> Timings:
    return IMPATIENT


@pytest.mark.parametrize("request_of", [text_request, image_request])
def test_a_task_whose_answer_was_lost_is_found_and_adopted(
    driver: Driver, piapi: Piapi, request_of: Callable[[], GenerationRequest]
) -> None:
    piapi.behaviour.processing_s = 1.0
    piapi.fail("create", Fault(reset=True, after=True))
    found = driver.rest(driver.queue.submit(request_of(), service_of(piapi)))
    assert found.state is State.READY
    assert len(piapi.creates) == 1
    assert found.task_id == next(iter(piapi.tasks))


def test_a_listed_task_that_cannot_be_looked_at_may_be_the_lost_one(driver: Driver, piapi: Piapi) -> None:
    """Guards `problems.append` in adopt: the list does not say what a task was made from."""
    piapi.fail("create", Fault(reset=True, after=True))
    piapi.fail_always("get", Fault(503))
    unknown = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert unknown.state is State.OUTCOME_UNKNOWN
    assert "Whether PiAPI accepted the task, and charged $0.04, is unknown." in unknown.problem
    piapi.fail_always("get", None)
    assert driver.rest(driver.queue.resume(unknown, service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_a_lost_task_that_cannot_be_looked_for_is_not_called_free(driver: Driver, piapi: Piapi) -> None:
    """Guards `is_submitting` in Work.give_up: an address that is none, where another start looks for its task."""
    piapi.fail("create", Fault(reset=True, after=True))
    for step in ("active tasks", "history"):
        piapi.fail_always(step, Fault(503))
    unknown = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    still = driver.rest(driver.queue.resume(unknown, Service(api_url="http://trellis.invalid", api_key=KEY)))
    assert still.state is State.OUTCOME_UNKNOWN
    assert "needs https" in still.problem
    assert "Whether PiAPI accepted the task, and charged $0.04, is unknown." in still.problem
    for step in ("active tasks", "history"):
        piapi.fail_always(step, None)
    assert driver.rest(driver.queue.resume(still, service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_two_lost_answers_to_the_same_request_find_a_task_each(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 1.0
    piapi.fail("create", Fault(reset=True, after=True), Fault(reset=True, after=True))
    generations = [driver.queue.submit(text_request(seed=7), service_of(piapi)) for _ in range(2)]
    found = [driver.rest(generation) for generation in generations]
    assert [each.state for each in found] == [State.READY] * 2
    assert {each.task_id for each in found} == set(piapi.tasks)


def test_a_task_taken_for_that_of_a_twin_belongs_to_one_of_them(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    driver = make_driver(timings=timings._replace(look_after_s=(0.5, 0.5, 5.0, 20.0)))
    has_its_task = threading.Event()
    piapi.fail("create", Fault(reset=True), Fault(also=lambda: has_its_task.wait(60.0), after=True))
    lost = driver.queue.submit(text_request(seed=7), service_of(piapi))
    driver.until(lambda: piapi.asked("create") == 1)
    # Its answer comes when the first one, which has looked meanwhile, has its task.
    answered = driver.queue.submit(text_request(seed=7), service_of(piapi))
    found = [driver.rest(lost)]
    has_its_task.set()
    found.append(driver.rest(answered))
    assert [each.state for each in found] == [State.READY, State.OUTCOME_UNKNOWN]
    assert "just like it" in found[1].problem
    assert [each.task_id for each in found] == [*piapi.tasks, ""]


def test_an_answer_lost_before_the_service_took_the_task_asks_the_artist(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(reset=True))
    other = driver.rest(driver.queue.submit(text_request(seed=3), service_of(piapi)))
    unknown = driver.rest(driver.queue.submit(text_request(seed=3), service_of(piapi)))
    found = next(each for each in (other, unknown) if each.state is not State.READY)
    assert found.state is State.OUTCOME_UNKNOWN
    assert "not among the account's tasks" in found.problem
    assert len(piapi.creates) == 1


def test_a_task_whose_blender_died_is_found_at_the_next_start(
    make_driver: Callable[..., Driver], piapi: Piapi, monkeypatch: pytest.MonkeyPatch
) -> None:
    piapi.behaviour.processing_s = 0.5
    piapi.fail("create", Fault(stall_s=1.5, after=True))
    first = make_driver()
    generation = first.queue.submit(text_request(), service_of(piapi))
    first.until(lambda: len(piapi.creates) == 1)
    kept = Store(first.queue.folder).load(generation.id)
    assert kept is not None
    assert kept.generation.state is State.SUBMITTING
    # As a killed process leaves it: the state as it was, and nobody who holds the owner's file.
    first.queue.close(5)
    Store(first.queue.folder).save(kept.generation, "somebody who is dead")
    second = make_driver()
    second.queue.load()
    second.until(lambda: generation.id in second.latest)
    orphan = second.latest[generation.id]
    assert (orphan.state, orphan.interrupted) == (State.SUBMITTING, True)
    assert second.rest(second.queue.resume(orphan, service_of(piapi))).state is State.READY
    assert len(piapi.creates) == 1


def test_an_unknown_outcome_stays_one_where_the_folder_cannot_be_used(driver: Driver, piapi: Piapi) -> None:
    lost = replace(
        new_generation(text_request(), piapi.url, time.time()), state=State.OUTCOME_UNKNOWN, submitted_at=time.time()
    )
    driver.queue.folder.parent.mkdir(parents=True, exist_ok=True)
    driver.queue.folder.write_text("in the way")
    driver.queue.resume(lost, service_of(piapi))
    driver.until(lambda: driver.latest.get(lost.id, lost).problem != "")
    assert driver.latest[lost.id].state is State.OUTCOME_UNKNOWN
    assert "Whether PiAPI accepted the task" in driver.latest[lost.id].problem
