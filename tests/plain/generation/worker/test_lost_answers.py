"""A submission whose answer was lost: "charged nothing" is said only where every task of the account is another's."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from helpers import Driver, service_of, text_request
from service import KEY, Behaviour, Fault, Piapi

from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.piapi.timings import USUAL_TIMINGS, Timings

LOST = Fault(reset=True, after=True)
ANOTHER_ACCOUNT = "the-key-of-another-account"


@pytest.fixture
def timings() -> Timings:
    return Timings(look_after_s=(0.02, 0.05))


def telling(piapi: Piapi, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    """Lets the service tell of its tasks otherwise: `change` gets what it says of one, and the task's own inputs."""
    whole = piapi._envelope

    def changed(task: Any) -> Any:
        answer = whole(task)
        change(answer["data"], task.payload["input"])
        return answer

    piapi._envelope = changed  # type: ignore[method-assign]


def lost(driver: Driver, piapi: Piapi) -> Generation:
    piapi.fail("create", LOST)
    return driver.rest(driver.queue.submit(text_request(), service_of(piapi)))


def test_it_is_found_among_many_newer_tasks_of_which_the_lists_say_nothing(driver: Driver, piapi: Piapi) -> None:
    def others() -> None:
        for number in range(25):
            inputs = {"prompt": "a fox", "seed": number + 1}
            payload = {"model": "Qubico/trellis", "task_type": "text-to-3d", "input": inputs}
            requests.post(f"{piapi.url}/api/v1/task", json=payload, headers={"x-api-key": KEY}, timeout=5)

    piapi.fail("active tasks", Fault(also=others))
    assert lost(driver, piapi).state is State.READY


def test_the_makers_name_may_be_left_out(driver: Driver, piapi: Piapi) -> None:
    telling(piapi, lambda said, _: said.update(model="trellis"))
    assert lost(driver, piapi).state is State.READY


def test_one_of_which_no_seed_is_told_may_be_it(driver: Driver, piapi: Piapi) -> None:
    telling(piapi, lambda said, inputs: said.update(input={"prompt": inputs["prompt"]}))
    found = lost(driver, piapi)
    assert found.state is State.OUTCOME_UNKNOWN
    assert found.problem.startswith("The connection to PiAPI broke before its answer was complete. Whether PiAPI")
    assert "One of them may be it, but PiAPI does not say what it was made from." in found.problem
    assert "nothing" not in found.problem


def test_one_of_another_prompt_is_not(driver: Driver, piapi: Piapi) -> None:
    telling(piapi, lambda said, _: said.update(input={"prompt": "a fox"}))
    assert "It is not among the account's tasks" in lost(driver, piapi).problem


def test_more_tasks_than_are_looked_through(make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings) -> None:
    driver = make_driver(timings=timings._replace(history_pages_max=1, history_page_size=1))
    telling(piapi, lambda said, _: said.update(input={"prompt": "a fox"}))
    found = lost(driver, piapi)
    assert "could not be looked through: The account has more than" in found.problem


def test_another_accounts_lists_prove_nothing(driver: Driver, piapi: Piapi) -> None:
    for step in ("active tasks", "history"):
        piapi.fail_always(step, Fault(401))
    unknown = lost(driver, piapi)
    assert "could not be looked through" in unknown.problem
    for step in ("active tasks", "history"):
        piapi.fail_always(step, None)
    mine, piapi.key = piapi.key, ANOTHER_ACCOUNT
    for step in ("active tasks", "history"):
        piapi.fail_always(step, Fault(body={"code": 200, "data": []}))
    driver.queue.resume(unknown, service_of(piapi, ANOTHER_ACCOUNT))
    driver.until(lambda: driver.latest[unknown.id].state is State.SUBMITTING)
    still_unknown = driver.rest(unknown)
    assert "submitted with another API key: put that key in and Resume" in still_unknown.problem
    piapi.key = mine
    for step in ("active tasks", "history"):
        piapi.fail_always(step, None)
    driver.queue.resume(still_unknown, service_of(piapi))
    driver.until(lambda: driver.latest[unknown.id].state is State.SUBMITTING)
    assert driver.rest(unknown).state is State.READY
    assert len(piapi.creates) == 1


NEVER_SAID = ("nothing", "most likely")


