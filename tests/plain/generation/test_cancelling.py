"""What is cancelled before it is sent, and what is submitted once more."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from helpers import IMPATIENT, Driver, service_of, text_request
from service import Behaviour, Fault, Piapi

from trellis_blender.generation.record import costs
from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import Store
from trellis_blender.generation.store.owned import Owned
from trellis_blender.piapi.timings import Timings


@pytest.fixture
def timings() -> Timings:
    return IMPATIENT


def test_of_several_that_wait_only_the_cancelled_one_is_dropped(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    driver = make_driver(at_once=1)
    piapi.fail("create", Fault(stall_s=0.3, after=True))
    first, second, third = (
        driver.queue.submit(text_request(prompt), service_of(piapi)) for prompt in ("a bear", "a cat", "a dog")
    )
    driver.queue.cancel(third, service_of(piapi))
    assert driver.rest(third) == replace(third, state=State.CANCELLED, problem="Nothing was sent and nothing charged.")
    assert [driver.rest(each).state for each in (first, second)] == [State.READY, State.READY]
    assert [sent["input"]["prompt"] for sent in piapi.creates] == ["a bear", "a cat"]


def test_what_is_submitted_again_brings_nothing_from_the_task_before(driver: Driver, piapi: Piapi) -> None:
    """An old task, or a cancel of it, must not decide about the new one that is paid for."""
    piapi.fail("create", Fault(402))
    failed = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    before = replace(
        failed,
        api_url="http://before.invalid",
        task_id="before",
        model_url="http://before.invalid/model.glb",
        parked=True,
        interrupted=True,
        wanted=False,
        cancel_asked=True,
        charged_usd=0.04,
        submitted_at=5.0,
        finished_at=6.0,
    )
    again = driver.queue.submit_again(before, service_of(piapi))
    clean = replace(
        failed, state=State.QUEUED, problem="", cause="", charged_usd=None, submitted_at=0.0, finished_at=0.0
    )
    assert again == clean
    assert driver.rest(again).state is State.READY


def after_a_restart(make_driver: Callable[..., Driver], first: Driver, at_once: int = 4) -> Driver:
    first.queue.close(5)
    driver = make_driver(at_once=at_once)
    driver.queue.load()
    driver.until(lambda: set(driver.latest) == set(first.latest))
    return driver


def waiting_at_piapi(driver: Driver, piapi: Piapi, count: int) -> list[Generation]:
    piapi.behaviour.pending_s = 60
    made = [driver.queue.submit(text_request(), service_of(piapi)) for _ in range(count)]
    driver.until(lambda: all(driver.latest[each.id].state is State.WAITING for each in made))
    return made


def test_a_task_that_was_paid_for_before_a_restart_is_cancelled_at_piapi(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    first = make_driver()
    (made,) = waiting_at_piapi(first, piapi, 1)
    driver = after_a_restart(make_driver, first)
    before = driver.latest[made.id]
    assert (before.parked, before.interrupted) == (True, True)
    told = len(driver.history[made.id])
    driver.queue.cancel(before, service_of(piapi))
    driver.until(lambda: driver.latest[made.id].state is State.CANCELLED)
    taken_up, *_, cancelled = driver.history[made.id][told:]
    assert (taken_up.is_working, taken_up.problem) == (True, "")
    assert (cancelled.problem, cancelled.parked) == ("Cancelled at PiAPI. Nothing was charged.", False)
    assert piapi.asked("cancel") == 1
    assert len(piapi.creates) == 1


def test_what_was_never_sent_before_a_restart_is_dropped_here(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    first = make_driver(at_once=1)
    waiting_at_piapi(first, piapi, 1)
    queued = first.queue.submit(text_request("a cat"), service_of(piapi))
    first.until(lambda: queued.id in first.latest)
    driver = after_a_restart(make_driver, first)
    before = driver.latest[queued.id]
    assert before.state is State.QUEUED
    driver.queue.cancel(before, service_of(piapi))
    driver.until(lambda: driver.latest[queued.id].state is State.CANCELLED)
    assert driver.latest[queued.id] == replace(
        before, state=State.CANCELLED, problem="Nothing was sent and nothing charged.", parked=False, interrupted=False
    )
    assert (len(piapi.creates), piapi.asked("cancel")) == (1, 0)


def test_of_tasks_that_wait_for_their_turn_here_only_the_cancelled_one_is(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    first = make_driver()
    made = waiting_at_piapi(first, piapi, 3)
    driver = after_a_restart(make_driver, first, at_once=1)
    for each in made:
        driver.queue.resume(driver.latest[each.id], service_of(piapi))
    in_turn, last, cancelled = made
    driver.queue.cancel(driver.latest[cancelled.id], service_of(piapi))
    for task in list(piapi.tasks.values()):
        if task.id != driver.latest[cancelled.id].task_id:
            task.behaviour = Behaviour(processing_s=0)
    assert [driver.rest(each).state for each in (in_turn, last)] == [State.READY, State.READY]
    assert driver.rest(cancelled).state is State.CANCELLED
    assert piapi.asked("cancel") == 1
    assert len(piapi.creates) == 3


def test_a_cancel_that_was_heard_is_not_repeated_and_what_comes_all_the_same_is_kept(
    driver: Driver, piapi: Piapi
) -> None:
    (made,) = waiting_at_piapi(driver, piapi, 1)
    piapi.fail("cancel", Fault(200, {"code": 200, "data": {}}))
    driver.queue.cancel(driver.latest[made.id], service_of(piapi))
    driver.until(lambda: not driver.latest[made.id].wanted)
    polls = piapi.asked("get")
    driver.until(lambda: piapi.asked("get") >= polls + 3)
    assert driver.latest[made.id].problem == ""
    next(iter(piapi.tasks.values())).behaviour = Behaviour(processing_s=0)
    kept = driver.rest(made)
    assert (kept.state, kept.wanted, kept.charged_usd) == (State.READY, False, 0.04)
    assert piapi.asked("cancel") == 1


@pytest.mark.parametrize("fault", [Fault(204, ""), Fault(200, ""), Fault(202, "\n"), Fault(200, "null")])
def test_a_cancel_that_is_answered_with_nothing_is_heard(driver: Driver, piapi: Piapi, fault: Fault) -> None:
    """Done is what HTTP says; whether it was cancelled, the next poll tells."""
    (made,) = waiting_at_piapi(driver, piapi, 1)
    piapi.fail("cancel", replace(fault, after=True))
    driver.queue.cancel(driver.latest[made.id], service_of(piapi))
    cancelled = driver.rest(made)
    assert (cancelled.state, cancelled.problem) == (State.CANCELLED, "Cancelled at PiAPI. Nothing was charged.")
    assert not any("cannot cancel" in each.problem for each in driver.history[made.id])
    assert piapi.asked("cancel") == 1


@pytest.mark.parametrize("status", [400, 404, 405, 409, 500, 501, 503])
@pytest.mark.parametrize("body", [{"code": 400, "message": "invalid request"}, "<html>no</html>", ""])
def test_a_cancel_that_is_refused_in_whatever_words_is_asked_once(
    make_driver: Callable[..., Driver], piapi: Piapi, status: int, body: dict[str, object] | str
) -> None:
    """PiAPI promises cancelling for no 3D model, and nobody knows how it says no."""
    driver = make_driver()
    piapi.fail_always("cancel", Fault(status, body))
    (made,) = waiting_at_piapi(driver, piapi, 1)
    driver.queue.cancel(driver.latest[made.id], service_of(piapi))
    sentence = "PiAPI cannot cancel this; it goes on, is paid, and is kept."
    driver.until(lambda: driver.latest[made.id].problem == sentence)
    polls = piapi.asked("get")
    driver.until(lambda: piapi.asked("get") >= polls + 2)
    assert driver.latest[made.id].problem == sentence
    driver.queue.cancel(driver.latest[made.id], service_of(piapi))
    next(iter(piapi.tasks.values())).behaviour = Behaviour(processing_s=0)
    kept = driver.rest(made)
    assert (kept.state, kept.wanted, kept.charged_usd, kept.problem) == (State.READY, False, 0.04, "")
    assert piapi.asked("cancel") == 1


def test_a_page_where_the_answer_to_a_cancel_should_be_is_a_refusal(driver: Driver, piapi: Piapi) -> None:
    piapi.fail_always("cancel", Fault(200, "<html>welcome</html>"))
    (made,) = waiting_at_piapi(driver, piapi, 1)
    driver.queue.cancel(driver.latest[made.id], service_of(piapi))
    driver.until(lambda: driver.latest[made.id].problem.startswith("PiAPI cannot cancel this"))
    driver.queue.close(5)
    assert piapi.asked("cancel") == 1


def test_the_next_blender_does_not_ask_again_what_was_refused(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.takes_cancels = False
    first = make_driver()
    (made,) = waiting_at_piapi(first, piapi, 1)
    first.queue.cancel(first.latest[made.id], service_of(piapi))
    first.until(lambda: not first.latest[made.id].wanted)
    driver = after_a_restart(make_driver, first)
    next(iter(piapi.tasks.values())).behaviour = Behaviour(processing_s=0)
    driver.queue.resume(driver.latest[made.id], service_of(piapi))
    driver.until(lambda: driver.latest[made.id].state is State.READY)
    assert (driver.latest[made.id].wanted, piapi.asked("cancel")) == (False, 1)


def test_why_it_is_not_cancelled_yet_is_said(driver: Driver, piapi: Piapi) -> None:
    piapi.fail_always("cancel", Fault(401))
    (made,) = waiting_at_piapi(driver, piapi, 1)
    driver.queue.cancel(driver.latest[made.id], service_of(piapi))
    sentence = (
        "Not cancelled yet. PiAPI refused the API key (401). Check it in the add-on's preferences or in PIAPI_API_KEY."
    )
    driver.until(lambda: driver.latest[made.id].problem == sentence)
    assert driver.latest[made.id].cancel_asked
    piapi.fail_always("cancel", None)
    assert driver.rest(made).state is State.CANCELLED


def test_a_task_that_fails_without_a_word(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("get", Fault(200, {"code": 200, "data": {"status": "failed", "error": {"message": ""}}}))
    failed = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert failed.state is State.FAILED
    assert failed.problem == "PiAPI could not make this model. PiAPI charged $0.04. Change it and try again."


def test_a_task_cancelled_on_the_site(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.cancelled_on_site = True
    cancelled = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert cancelled.state is State.CANCELLED
    assert cancelled.problem == "Cancelled at PiAPI. Nothing was charged."


def test_cancelled_while_pending(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.pending_s = 60
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest.get(generation.id, generation).state is State.WAITING)
    driver.queue.cancel(driver.latest[generation.id], service_of(piapi))
    cancelled = driver.rest(generation)
    assert (cancelled.state, cancelled.problem) == (State.CANCELLED, "Cancelled at PiAPI. Nothing was charged.")
    assert piapi.asked("cancel") == 1


def test_cancelled_too_late_is_fetched_and_kept(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.processing_s = 1.0
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest.get(generation.id, generation).state is State.RUNNING)
    driver.queue.cancel(driver.latest[generation.id], service_of(piapi))
    kept = driver.rest(generation)
    assert (kept.state, kept.wanted) == (State.READY, False)
    assert (driver.queue.folder / kept.folder_name / "model.glb").exists()


def test_cancelled_before_it_was_sent(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    driver = make_driver(at_once=1)
    piapi.behaviour.processing_s = 1.0
    first = driver.queue.submit(text_request(), service_of(piapi))
    second = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest.get(first.id, first).state is State.RUNNING)
    driver.queue.cancel(second, service_of(piapi))
    cancelled = driver.rest(second)
    assert (cancelled.state, cancelled.problem) == (State.CANCELLED, "Nothing was sent and nothing charged.")
    assert driver.rest(first).state is State.READY
    assert len(piapi.creates) == 1


def test_cancelled_while_it_is_downloaded_is_kept(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("file", Fault(stall_s=0.5))
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest.get(generation.id, generation).state is State.DOWNLOADING)
    driver.queue.cancel(driver.latest[generation.id], service_of(piapi))
    kept = driver.rest(generation)
    assert (kept.state, kept.wanted) == (State.READY, False)


def test_a_cancel_that_comes_late_goes_by_the_store(driver: Driver, piapi: Piapi) -> None:
    generation = driver.queue.submit(text_request(), service_of(piapi))
    ready = driver.rest(generation)
    driver.until(lambda: not driver.queue.is_busy)
    driver.queue.cancel(generation, service_of(piapi))
    driver.until(lambda: not driver.queue.is_busy)
    assert driver.latest[generation.id] == ready
    assert Store(driver.queue.folder).load(generation.id) == Owned(ready, "")


def test_what_another_blender_works_on_is_not_cancelled_from_here(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    piapi.behaviour.pending_s = 60
    first, second = make_driver(at_once=1), make_driver()
    first.queue.submit(text_request(), service_of(piapi))
    waiting = first.queue.submit(text_request("a second bear"), service_of(piapi))
    first.until(lambda: Store(first.queue.folder).load(waiting.id) is not None)
    second.queue.cancel(waiting, service_of(piapi))
    second.until(lambda: waiting.id in second.latest and not second.queue.is_busy)
    assert second.latest[waiting.id].elsewhere
    kept = Store(first.queue.folder).load(waiting.id)
    assert kept is not None
    assert kept.generation.state is State.QUEUED


def test_a_pause_holds_back_what_has_not_been_sent(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    driver = make_driver(at_once=2)
    piapi.behaviour.processing_s = 1.0
    found = [driver.queue.submit(text_request(f"bear {n}"), service_of(piapi)) for n in range(5)]
    driver.until(lambda: len(piapi.creates) == 2)
    driver.queue.pause()
    driver.until(lambda: sum(each.parked for each in driver.latest.values()) == 3)
    paused = [each for each in driver.latest.values() if each.parked]
    assert {(each.state, each.problem) for each in paused} == {(State.QUEUED, costs.PAUSED)}
    driver.until(lambda: sum(each.state is State.READY for each in driver.latest.values()) == 2)
    assert len(piapi.creates) == 2
    for each in paused:
        driver.queue.submit_again(each, service_of(piapi))
    driver.until(lambda: all(driver.latest[each.id].state is State.READY for each in found))
    assert len(piapi.creates) == 5


def test_one_that_waits_to_be_sent_rests_as_well(driver: Driver, piapi: Piapi) -> None:
    """Its thread has begun, and PiAPI takes no more tasks for a minute."""
    piapi.fail("create", Fault(429, headers={"Retry-After": "60"}))
    found = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: "takes no more tasks" in driver.latest[found.id].problem)
    driver.queue.pause()
    driver.until(lambda: driver.latest[found.id].parked)
    rested = driver.latest[found.id]
    assert (rested.state, rested.problem, rested.task_id) == (State.QUEUED, costs.PAUSED, "")
    assert piapi.creates == []


def test_what_is_being_sent_goes_on(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("create", Fault(stall_s=1.0))
    found = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: piapi.asked("create") == 1)
    driver.queue.pause()
    assert driver.rest(found).state is State.READY
    assert len(piapi.creates) == 1


@pytest.mark.parametrize("act", ["pause", "cancel"])
def test_what_may_have_been_sent_is_not_called_unsent_while_it_waits_to_be_looked_for(
    make_driver: Callable[..., Driver], piapi: Piapi, act: str
) -> None:
    driver = make_driver(at_once=1)
    piapi.fail("create", Fault(reset=True, after=True))
    for step in ("active tasks", "history"):
        piapi.fail_always(step, Fault(400))
    unknown = driver.rest(driver.queue.submit(text_request("a lost bear"), service_of(piapi)))
    assert unknown.state is State.OUTCOME_UNKNOWN
    for step in ("active tasks", "history"):
        piapi.fail_always(step, None)
    piapi.behaviour.processing_s = 1.0
    driver.queue.submit(text_request("a cat"), service_of(piapi))
    driver.until(lambda: len(piapi.creates) == 2)
    driver.queue.resume(unknown, service_of(piapi))
    if act == "pause":
        driver.queue.pause()
    else:
        driver.queue.cancel(driver.latest[unknown.id], service_of(piapi))
    found = driver.rest(unknown)
    assert {costs.PAUSED, costs.NOTHING_SENT}.isdisjoint(each.problem for each in driver.history[unknown.id])
    assert (found.state, found.task_id != "") == (State.READY, True)
    assert len(piapi.creates) == 2


def test_what_cancelling_may_cost_is_said_before_and_nothing_where_it_is_free() -> None:
    from trellis_blender.generation.providers import OFFLINE_PREVIEW
    from trellis_blender.interface.text.rows import cancelling

    generation = Generation("id", text_request())
    assert cancelling(generation) == ""
    sent = "It has been sent. PiAPI may refuse to cancel: then it is paid ($0.04), and what comes is kept in the list."
    begun = "PiAPI has begun. It is paid ($0.04) all the same, and what comes is kept in the list."
    expected = {State.SUBMITTING: sent, State.WAITING: sent, State.RUNNING: begun, State.DOWNLOADING: begun}
    assert {state: cancelling(replace(generation, state=state)) for state in expected} == expected
    free = replace(generation.request, model=OFFLINE_PREVIEW.id, price_usd=0.0)
    assert cancelling(replace(generation, request=free, state=State.RUNNING)) == ""
