"""What a row of the list says."""

from dataclasses import replace

import pytest
from helpers import image_request, text_request

from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.interface.text.formats import clock, wrap
from trellis_blender.interface.text.rows import describe, settings_in_full, title, took


def generation(**changes: object) -> Generation:
    return replace(new_generation(text_request(), "https://api.piapi.ai", 100.0), **changes)  # type: ignore[arg-type]


def say(found: Generation, *, here: bool = True, in_scene: bool = True, waits_for: str = "") -> tuple[str, str]:
    line = describe(found, 165.0, here=here, in_scene=in_scene, waits_for=waits_for)
    return line.stage, line.detail


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("parked", [True, False])
@pytest.mark.parametrize("here", [True, False])
def test_every_state_has_words(state: State, parked: bool, here: bool) -> None:
    stage, _ = say(generation(state=state, parked=parked), here=here)
    assert stage[0].isupper()


def test_percentages_are_never_invented() -> None:
    running = generation(state=State.RUNNING, submitted_at=100.0)
    assert say(running) == ("Generating · 1:05", "")
    assert say(replace(running, progress=0.434, stage="Sparse structure")) == ("Sparse structure · 43 %", "")
    assert say(generation()) == ("In the queue", "")


def test_variations_are_told_apart_however_narrow_the_row_is() -> None:
    kettle = replace(text_request(), name="an old copper kettle", press="a" * 32, variation=2)
    assert title(generation(request=kettle), 40) == "an old copper kettle · 2"
    assert title(generation(request=kettle), 14) == "an old co… · 2"
    assert title(generation(request=replace(kettle, variation=0)), 40) == "an old copper kettle"
    assert title(generation(request=replace(kettle, variation=10**12)), 40) == "an old copper kettle"  # from a file


def test_what_a_ready_model_waits_for() -> None:
    ready = generation(state=State.READY)
    assert say(ready, waits_for="you leave Edit Mode") == ("Ready", "It arrives when you leave Edit Mode.")
    assert "made for another file" in say(ready, here=False)[1]
    assert "Cancelled too late" in say(replace(ready, wanted=False))[1]


def test_a_model_that_was_undone() -> None:
    placed = generation(state=State.PLACED, where="It is where it was meant to be.")
    assert say(placed) == ("In the scene", placed.where)
    assert say(placed, in_scene=False)[0] == "No longer in the scene"
    assert say(placed, here=False)[0] == "In the scene"
    assert say(placed, here=False, in_scene=False)[0] == "Placed in another file"


def test_clock_and_wrap() -> None:
    assert [clock(seconds) for seconds in (-1, 7.9, 125, 3723)] == ["0:00", "0:07", "2:05", "1:02:03"]
    assert all(len(line) <= 32 for line in wrap("a rather long sentence about what happened here " * 3, 200, 1.0))
    assert wrap("", 200, 1.0) == [""]


def test_what_another_blender_works_on_says_so() -> None:
    assert say(generation(state=State.RUNNING, elsewhere=True))[0] == "In another Blender"


def test_a_submission_that_was_interrupted_is_looked_for_at_no_cost() -> None:
    _, detail = say(generation(state=State.SUBMITTING, parked=True, interrupted=True))
    assert "looks for it among the account's tasks, at no cost" in detail


def test_the_offline_preview_is_never_taken_for_piapi() -> None:
    offline = replace(generation(), request=image_request("offline-preview"))
    for state in State:
        for parked in (True, False):
            found = replace(offline, state=state, parked=parked, task_id="t", wanted=state is not State.READY)
            stage, detail = say(found)
            assert "PiAPI" not in stage + detail


def test_a_placeholder_that_is_gone_is_said() -> None:
    line = describe(
        generation(state=State.READY), 165.0, here=False, in_scene=False, waits_for="", has_lost_placeholder=True
    )
    assert line.detail == "Its placeholder is gone. Place puts it at the 3D cursor."


def test_less_than_a_second_is_no_time_worth_telling() -> None:
    made = generation(state=State.PLACED, submitted_at=100.0, finished_at=100.9)
    assert took(made) == ""
    assert took(replace(made, finished_at=101.0)) == "0:01"
    assert took(replace(made, finished_at=0.0)) == ""


def test_a_tooltip_names_the_object() -> None:
    """A row's "· 4" counts the press; Blender counts all objects of the name."""
    assert settings_in_full(generation(), str).endswith("Click to show it")
    said = settings_in_full(generation(), str, object_name="a red toadstool.003")
    assert said.endswith("Click to select “a red toadstool.003”")