def test_silence_so_far_proves_nothing(driver: Driver, piapi: Piapi) -> None:
    """A task that is not done yet need not be in any list."""
    piapi.lists_running = False
    piapi.behaviour.processing_s = 60.0
    unknown = lost(driver, piapi)
    assert unknown.state is State.OUTCOME_UNKNOWN
    assert "Whether PiAPI accepted the task, and charged $0.04, is unknown." in unknown.problem
    assert "not among the account's tasks so far, and is looked for again while this row is here" in unknown.problem
    assert not any(words in unknown.problem for words in NEVER_SAID)
    for task in piapi.tasks.values():
        task.behaviour = Behaviour(processing_s=0.0)
    driver.queue.resume(unknown, service_of(piapi), is_glance=True)
    driver.until(lambda: driver.latest[unknown.id].state is State.READY)
    assert len(piapi.creates) == 1


def test_after_a_while_the_histories_silence_is_an_answer(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings
) -> None:
    piapi.fail("create", Fault(reset=True))
    usual, late = make_driver(), make_driver(timings=timings._replace(known_after_s=0.001))
    unknown = usual.rest(usual.queue.submit(text_request(), service_of(piapi)))
    assert not any(words in unknown.problem for words in NEVER_SAID)
    # A row of yesterday, as far as clocks can tell, which may have been set since.
    yesterday = replace(unknown, submitted_at=unknown.submitted_at - 86400.0)

    def looked_for(driver: Driver, row: Generation) -> str:
        driver.queue.resume(row, service_of(piapi))
        driver.until(lambda: row.id in driver.latest and driver.latest[row.id].state is State.SUBMITTING)
        found = driver.rest(row)
        assert found.state is State.OUTCOME_UNKNOWN
        return found.problem

    for row in (unknown, yesterday):
        assert not any(words in looked_for(usual, row) for words in NEVER_SAID)
    for row in (unknown, yesterday):
        assert "so PiAPI has not accepted it, and charged nothing. Submit it again" in looked_for(late, row)


def test_running_tasks_that_cannot_be_had_are_no_doubt(driver: Driver, piapi: Piapi) -> None:
    piapi.fail_always("active tasks", Fault(403))
    assert lost(driver, piapi).state is State.READY
    telling(piapi, lambda said, _: said.update(input={"prompt": "a fox"}))
    assert "could not be looked through" not in lost(driver, piapi).problem


def test_an_entry_that_cannot_be_read_may_be_it(driver: Driver, piapi: Piapi) -> None:
    piapi._history = lambda asked: {"data": [7] if asked["page"] == "1" else None, "total": 1}  # type: ignore[method-assign]
    unknown = lost(driver, piapi)
    assert "Some of the entries in the account's list could not be read." in unknown.problem
    assert not any(words in unknown.problem for words in NEVER_SAID)


@pytest.mark.parametrize("rows", [[], None, [{"task_id": "another", "model": "Qubico/flux1-dev"}]])
def test_a_list_that_shows_less_than_it_says_proves_nothing(
    make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings, rows: Any
) -> None:
    driver = make_driver(timings=timings._replace(known_after_s=0.0))
    piapi._history = lambda asked: {"data": rows if asked["page"] == "1" else None, "total": 2}  # type: ignore[method-assign]
    unknown = lost(driver, piapi)
    assert "The account's list shows fewer tasks than it says that there are." in unknown.problem
    assert not any(words in unknown.problem for words in NEVER_SAID)


def test_it_stands_behind_a_page_that_is_shorter_than_asked(driver: Driver, piapi: Piapi) -> None:
    whole = piapi._history

    def history(asked: Any) -> dict[str, Any]:
        number = int(asked["page"])
        if number < 3:
            return {"page": number, "size": 100, "total": 5, "data": ["nonsense"]}
        return whole({**asked, "page": number - 2})

    piapi._history = history  # type: ignore[method-assign]
    assert lost(driver, piapi).state is State.READY


@pytest.mark.parametrize("off_s", [-3 * 86400.0, 3 * 86400.0, -400 * 86400.0, 400 * 86400.0])
def test_with_this_computers_clock_off_a_lost_answer_is_found(driver: Driver, piapi: Piapi, off_s: float) -> None:
    piapi.clock_off_s = off_s
    assert lost(driver, piapi).state is State.READY
    assert len(piapi.creates) == 1


@pytest.mark.parametrize("off_s", [-3 * 86400.0, 3 * 86400.0])
@pytest.mark.parametrize("is_right_again", [False, True])
def test_after_a_restart_it_is_found_whether_the_clock_was_put_right_or_not(
    make_driver: Callable[..., Driver], piapi: Piapi, off_s: float, is_right_again: bool
) -> None:
    first = make_driver(now=lambda: time.time() + off_s)
    piapi.fail("create", LOST)
    for step in ("history", "active tasks"):
        piapi.fail_always(step, Fault(503))
    generation = first.queue.submit(text_request(), service_of(piapi))
    first.until(lambda: bool(piapi.asked("history")))
    first.queue.close(5)
    for step in ("history", "active tasks"):
        piapi.fail_always(step, None)
    second = make_driver(now=time.time if is_right_again else lambda: time.time() + off_s)
    second.queue.load()
    second.until(lambda: generation.id in second.latest)
    second.queue.resume(second.latest[generation.id], service_of(piapi))
    second.until(lambda: second.latest[generation.id].state is State.READY)
    assert len(piapi.creates) == 1


