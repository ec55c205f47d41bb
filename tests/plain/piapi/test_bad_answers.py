"""Every answer of the service with fields missing, null, of another type, or a thousand times too large.

Whatever comes, the artist reads a sentence, no create is repeated, and a task that was accepted is not lost.
"""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from answers import READERS, TASK, paths
from helpers import Driver, service_of, text_request
from service import Fault, Piapi

from trellis_blender.generation.states import State
from trellis_blender.piapi.account import Account
from trellis_blender.piapi.answers import Status, Task
from trellis_blender.piapi.errors import PiapiError
from trellis_blender.piapi.timings import Timings

MISSING = object()
OTHERS: tuple[object, ...] = (MISSING, None, True, -1, 1.5e308, 10**400, "", "ß\ud800\x00", [], [[]], {}, {"a": [None]})


def thousandfold(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return [value] * 1000
    if isinstance(value, (int, float)):
        return (value or 1) * 1000
    if isinstance(value, dict):
        return {**value, **{f"field {n}": n for n in range(1000)}}
    return value * 1000 if value else "x" * 1000  # type: ignore[operator]


def spoilt(answer: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The answer with one field after the other changed in every way."""
    for path in paths(answer):
        *above, last = path
        place: Any = answer
        for step in above:
            place = place[step]
        for other in (*OTHERS, thousandfold(place[last])):
            changed = copy.deepcopy(answer)
            place_there: Any = changed
            for step in above:
                place_there = place_there[step]
            if other is MISSING:
                del place_there[last]
            else:
                place_there[last] = other
            yield f"{'.'.join(map(str, path))} = {'missing' if other is MISSING else repr(other)[:40]}", changed
    for whole in OTHERS[1:]:
        yield f"all = {whole!r:.40}", whole


@pytest.mark.parametrize("name", READERS)
def test_a_spoilt_answer_is_read_or_refused_in_a_sentence(name: str) -> None:
    answer, read = READERS[name]
    count = 0
    for what, changed in spoilt(answer):
        count += 1
        try:
            found = read(changed)
        except PiapiError as error:
            assert str(error).endswith((".", "”.")), what
            continue
        if isinstance(found, Task):
            assert isinstance(found.status, Status), what
            assert len(found.task_id) <= 200, what
            assert found.charged_usd is None or found.charged_usd >= 0, what
        if isinstance(found, Account):
            assert found.balance_usd is None or isinstance(found.balance_usd, float), what
    assert count >= 50


@pytest.fixture
def timings() -> Timings:
    return Timings(patience_s=0.0, look_after_s=(0.01,))


SPOILT_POLLS = [
    (what, changed)
    for what, changed in spoilt(TASK)
    if not what.startswith(("data.output", "all = "))  # the model's address is what the next test spoils
][::9]


def test_spoilt_polls_lose_no_task_and_are_never_the_add_ons_mistake(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    """Each generation meets one spoilt answer on its way; a service that is well again finishes it."""
    piapi.behaviour.processing_s = 0.05
    piapi.behaviour.pending_s = 0.3
    driver = make_driver(at_once=8)
    assert len(SPOILT_POLLS) > 40
    for changed in SPOILT_POLLS:
        body = {**changed, "data": {**changed["data"], "status": "processing"}} if _has_status(changed) else changed
        if _has_its_id(body):
            # Whose answer it is, is no part of what is spoilt.
            body = {**body, "data": {name: said for name, said in body["data"].items() if name != "task_id"}}
        piapi.fail("get", Fault(200, json.dumps(body)))
    generations = [driver.queue.submit(text_request(), service_of(piapi)) for _ in SPOILT_POLLS]
    for generation in generations:
        found = driver.rest(generation, 60)
        assert "mistake" not in found.problem
        for _ in range(3):
            if found.state is State.READY or not found.parked:
                break
            driver.queue.resume(found, service_of(piapi))
            driver.until(lambda number=found.id: driver.latest[number].is_working)  # type: ignore[misc]
            found = driver.rest(found)
        # A task that the service calls failed is believed to have.
        assert found.state is State.READY or found.problem.startswith("PiAPI could not make this model"), found
    assert len(piapi.creates) == len(generations)


def _has_its_id(changed: Any) -> bool:
    data = changed.get("data") if isinstance(changed, dict) else None
    return isinstance(data, dict) and data.get("task_id") == TASK["data"]["task_id"]


def _has_status(changed: Any) -> bool:
    data = changed.get("data") if isinstance(changed, dict) else None
    return isinstance(data, dict) and data.get("status") == "completed"


@pytest.mark.parametrize("address", [None, 7, [], {}, "x" * 100_000, "https://", "\x00"])
def test_a_spoilt_address_of_the_model_parks_a_paid_task(driver: Driver, piapi: Piapi, address: object) -> None:
    body = copy.deepcopy(TASK)
    body["data"]["output"]["model_file"] = address
    piapi.new_id = lambda: TASK["data"]["task_id"]
    piapi.fail_always("get", Fault(200, body))
    found = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert found.parked
    assert "Resume takes it up again at no cost" in found.problem
    assert len(found.problem) < 1000
    assert len(piapi.creates) == 1


@pytest.mark.parametrize("where", ["data", "data.task_id", "code"])
def test_a_create_with_a_spoilt_answer_is_not_repeated(
    make_driver: Callable[..., Driver], piapi: Piapi, where: str
) -> None:
    driver = make_driver(at_once=8)
    changes = [changed for what, changed in spoilt(TASK) if what.startswith(f"{where} = ")]
    for changed in changes:
        body = json.dumps(changed).replace("https://img.theapi.app", piapi.url)
        piapi.fail("create", Fault(200, body.replace("/temp/", "/files/"), after=True))
    submitted = [driver.queue.submit(text_request(f"bear {n}"), service_of(piapi)) for n in range(len(changes))]
    for found in map(driver.rest, submitted):
        # Found among the account's tasks, or followed under an id that it turns out nobody knows.
        assert found.state is State.READY or found.parked or found.state is State.OUTCOME_UNKNOWN, found
        assert "mistake" not in found.problem
    assert len(changes) > 10
    assert sorted(sent["input"]["prompt"] for sent in piapi.creates) == sorted(
        each.request.prompt for each in submitted
    )
