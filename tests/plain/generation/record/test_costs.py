"""What is said of a price that PiAPI tells only later."""

from helpers import PLACEMENT

from trellis_blender.generation.record import costs
from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.record.picture_request import concepts_request
from trellis_blender.piapi.picture_models import WORDING


def test_what_is_said_of_a_price_told_later() -> None:
    generation = Generation("id", concepts_request("a jar", WORDING, PLACEMENT))
    assert costs.charged(generation) == "PiAPI has not said what it charged."
    assert costs.paid(generation) == "It is paid for and is not lost: Resume takes it up again at no cost."
