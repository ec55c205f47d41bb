"""What is cancelled before it is sent, and what is submitted once more."""

from collections.abc import Callable
from dataclasses import replace

from helpers import Driver, service_of, text_request
from service import Fault, Piapi

from trellis_blender.generation.states import State


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
    clean = replace(failed, state=State.QUEUED, problem="", charged_usd=None, submitted_at=0.0, finished_at=0.0)
    assert again == clean
    assert driver.rest(again).state is State.READY
