"""What is said of a disk, of a plan, of a wait and of what was paid, word for word."""

import errno
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import Driver, service_of, text_request
from service import Fault, Piapi

from trellis_blender.generation.problems import explain_os_error
from trellis_blender.generation.providers import models
from trellis_blender.generation.record import costs
from trellis_blender.generation.record.generation import new_generation
from trellis_blender.generation.record.history import last_charge_usd
from trellis_blender.generation.states import State
from trellis_blender.generation.store.repository import not_taken
from trellis_blender.piapi.account import Account, plan_of
from trellis_blender.piapi.timings import Timings

FOLDER = Path("generations")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_with_its_folder(number: int) -> None:
    said = str(explain_os_error(OSError(number, "no room"), FOLDER))
    assert said == "The disk is full, so nothing can be kept in generations. Make room, then try again."


@pytest.mark.parametrize(
    ("error", "reason"),
    [(OSError(errno.EACCES, "Permission denied"), "Permission denied"), (OSError(), "it cannot be written")],
)
def test_a_folder_is_told_with_the_systems_reason(error: OSError, reason: str) -> None:
    said = str(explain_os_error(error, FOLDER))
    assert said == f"The folder generations cannot be used ({reason}). Check the folder, then try again."


@pytest.mark.parametrize(
    ("name", "requests"), [("free", 10), (" Creator\n", 60), ("PRO", 300), ("enterprise", None), ("", None)]
)
def test_a_plan_by_its_name(name: str, requests: int | None) -> None:
    assert plan_of(Account(plan=name)).requests_per_minute == requests


def test_what_could_not_be_written_down_says_what_is_paid() -> None:
    generation = new_generation(text_request(), "https://api.piapi.ai", 0.0)
    for state, cost in {
        State.QUEUED: costs.NOTHING_SENT,
        State.SUBMITTING: costs.unknown(generation),
        State.DOWNLOADING: costs.paid(generation),
    }.items():
        assert not_taken(replace(generation, state=state), "It is full.").problem == f"It is full. {cost}"


def test_each_failure_is_waited_for_twice_as_long(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    driver = make_driver(timings=Timings(first_wait_s=1.0, first_delay_s=0.01))
    piapi.fail_always("get", Fault(503))
    generation = driver.queue.submit(text_request(), service_of(piapi))

    def waits() -> list[str]:
        said = " ".join(each.problem for each in driver.history.get(generation.id, []))
        return list(dict.fromkeys(re.findall(r"Asked again in (\d+) s", said)))

    driver.until(lambda: len(waits()) == 3)
    assert waits() == ["1", "2", "4"]


def test_the_newest_charge_is_the_last() -> None:
    request = text_request()
    charges = {1.0: 0.01, 3.0: 0.03, 2.0: 0.02, 4.0: None}
    made = [replace(new_generation(request, "", at), charged_usd=usd) for at, usd in charges.items()]
    assert last_charge_usd(made, request.model) == 0.03
    assert last_charge_usd(made, "another") is None


def test_every_preset_says_what_it_is_for() -> None:
    for model in models().values():
        for preset in model.presets:
            assert re.search(r"\w", preset.about), (model.id, preset.label)
