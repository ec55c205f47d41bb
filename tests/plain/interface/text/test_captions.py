from dataclasses import replace

import pytest
from helpers import text_request

from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.record.progress import OVERDUE_SHARE, share_of_time, time_left_s
from trellis_blender.generation.states import State
from trellis_blender.interface.text.captions import NOTHING, StatusLine, caption, status_line


def generation(**changes: object) -> Generation:
    return replace(new_generation(text_request(), "https://api.piapi.ai", 100.0), **changes)  # type: ignore[arg-type]


def said(found: Generation | None, *, in_scene: bool = False, waits_for: str = "") -> str:
    return caption("a bear", found, 165.0, in_scene=in_scene, waits_for=waits_for).said


RUNNING = generation(state=State.RUNNING, submitted_at=100.0)


@pytest.mark.parametrize(
    ("share", "elapsed_s", "expected_s", "left_s"),
    [
        (None, 20.0, None, None),  # nobody knows how long it takes
        (0.25, 20.0, 80.0, 60.0),
        (0.95, 80.0, 80.0, None),  # longer than usual: nobody knows how much longer
        (0.25, None, 80.0, 60.0),  # by the service's log
        (None, None, 80.0, None),
        (0.5, 10.0, 0.0, None),
    ],
)
def test_time_left_is_never_invented(
    share: float | None, elapsed_s: float | None, expected_s: float | None, left_s: float | None
) -> None:
    assert time_left_s(share, elapsed_s, expected_s) == left_s


@pytest.mark.parametrize(
    ("elapsed_s", "expected_s", "share"),
    [
        (20.0, 80.0, 0.25),
        (-5.0, 80.0, 0.0),  # a clock that was set back
        (79.0, 80.0, OVERDUE_SHARE),
        (500.0, 80.0, OVERDUE_SHARE),
        (20.0, None, None),
        (20.0, 0.0, None),
        (20.0, -1.0, None),
    ],
)
def test_the_bar_waits_before_its_end(elapsed_s: float, expected_s: float | None, share: float | None) -> None:
    assert share_of_time(elapsed_s, expected_s) == share


def test_stage_percent_and_time_left_as_far_as_they_are_known() -> None:
    assert said(generation()) == "In the queue"
    assert said(RUNNING) == "Generating · 1:05"
    assert said(replace(RUNNING, progress=0.65, expected_s=100.0)) == "Generating · 65 % · 0:35 left"
    assert said(replace(RUNNING, progress=0.95, expected_s=60.0)) == "Generating · 95 %"
    by_log = replace(RUNNING, progress=0.5, stage="Mesh", expected_s=80.0)
    assert said(by_log) == "Mesh · 50 % · 0:40 left"
    assert said(replace(by_log, wanted=False)) == "Cancelling · Mesh · 50 % · 0:40 left"


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("parked", [True, False])
def test_every_state_has_a_caption(state: State, parked: bool) -> None:
    found = caption("a bear", generation(state=state, parked=parked), 165.0, in_scene=False, waits_for="")
    assert found.said[0].isupper()
    assert found.is_orphan == (state is State.CANCELLED)


def test_what_became_of_it() -> None:
    assert said(None) == "Made elsewhere · nothing arrives here"
    assert said(generation(state=State.PLACED)) == "Undone · Place Again"
    assert said(generation(state=State.PLACED), in_scene=True) == "In the scene already"
    assert said(generation(state=State.READY), waits_for="you leave Edit Mode") == (
        "Ready · arrives when you leave Edit Mode"
    )
    assert caption("a", generation(state=State.FAILED), 165.0, in_scene=False, waits_for="").is_alert


def test_the_status_bar() -> None:
    one = replace(RUNNING, progress=0.45, expected_s=90.0, submitted_at=125.0)
    assert status_line([], None, 165.0, "") == NOTHING
    assert status_line([one], None, 165.0, "").text == "Trellis: a bear · Generating · 45 % · 0:50 left"
    assert status_line([one] * 4, None, 165.0, "").text == "Trellis: 4 running"
    queued = [generation(state=State.QUEUED)] * 6
    assert status_line([one] * 4 + queued, None, 165.0, "").text == "Trellis: 4 running, 6 in the queue"
    assert status_line(queued, None, 165.0, "").text == "Trellis: 6 in the queue"
    done, ready = generation(state=State.PLACED), generation(state=State.READY)
    assert status_line([], done, 165.0, "") == StatusLine("Trellis: a bear is done", "CHECKMARK")
    assert status_line([one], done, 165.0, "").text == "Trellis: a bear is done · 1 running"
    assert status_line([], ready, 165.0, "you leave Edit Mode").text == (
        "Trellis: a bear arrives when you leave Edit Mode"
    )
    assert status_line([], generation(state=State.FAILED), 165.0, "") == (
        StatusLine("Trellis: a bear needs attention", "ERROR")
    )
    assert status_line([one], generation(state=State.CANCELLED), 165.0, "").text.startswith("Trellis: a bear · Gen")
    long = replace(done, request=text_request("a small wooden chair with three legs and a story"))
    assert status_line([], long, 165.0, "").text == "Trellis: a small wooden chair with three… is done"