def twin(piapi: Piapi, hours_ago: float, **inputs: object) -> str:
    """A task just like the lost one, made on another computer."""
    payload = {"model": "Qubico/trellis", "task_type": "text-to-3d", "input": {"prompt": "a bear", **inputs}}
    answer = requests.post(f"{piapi.url}/api/v1/task", json=payload, headers={"x-api-key": KEY}, timeout=5)
    task_id = str(answer.json()["data"]["task_id"])
    piapi.tasks[task_id].made_at -= hours_ago * 3600
    return task_id


@pytest.mark.parametrize("off_s", [0.0, 3 * 86400.0])
@pytest.mark.parametrize("arrives", [True, False])
def test_an_older_twin_is_not_ours(driver: Driver, piapi: Piapi, off_s: float, arrives: bool) -> None:
    piapi.clock_off_s = off_s
    older = twin(piapi, 2.0, seed=2_000_000)
    piapi.fail("create", Fault(reset=True, after=arrives))
    found = driver.rest(driver.queue.submit(text_request(seed=2_000_000), service_of(piapi)))
    assert found.task_id != older
    assert found.state is (State.READY if arrives else State.OUTCOME_UNKNOWN)


def test_an_older_twin_is_not_ours_however_long_ago_the_row_was_made(driver: Driver, piapi: Piapi) -> None:
    """What counts is when it was sent, the last time."""
    older = twin(piapi, 2.0, seed=2_000_000)
    made = new_generation(text_request(seed=2_000_000), piapi.url, time.time() - 86400.0)
    piapi.fail("create", LOST)
    found = driver.rest(driver.queue.submit_again(replace(made, state=State.FAILED), service_of(piapi)))
    assert (found.state, found.task_id != older) == (State.READY, True)


def test_a_gateway_may_hand_it_on_later(make_driver: Callable[..., Driver], piapi: Piapi, timings: Timings) -> None:
    driver = make_driver(timings=timings._replace(look_after_s=(0.02, 0.05, 0.6)))
    request = text_request()

    def hand_on() -> None:
        inputs = {"prompt": request.prompt, **dict(request.parameters)}
        threading.Timer(0.4, lambda: twin(piapi, 0.0, **inputs)).start()

    piapi.fail("create", Fault(504, also=hand_on))
    found = driver.rest(driver.queue.submit(request, service_of(piapi)))
    assert found.state is State.READY, found.problem


def test_it_is_looked_for_for_longer_than_half_a_minute() -> None:
    assert sum(USUAL_TIMINGS.look_after_s) >= 120.0


@pytest.mark.parametrize(
    "echo",
    [
        lambda sent: {**sent, "seed": str(sent["seed"])},
        lambda sent: {**sent, "seed": float(sent["seed"])},
        lambda sent: {**sent, "seed": float(f"{sent['seed']:.6g}")},
        lambda sent: {**sent, "ss_guidance_strength": "8", "slat_guidance_strength": 3.0, "slat_sampling_steps": "50"},
        lambda sent: {**sent, "prompt": "A BEAR"},
        lambda sent: {**sent, "prompt": "&quot;a\\u0020bear&quot;"},
        lambda sent: {**sent, "prompt": "a%20bear"},
        lambda sent: {**sent, "prompt": "a be…"},
        lambda sent: {"seed": sent["seed"]},
        lambda sent: {**sent, "prompt": "ein Bär, übersetzt"},
        lambda sent: {**sent, "extra": [1], "mesh_simplify": 0.95},
        json.dumps,
    ],
)
def test_the_drawn_seed_is_found_however_the_input_is_echoed(
    driver: Driver, piapi: Piapi, echo: Callable[[dict[str, Any]], object]
) -> None:
    telling(piapi, lambda said, sent: said.update(input=echo(sent)))
    piapi.fail("create", LOST)
    request = text_request(seed=1_234_567_891)
    found = driver.rest(driver.queue.submit(request, service_of(piapi)))
    assert found.state is State.READY, found.problem


def test_the_key_is_not_in_what_tells_it_from_others(driver: Driver, piapi: Piapi) -> None:
    service = service_of(piapi)
    assert service.account not in KEY
    assert KEY not in service.account
    assert service.account == replace(service, api_url="https://elsewhere.example").account
    assert service.account != service_of(piapi, ANOTHER_ACCOUNT).account
