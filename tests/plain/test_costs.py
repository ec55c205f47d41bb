"""What is said of a price that PiAPI tells only later."""

from trellis_blender.generation.record import costs
from trellis_blender.piapi.picture_models import PRICE_TOLD_LATER


def test_what_is_said_of_a_price_told_later() -> None:
    assert costs.charged(None, PRICE_TOLD_LATER) == "PiAPI has not told what it charged."
    assert costs.paid(PRICE_TOLD_LATER) == "It is paid for and is not lost: Resume takes it up again at no cost."
