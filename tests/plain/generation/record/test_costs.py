"""Amounts of money in words, and what is said of a price that PiAPI tells only later."""

import pytest
from helpers import PLACEMENT

from trellis_blender.generation.record import costs
from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.record.picture_request import concepts_request
from trellis_blender.piapi.models import CONCEPT_WORDING


def test_what_is_said_of_a_price_told_later() -> None:
    generation = Generation("id", concepts_request("a jar", CONCEPT_WORDING, PLACEMENT))
    assert costs.charged(generation) == "PiAPI has not said what it charged."
    assert costs.paid(generation) == "It is paid for and is not lost: Resume takes it up again at no cost."


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (0.04, "$0.04"),
        (0.0012, "$0.0012"),
        (0.1 + 0.2, "$0.30"),
        (1_000_000.0, "$1000000.00"),
        (1_000_001.0, "an unknown amount"),
        (float("nan"), "an unknown amount"),
    ],
)
def test_amounts(amount: float, said: str) -> None:
    assert costs.dollars(amount) == said


@pytest.mark.parametrize(("total", "asks"), [(1.0, False), (1.00004, False), (1.0001, True), (float("inf"), True)])
def test_a_press_is_asked_about_above_the_limit_only(total: float, *, asks: bool) -> None:
    assert costs.asks_first(total, 1.0) is asks
