"""A submission whose answer was lost: "charged nothing" is said only where every task of the account is another's."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from helpers import Driver, service_of, text_request
from service import KEY, Fault, Piapi

from trellis_blender.generation.record import Generation
from trellis_blender.generation.states import State

LOST = Fault(reset=True, after=True)
ANOTHER_ACCOUNT = "the-key-of-another-account"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trellis_blender.generation.adopt.LOOK_AFTER_S", (0.02, 0.05))


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
    piapi.bare_lists = True

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


def test_more_tasks_than_are_looked_through(driver: Driver, piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trellis_blender.generation.account_tasks.HISTORY_PAGE_SIZE", 0)
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


def test_the_key_is_not_in_what_tells_it_from_others(driver: Driver, piapi: Piapi) -> None:
    service = service_of(piapi)
    assert service.account not in KEY
    assert KEY not in service.account
    assert service.account == replace(service, api_url="https://elsewhere.example").account
    assert service.account != service_of(piapi, ANOTHER_ACCOUNT).account
