"""What the artist reads when things go wrong; a double click; cancelling; an image; every kind of error."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import checking
import drive

SHOWN_AT_ONCE = 4
LOOK_AFTER_S = (2.0, 8.0, 20.0)
"""A submission whose answer was lost is looked for half a minute, and not for minutes."""
LOOKED_FOR_S = 60.0


def press_and_wait(word: str, *states: str) -> drive.Steps:
    count = len(drive.generations())
    drive.tell_service(word)
    yield 0.4
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: len(drive.generations()) == count + 1, word)
    yield from drive.until(lambda: drive.state() in states or drive.generations()[0].parked, f"{word} to end")
    yield 1.2


def look_for_half_a_minute() -> None:
    from bl_ext.user_default.trellis_blender.interface.state import session
    from bl_ext.user_default.trellis_blender.piapi.timings import Timings

    session.current().timings = Timings(look_after_s=LOOK_AFTER_S)


def scenario() -> drive.Steps:
    look_for_half_a_minute()
    yield from drive.open_sidebar()
    drive.shot("01-nothing-entered")
    yield from drive.enter("trellis.prompt", "a bear")

    yield from press_and_wait("wrong-key", "failed")
    assert "PiAPI refused the API key (401)" in drive.line().detail
    yield from press_and_wait("no-credits", "failed")
    # It is looked for in the account for half a minute: what becomes of it is asked further down.
    yield from press_and_wait("web-page", "submitting")
    yield from drive.until(lambda: "was not PiAPI's" in drive.line().detail, "why it is looked for")
    lost = drive.generations()[0].id
    yield from press_and_wait("task-fails", "failed")
    assert "the prompt was refused by the filter" in drive.line().detail
    yield from drive.over_viewport()
    drive.shot("02-failures")
    yield from press_and_wait("broken-model")
    assert drive.generations()[0].parked
    yield from drive.over_viewport()
    drive.shot("03-broken-model")

    # The file arrives when it is asked for again, at no cost.
    drive.tell_service("well-again")
    yield 0.4
    yield from drive.press("trellis.resume", column=0.65)
    yield from drive.until(lambda: drive.state() == "placed", "the model after Resume")

    # A double click submits once.
    count = len(drive.generations())
    yield from drive.find("trellis.generate_from_panel")
    subprocess.run(["xdotool", "click", "--repeat", "2", "--delay", "150", "1"], check=True)
    yield 1.5
    assert len(drive.generations()) == count + 1
    yield from drive.until(lambda: drive.state() == "placed", "the model")

    drive.tell_service("slow")
    yield 0.4
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "waiting", "waiting")
    yield from drive.press("trellis.cancel", column=0.81, wait_s=1.0)
    drive.shot("03-cancel-question")
    yield from drive.key("Return", 0.5)
    yield from drive.until(lambda: drive.state() == "cancelled", "cancelled")
    yield from drive.over_viewport()
    drive.shot("04-cancelled")

    bpy.context.scene.trellis.source = 'IMAGE'
    yield 0.5
    drive.shot("05-image")
    drive.tell_service("well-again")
    bpy.context.scene.trellis.image = os.environ["TEST_IMAGE"]
    bpy.context.scene.trellis.model = 'Qubico/trellis2'
    # What it says about the picture moves the button.
    yield from drive.until(checking.findings, "what is wrong with the picture")
    yield 0.5
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: drive.state() == "placed", "the model from an image")
    yield 0.5
    drive.shot("06-image-placed")
    bpy.context.scene.trellis.image = "/nowhere/at-all.png"
    yield 0.5
    yield from drive.press("trellis.generate_from_panel")
    yield 0.5
    drive.shot("07-no-such-image")
    yield from drive.over_viewport()

    states = {each.id: each.state.value for each in drive.generations()}
    if states[lost] != "outcome unknown":
        drive.shot("07b-still-looked-for")
        yield from drive.until(
            lambda: next(each for each in drive.generations() if each.id == lost).state.value == "outcome unknown",
            "the end of looking for it",
            LOOKED_FOR_S,
        )
    drive.shot("07c-outcome-unknown")
    with bpy.context.temp_override(window=drive.window()):
        bpy.ops.preferences.addon_show(module="bl_ext.user_default.trellis_blender")
    yield 2.0
    drive.shot("08-preferences")
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[-1]):
        bpy.ops.wm.window_close()
    yield 0.5
    yield from every_kind()


def every_kind() -> drive.Steps:
    """Each class of error there is as the list says it, in the words and the state that the steps give it."""
    from bl_ext.user_default.trellis_blender.interface.state import session
    from bl_ext.user_default.trellis_blender.interface.viewport import redraw

    current = session.current()
    made = drive.generations()[0]
    for earlier in drive.generations():
        current.take_over(replace(earlier, removed=True))
    problems = list(troubled(made))
    for first in range(0, len(problems), SHOWN_AT_ONCE):
        shown = problems[first : first + SHOWN_AT_ONCE]
        for number, generation in enumerate(shown):
            current.take_over(replace(generation, id=f"{number:032}", created_at=-float(number)))
        redraw.sidebars()
        yield 0.6
        drive.shot(f"09-every-kind-{first // SHOWN_AT_ONCE + 1}")
        for number, generation in enumerate(shown):
            current.take_over(replace(generation, id=f"{number:032}", removed=True))


def troubled(made: Any) -> Iterator[Any]:
    """A generation for each kind of error, named after it."""
    from bl_ext.user_default.trellis_blender.generation import problems
    from bl_ext.user_default.trellis_blender.generation.record import costs
    from bl_ext.user_default.trellis_blender.generation.states import State
    from bl_ext.user_default.trellis_blender.gltf.errors import INCOMPLETE, ModelUnusable
    from bl_ext.user_default.trellis_blender.piapi import errors
    from bl_ext.user_default.trellis_blender.scene.importing.importer import ImportFailed

    details = {"NoConnection": "api.piapi.ai", "InputRefused": "prompt must not be empty"}
    endings = {
        errors.NotSent: (State.FAILED, costs.NOTHING_SENT),
        errors.Refused: (State.FAILED, costs.NOTHING_CHARGED),
        errors.Unclear: (State.OUTCOME_UNKNOWN, costs.unknown(made)),
    }
    for base, (state, cost) in endings.items():
        for kind in base.__subclasses__():
            said = f"{kind(details.get(kind.__name__, ''))} {cost}"
            yield replace(made, request=replace(made.request, name=kind.__name__), state=state, problem=said)
    folder = Path.home() / "Models"
    kept = (
        problems.FolderUnusable(folder, "Permission denied"),
        problems.DiskFull(folder),
        ModelUnusable(INCOMPLETE),
    )
    for problem in kept:
        request = replace(made.request, name=type(problem).__name__)
        said = f"{problem} {costs.paid(made)}"
        yield replace(made, request=request, state=State.DOWNLOADING, parked=True, problem=said)
    failed = ImportFailed("The model has no surface that Blender can show. Its file is kept.")
    yield replace(made, request=replace(made.request, name="ImportFailed"), state=State.READY, problem=str(failed))
