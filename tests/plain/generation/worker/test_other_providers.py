"""A provider beside PiAPI that cannot cancel, lists no tasks and has no accounts; see tests/another_provider."""

from collections.abc import Iterator
from typing import Any

import pytest
from another_provider import WHEEL, Pottery
from another_provider.client import PotteryClient
from another_provider.service import PotteryServer, running
from helpers import PLACEMENT, Driver
from models import prism_glb

from trellis_blender.generation import providers
from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.record.request import compose_request
from trellis_blender.generation.states import State


class ClumsyClient(PotteryClient):
    """Drops the receipt."""

    def create_task(self, *arguments: Any, **more: Any) -> Any:
        super().create_task(*arguments, **more)
        raise ZeroDivisionError("the receipt")


class ClumsyPottery(Pottery):
    def client(self, service: Any, hooks: Any) -> Any:
        return ClumsyClient(service, hooks)


class Shop:
    """The pottery's service, and the provider that it is known as."""

    def __init__(self, server: PotteryServer) -> None:
        self.server = server
        self.provider = Pottery(server.url)

    def order(self, driver: Driver) -> Generation:
        request = compose_request(
            model=WHEEL.id, prompt="a jar", picture=None, picture_name="", parameters={}, placement=PLACEMENT
        )
        service = self.provider.service(None)
        return driver.queue.submit(request, service)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with running(prism_glb(6, "smooth")) as server:
        found = Shop(server)
        monkeypatch.setattr(providers, "PROVIDERS", [*providers.PROVIDERS, found.provider])
        yield found


def test_a_task_that_cannot_be_cancelled_goes_on_is_paid_and_is_kept(driver: Driver, shop: Shop) -> None:
    shop.server.is_held = True
    generation = shop.order(driver)
    driver.until(lambda: driver.latest[generation.id].state is State.RUNNING)
    driver.queue.cancel(generation, shop.provider.service(None))
    driver.until(lambda: bool(driver.latest[generation.id].problem))
    said = driver.latest[generation.id]
    assert said.problem == "Pottery cannot cancel this; it goes on, is paid, and is kept."
    assert (said.state, said.wanted) == (State.RUNNING, False)
    shop.server.is_held = False
    found = driver.rest(generation)
    assert (found.state, found.wanted, found.charged_usd) == (State.READY, False, 0.05)


def test_a_lost_answer_is_not_looked_for_where_no_tasks_are_listed(driver: Driver, shop: Shop) -> None:
    shop.server.loses_answers = True
    found = driver.rest(shop.order(driver))
    assert found.state is State.OUTCOME_UNKNOWN
    assert found.problem == (
        "The connection to Pottery broke before its answer was complete. Whether Pottery accepted the task, and "
        "charged $0.05, is unknown. Look at your tasks on pottery.example before you submit it again."
    )
    assert len(shop.server.orders) == 1


def test_a_mistake_in_a_provider_after_the_submission_leaves_its_outcome_unknown(
    driver: Driver, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.provider = ClumsyPottery(shop.server.url)
    monkeypatch.setattr(providers, "PROVIDERS", [*providers.PROVIDERS[:-1], shop.provider])
    found = driver.rest(shop.order(driver))
    assert found.state is State.OUTCOME_UNKNOWN
    assert found.problem == (
        "The add-on made a mistake (ZeroDivisionError: the receipt). Please report it. Whether Pottery accepted the "
        "task, and charged $0.05, is unknown. Look at your tasks on pottery.example before you submit it again."
    )
    assert len(shop.server.orders) == 1
