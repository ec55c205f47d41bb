"""Another Blender on the same folder: it shows what the first one works on, and takes it over when that one dies."""

import time
from collections.abc import Callable

import drive

SENT = ("a bear", "a fox", "a table", "a hen")
NOT_SENT = ("a bench", "a stool")


def state_by_prompt() -> dict[str, str]:
    return {generation.request.prompt: generation.state.value for generation in drive.generations()}


def known(*prompts: str) -> dict[str, object]:
    """Those of them that are in the list."""
    return {found.request.prompt: found for found in drive.generations() if found.request.prompt in prompts}


def work_on(condition: Callable[[], bool], what: str, limit_s: float = 60.0) -> drive.Steps:
    """The artist works on with the list in sight."""
    begun = time.monotonic()
    yield from drive.over_viewport()
    while not condition():
        assert time.monotonic() - begun < limit_s, f"{what}: {state_by_prompt()}"
        yield from drive.key("a", 0.3)
        yield from drive.key("alt+a", 0.3)
    print(f"{what} after {time.monotonic() - begun:.1f} s")


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    yield from drive.ask_for("a vase")
    (drive.CONTROL / "other-is-open").touch()
    yield from drive.until((drive.CONTROL / "generating").exists, "the first Blender's generations", 90)
    # They were not there when this Blender looked into the store.
    yield from work_on(lambda: len(known("a bear", "a fox")) == 2, "the other's rows", 30)
    before = known("a bear", "a fox")
    for found in before.values():
        assert found.elsewhere
        assert not found.is_working
        assert drive.line_of(found).stage == "In another Blender", drive.line_of(found)
    yield 0.5
    drive.shot("01-in-another-blender")
    (drive.CONTROL / "seen").touch()

    yield from work_on(
        lambda: len(known(*SENT, *NOT_SENT)) == 6 and not any(found.elsewhere for found in known(*SENT).values()),
        "taken over",
        120,
    )
    yield from drive.until(
        lambda: all(found.task_id for found in known(*SENT).values()) and state_by_prompt()["a table"] == "ready",
        "the hen to be found at the service, the table to be fetched",
    )
    for prompt, found in known("a bear", "a fox").items():
        assert found.is_working
        assert found.task_id == before[prompt].task_id
    assert all(found.parked and not found.task_id for found in known(*NOT_SENT).values())
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("02-taken-over")
    yield from drive.finish()
    yield from drive.until(lambda: {state_by_prompt()[prompt] for prompt in SENT} == {"ready"}, "all four to be ready")
    yield from drive.until(lambda: drive.models() == ["a vase"], "this Blender's own model")
    yield 1.0
    assert drive.models() == ["a vase"]
    drive.shot("03-offered")
    yield from drive.tell("quick")
    yield from drive.press("trellis.submit_paused")
    yield from drive.until(lambda: {state_by_prompt()[prompt] for prompt in NOT_SENT} == {"ready"}, "the other two")
    yield from drive.over_viewport()
    drive.press_in_row("place")
    yield from drive.until(lambda: drive.models() == ["a stool", "a vase"], "the model", 10)
    yield 1.0
    assert drive.line().stage == "In the scene", drive.line()
    drive.shot("04-all-of-them")
