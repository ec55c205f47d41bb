"""What the variations of one press have in common."""

from dataclasses import replace

from helpers import PLACEMENT, text_request

from trellis_blender.generation.record.variations import vary


def test_those_of_one_press_know_each_other_and_one_alone_has_no_press() -> None:
    first = text_request()
    pair, another = (vary(first, [PLACEMENT] * 2, is_seed_fixed=True) for _ in range(2))
    assert len({each.press for each in pair}) == 1
    assert len(pair[0].press) == 32
    assert pair[0].press != another[0].press
    assert [each.variation for each in pair] == [1, 2]
    assert [(each.press, each.variation) for each in vary(first, [PLACEMENT], is_seed_fixed=True)] == [("", 0)]


def test_a_model_without_a_seed_is_asked_for_the_same_several_times() -> None:
    first = replace(text_request(), parameters=(("turns", 3.0),))
    other = replace(PLACEMENT, location=(3.0, 2.0, 0.5))
    made = vary(first, [PLACEMENT, other], is_seed_fixed=False)
    assert [each.parameters for each in made] == [first.parameters] * 2
    assert [each.placement for each in made] == [PLACEMENT, other]
