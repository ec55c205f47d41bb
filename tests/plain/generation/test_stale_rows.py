"""What the artist wants of a generation that has come further meanwhile, and a cancel that takes its time."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest
from helpers import Driver, service_of, text_request
from service import Behaviour, Fault, Piapi
from test_store import run

from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import FILE_NAME


def waiting(driver: Driver, piapi: Piapi) -> Generation:
    piapi.behaviour.pending_s = 60
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: driver.latest.get(generation.id, generation).state is State.WAITING)
    return driver.latest[generation.id]


@pytest.mark.parametrize("fault", [Fault(429, headers={"Retry-After": "0"}), Fault(reset=True)])
def test_a_cancel_that_was_not_heard_is_asked_again(driver: Driver, piapi: Piapi, fault: Fault) -> None:
    piapi.fail("cancel", fault)
    generation = waiting(driver, piapi)
    driver.queue.cancel(generation, service_of(piapi))
    cancelled = driver.rest(generation)
    assert (cancelled.state, cancelled.problem) == (State.CANCELLED, "Cancelled at PiAPI. Nothing was charged.")
    assert piapi.asked("cancel") == 2


def test_the_next_blender_knows_that_it_was_cancelled(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    first = make_driver()
    piapi.fail_always("cancel", Fault(401))
    generation = waiting(first, piapi)
    first.queue.cancel(generation, service_of(piapi))
    first.until(lambda: "Not cancelled yet" in first.latest[generation.id].problem)
    first.queue.close(5)
    piapi.fail_always("cancel", None)
    second = make_driver()
    second.queue.load()
    second.until(lambda: generation.id in second.latest)
    second.queue.resume(second.latest[generation.id], service_of(piapi))
    second.until(lambda: not second.latest[generation.id].interrupted)
    assert second.rest(generation).state is State.CANCELLED


def test_what_another_blender_has_made_meanwhile_is_not_removed(
    make_driver: Callable[..., Driver], piapi: Piapi
) -> None:
    first, second = make_driver(), make_driver()
    piapi.behaviour.fail_with = "bad luck"
    failed = first.rest(first.queue.submit(text_request(), service_of(piapi)))
    assert failed.state is State.FAILED
    piapi.behaviour = Behaviour()
    second.queue.load()
    second.until(lambda: failed.id in second.latest)
    second.queue.submit_again(second.latest[failed.id], service_of(piapi))
    second.until(lambda: second.latest[failed.id].state is State.READY)
    first.queue.remove(failed)
    first.until(lambda: first.latest[failed.id].state is State.READY)
    assert (first.queue.folder / failed.folder_name / "model.glb").exists()


def test_what_another_blender_has_removed_does_not_come_back(driver: Driver, piapi: Piapi) -> None:
    made = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    driver.queue.remove(made)
    driver.queue.keep(replace(made, problem="Its file is gone.", parked=True))
    driver.until(lambda: driver.latest[made.id].problem == "Its file is gone.")
    assert driver.latest[made.id].removed


@pytest.mark.parametrize("wanted", ["resume", "submit again", "cancel", "remove", "keep"])
def test_what_a_later_version_works_on_is_not_overwritten(
    make_driver: Callable[..., Driver], piapi: Piapi, wanted: str
) -> None:
    """The first Blender cannot read the row any more, and has what it was before in its memory."""
    first, second = make_driver(), make_driver()
    piapi.behaviour.fail_with = "bad luck"
    failed = first.rest(first.queue.submit(text_request(), service_of(piapi)))
    piapi.behaviour = Behaviour(processing_s=60)
    second.queue.load()
    second.until(lambda: failed.id in second.latest)
    second.queue.submit_again(second.latest[failed.id], service_of(piapi))
    second.until(lambda: second.latest[failed.id].state is State.RUNNING)
    run(first.queue.folder, "UPDATE generation SET record = '{\"of\": \"a later version\"}'")
    # What is remembered, as if the second one had begun just now.
    piapi.fail_always("get", Fault(stall_s=5))
    parked = replace(failed, state=State.WAITING, parked=True)
    {
        "resume": lambda: first.queue.resume(parked, service_of(piapi)),
        "submit again": lambda: first.queue.submit_again(failed, service_of(piapi)),
        "cancel": lambda: first.queue.cancel(parked, service_of(piapi)),
        "remove": lambda: first.queue.remove(failed),
        "keep": lambda: first.queue.keep(failed),
    }[wanted]()
    first.until(lambda: first.latest[failed.id].elsewhere and not first.queue.is_busy)
    with closing(sqlite3.connect(first.queue.folder / FILE_NAME)) as db:
        assert db.execute("SELECT record FROM generation").fetchall() == [('{"of": "a later version"}',)]
    assert len(piapi.creates) == 2
    assert piapi.asked("cancel") == 0
    piapi.fail_always("get", None)


def test_a_damaged_row_that_is_nobodys_is_written_again(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.fail_with = "bad luck"
    failed = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    driver.until(lambda: not driver.queue.is_busy)
    run(driver.queue.folder, "UPDATE generation SET record = '{'")
    piapi.behaviour = Behaviour()
    driver.queue.submit_again(failed, service_of(piapi))
    driver.until(lambda: driver.latest[failed.id].state is State.READY)
