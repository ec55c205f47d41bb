"""What a generation's failure means for a batch: nothing that a service says in words decides about money."""

from dataclasses import replace

import pytest
from helpers import IMPATIENT, Driver, service_of, text_request
from service import Behaviour, Fault, Piapi

from trellis_blender.batch.outcome import Meaning, cost_usd, meaning_of, was_sent
from trellis_blender.generation.record import costs
from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.states import State
from trellis_blender.generation.worker.reconcile import NOT_THERE
from trellis_blender.piapi import errors
from trellis_blender.piapi.errors import Wording
from trellis_blender.piapi.timings import Timings

OURS = {
    "not accepted": Wording().fill(NOT_THERE),
    "nothing sent": costs.NOTHING_SENT,
    "nothing charged": costs.NOTHING_CHARGED,
    "away": "No connection to api.piapi.ai.",
    "key": Wording().fill(errors.KeyRefused.happened),
    "credits": Wording().fill(errors.OutOfCredits.happened),
}
"""Sentences of ours, which a service may have read."""


@pytest.fixture
def timings() -> Timings:
    return IMPATIENT._replace(first_delay_s=0.01, longest_delay_s=0.02)


def rested(driver: Driver, piapi: Piapi) -> Generation:
    return driver.rest(driver.queue.submit(text_request(), service_of(piapi)))


def said(status: int, words: str, *, after: bool = False) -> Fault:
    return Fault(status, {"code": status, "message": words, "data": None}, after=after)


@pytest.mark.parametrize("words", OURS.values(), ids=OURS)
def test_a_lost_answer_is_never_sent_again_for_what_it_says(driver: Driver, piapi: Piapi, words: str) -> None:
    """The task is made, and the account's history cannot be had."""
    piapi.fail("create", said(500, f"“{words}” {words}", after=True))
    piapi.fail_always("history", said(500, words))
    found = rested(driver, piapi)
    assert len(piapi.creates) == 1
    assert (found.state, meaning_of(found)) == (State.OUTCOME_UNKNOWN, Meaning.RESUME)
    assert cost_usd(found) > 0


@pytest.mark.parametrize("words", OURS.values(), ids=OURS)
def test_a_failed_task_is_never_made_again_for_what_it_says(driver: Driver, piapi: Piapi, words: str) -> None:
    piapi.behaviour = Behaviour(fail_with=f"“{words}” {words} Really.")
    found = rested(driver, piapi)
    assert (found.state, meaning_of(found)) == (State.FAILED, Meaning.FINAL)
    assert was_sent(found)
    assert cost_usd(found) > 0


@pytest.mark.parametrize("words", OURS.values(), ids=OURS)
def test_a_refusal_is_one_whatever_it_says(driver: Driver, piapi: Piapi, words: str) -> None:
    piapi.fail("create", said(400, words))
    found = rested(driver, piapi)
    assert (found.state, meaning_of(found), cost_usd(found)) == (State.FAILED, Meaning.FINAL, 0.0)


@pytest.mark.parametrize(("status", "meaning"), [(401, Meaning.ACCOUNT), (402, Meaning.ACCOUNT), (403, Meaning.FINAL)])
def test_a_key_and_an_account_that_are_refused_are_known(
    driver: Driver, piapi: Piapi, status: int, meaning: Meaning
) -> None:
    piapi.fail("create", said(status, "no"))
    assert meaning_of(rested(driver, piapi)) is meaning


def test_one_that_is_not_among_the_tasks_is_sent_again_and_what_it_was_is_forgotten_then(
    driver: Driver, piapi: Piapi, timings: Timings
) -> None:
    driver.queue._timings = timings._replace(known_after_s=0.0)
    piapi.fail("create", said(500, "gone"))
    found = rested(driver, piapi)
    assert (found.state, meaning_of(found)) == (State.OUTCOME_UNKNOWN, Meaning.SEND_AGAIN)
    driver.queue.submit_again(found, service_of(piapi))
    driver.until(lambda: driver.latest[found.id].state is State.READY)
    assert driver.latest[found.id].cause == ""
    # As an earlier version has written it: it is looked for once more.
    assert meaning_of(replace(found, cause="")) is Meaning.RESUME


def test_a_service_that_is_away_is_waited_for(driver: Driver, piapi: Piapi) -> None:
    nowhere = replace(service_of(piapi), api_url="http://127.0.0.1:9")
    found = driver.rest(driver.queue.submit(text_request(), nowhere))
    assert (found.state, meaning_of(found)) == (State.FAILED, Meaning.AWAY)
