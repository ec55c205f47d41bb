"""When a submission whose answer was lost is looked for once more."""

from dataclasses import replace

from helpers import text_request

from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.record.late_looks import ROWS_MAX, LateLooks
from trellis_blender.generation.states import State
from trellis_blender.piapi.timings import USUAL_TIMINGS


def unknown(at: float = 0.0, **changes: object) -> Generation:
    made = replace(new_generation(text_request(), "https://api.piapi.ai", at), state=State.OUTCOME_UNKNOWN)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_row_is_looked_for_as_long_as_it_is_there_and_ever_more_rarely() -> None:
    looks, row = LateLooks(), unknown()
    times = [now for now in range(24 * 3600) if looks.due([row], float(now))[0]]
    first_s = USUAL_TIMINGS.first_late_look_s
    waits = [later - earlier for earlier, later in zip([0, *times], times, strict=False)]
    assert waits[:4] == [first_s, 2 * first_s, 4 * first_s, 8 * first_s]
    assert set(waits[7:]) == {USUAL_TIMINGS.longest_late_look_s}
    assert looks.due([row], 1e6) == ([row], True)
    assert looks.due([], 2e6) == ([], False)


def test_only_what_may_have_been_paid_for_is_looked_for() -> None:
    free = replace(text_request(), model="offline-preview", price_usd=0.0)
    others = [
        unknown(state=State.READY),
        unknown(state=State.SUBMITTING),
        unknown(elsewhere=True),
        unknown(request=free),
    ]
    looks = LateLooks()
    assert looks.due(others, 0.0) == looks.due(others, 1e6) == ([], False)


def test_of_very_many_the_newest_are_looked_for() -> None:
    rows = [unknown(float(number)) for number in range(ROWS_MAX + 5)]
    looks = LateLooks()
    looks.due(rows, 0.0)
    assert looks.due(rows, USUAL_TIMINGS.first_late_look_s) == (rows[5:], True)
