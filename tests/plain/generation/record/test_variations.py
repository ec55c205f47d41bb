"""What the variations of one press have in common."""

from helpers import PLACEMENT, text_request

from trellis_blender.generation.record.variations import vary


def test_those_of_one_press_know_each_other_and_one_alone_has_no_press() -> None:
    first = text_request()
    pair, another = (vary(first, [PLACEMENT] * 2, is_seed_fixed=True) for _ in range(2))
    assert len({each.press for each in pair}) == 1
    assert len(pair[0].press) == 32
    assert pair[0].press != another[0].press
    assert [each.press for each in vary(first, [PLACEMENT], is_seed_fixed=True)] == [""]
