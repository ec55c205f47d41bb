"""When a model arrives, turn by turn of the monitor. What needs events is tested in windows."""

import time
from collections.abc import Callable
from typing import Any

import bpy
import pytest
from service import Piapi
from test_account import current


def turn() -> None:
    """As Blender's timers do it, which come due only in a window."""
    from trellis_blender.interface.monitor import monitor
    from trellis_blender.interface.state import background

    monitor._Memory.asked_at = 0.0
    monitor.tick()
    background._hand_over()


def until(condition: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up_at
        turn()
        time.sleep(0.01)


@pytest.fixture
def submitted(addon: Any, piapi: Piapi) -> Any:
    """A generation that its caller does not wait for."""
    from trellis_blender.interface.generate import submission

    (number,) = submission.submit(submission.compose(bpy.context, {"prompt": "a bear"}, 1), in_place=False)
    return lambda: current().generations[number]


def test_a_model_arrives_once_the_artist_has_left_edit_mode(submitted: Any) -> None:
    from trellis_blender.generation.states import State
    from trellis_blender.interface.monitor import monitor

    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode='EDIT')
    until(lambda: submitted().state is State.READY)
    until(lambda: current().waits_for)
    assert current().waits_for == "you leave Edit Mode"
    assert monitor.line_of(submitted()).detail == "It arrives when you leave Edit Mode."
    for _ in range(20):
        turn()
    assert (submitted().state, bpy.context.mode) == (State.READY, 'EDIT_MESH')
    assert monitor.has_work()
    bpy.ops.object.mode_set(mode='OBJECT')
    until(lambda: submitted().state is State.PLACED)
    assert current().waits_for == ""
    assert bpy.data.objects[submitted().object_name].users_scene
    assert not monitor.has_work()


def test_a_model_for_another_file_stays_in_the_list(submitted: Any) -> None:
    from trellis_blender.generation.states import State
    from trellis_blender.interface.monitor import monitor

    bpy.ops.wm.read_homefile(use_empty=True)
    until(lambda: submitted().state is State.READY)
    for _ in range(20):
        turn()
    assert submitted().state is State.READY
    assert not monitor.has_work()
    assert "made for another file" in monitor.line_of(submitted()).detail
    assert not bpy.data.objects


def test_a_place_that_was_asked_for_in_another_file_is_forgotten(
    submitted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trellis_blender.generation.states import State
    from trellis_blender.interface.monitor import delivery

    bpy.ops.object.mode_set(mode='OBJECT')
    until(lambda: submitted().state in {State.READY, State.PLACED})
    monkeypatch.setitem(delivery._waiting, submitted().id, "a file that was open before")
    monkeypatch.setitem(delivery._waiting, "removed meanwhile", current().file.blend_load)
    assert delivery._place_next() is None
    assert delivery._waiting == {}


def test_what_is_cancelled_takes_its_placeholder_along_when_the_hands_are_free(addon: Any, piapi: Piapi) -> None:
    from trellis_blender.interface.generate import submission
    from trellis_blender.interface.monitor import monitor
    from trellis_blender.interface.state import configuration
    from trellis_blender.scene.placement import placeholder

    piapi.behaviour.pending_s = 60.0
    (number,) = submission.submit(submission.compose(bpy.context, {"prompt": "a bear"}, 1), in_place=True)
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode='EDIT')
    current().queue.cancel(current().generations[number], configuration.service())
    until(lambda: number in current().abandoned)
    assert monitor._remove_abandoned() == monitor.IDLE_CHECK_S
    assert placeholder.find(number) is not None
    bpy.ops.object.mode_set(mode='OBJECT')
    assert monitor._remove_abandoned() is None
    assert placeholder.find(number) is None


def test_a_press_that_cannot_be_done_says_why_and_what_follows(addon: Any) -> None:
    from trellis_blender.interface.monitor import monitor
    from trellis_blender.interface.state import configuration

    said: list[tuple[set[str], str]] = []

    class Pressed:
        def report(self, kind: set[str], sentence: str) -> None:
            said.append((kind, sentence))

    def refuse() -> None:
        raise configuration.NotReady("There is no key.")

    pressed: Any = Pressed()
    assert monitor.press(pressed, refuse, "Nothing was submitted.") == {'CANCELLED'}
    assert said == [({'ERROR'}, "There is no key. Nothing was submitted.")]
    assert monitor.press(pressed, lambda: None) == {'FINISHED'}
    assert len(said) == 1
