import json
import shutil
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import addon_utils
import bpy
import pytest
from paper import drawn
from places import ROOT
from service import KEY, Piapi

REGISTERED = """
import json, os, sys, threading
sys.path.insert(0, {root!r})
import bpy
before = set(sys.modules)
opened = []
sys.addaudithook(lambda event, args: opened.append(event) if event.startswith('socket.') else None)
import trellis_blender
trellis_blender.register()
found = dict(new=sorted(set(sys.modules) - before), threads=threading.active_count(), network=opened)
trellis_blender.unregister()
print('FOUND' + json.dumps(found), flush=True)
os._exit(0)
"""


def test_registering_loads_and_touches_nothing() -> None:
    """How long it takes is held by `scripts/bench.py --check`."""
    said = subprocess.run(
        [sys.executable, "-c", REGISTERED.format(root=str(ROOT))], capture_output=True, text=True, check=True
    )
    # Blender prints one where it cannot read the annotations of a class.
    assert "Traceback" not in said.stdout + said.stderr
    found = json.loads(said.stdout.partition("FOUND")[2])
    assert not {"requests", "urllib3", "sqlite3", "numpy"} & set(found["new"])
    assert found["threads"] == 1
    assert found["network"] == []


@pytest.fixture(autouse=True, scope="module")
def nothing_loaded() -> None:
    """As after a switching off, whatever other test files have imported."""
    for name in [name for name in sys.modules if name.startswith("trellis_blender.")]:
        del sys.modules[name]


def traces() -> dict[str, Any]:
    """All that an add-on can leave behind in Blender."""
    handlers = {
        name: len(found) for name in dir(bpy.app.handlers) if isinstance(found := getattr(bpy.app.handlers, name), list)
    }
    return {
        "classes": {name for name in dir(bpy.types) if "trellis" in name.casefold()},
        "scene": [name for name in dir(bpy.types.Scene) if "trellis" in name],
        "handlers": handlers,
        "manuals": [f"{each.__module__}.{each.__name__}" for each in bpy.utils._manual_map],
        "threads": {thread.name for thread in threading.enumerate()},
        "modules": {name for name in sys.modules if name.startswith("trellis_blender.")},
    }


def test_unregistering_leaves_everything_as_it_was(piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIAPI_API_URL", piapi.url)
    monkeypatch.setenv("PIAPI_API_KEY", KEY)
    bpy.ops.wm.read_factory_settings()
    before = traces()
    for _ in range(3):
        addon_utils.enable("trellis_blender", default_set=True)
        assert traces() != before
        bpy.ops.trellis.generate(prompt="a bear")
        addon_utils.disable("trellis_blender", default_set=True)
        assert traces() == before


def test_disabling_in_the_middle_stops_the_threads_and_keeps_the_task(addon: Any, piapi: Piapi) -> None:
    from trellis_blender.generation.record.request import compose_request
    from trellis_blender.interface.generate import submission
    from trellis_blender.interface.state import session
    from trellis_blender.scene.arrival.place import here

    piapi.behaviour.pending_s = 60
    found = session.current()
    request = compose_request(
        model="Qubico/trellis", prompt="a bear", picture=None, picture_name="", parameters={},
        placement=here(bpy.context, 1.0, found.file.blend_load),
    )  # fmt: skip
    (generation_id,) = submission.submit([request])
    while found.generations[generation_id].state.value != "waiting":
        found.drain()
    addon_utils.disable("trellis_blender", default_set=True)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("trellis")]
    addon_utils.enable("trellis_blender", default_set=True)
    from trellis_blender.interface.state import session as new_session

    new_session.current().load()
    while generation_id not in new_session.current().generations:
        new_session.current().drain()
    kept = new_session.current().generations[generation_id]
    assert (kept.state.value, kept.parked) == ("waiting", True)
    piapi.tasks[kept.task_id].behaviour.pending_s = 0
    bpy.ops.trellis.resume(generation=kept.id)
    assert new_session.current().wait_for(kept.id).state.value == "ready"
    assert len(piapi.creates) == 1


def test_generate_is_never_repeated_by_blender(addon: Any) -> None:
    for name in ("generate", "cancel", "place", "resume", "submit_again", "submit_paused", "monitor"):
        operator = getattr(bpy.types, f"TRELLIS_OT_{name}")
        assert not {"REGISTER", "UNDO"} & operator.bl_options


def test_what_others_have_taken_away_keeps_nothing_else_from_ending(
    piapi: Piapi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Handlers cleared, a class, a property and a menu taken away: the rest goes, and the add-on comes back."""
    monkeypatch.setenv("PIAPI_API_URL", piapi.url)
    monkeypatch.setenv("PIAPI_API_KEY", KEY)
    bpy.ops.wm.read_factory_settings()
    before = traces()
    addon_utils.enable("trellis_blender", default_set=True)
    whole = traces()
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.load_post):
        handlers[:] = [each for each in handlers if not each.__module__.startswith("trellis_blender.")]
    bpy.utils.unregister_class(bpy.types.TRELLIS_OT_more)
    del bpy.types.Scene.trellis
    del bpy.types.Object.trellis_prompt
    bpy.types.IMAGE_MT_image.draw._draw_funcs[:] = bpy.types.IMAGE_MT_image.draw._draw_funcs[:1]
    addon_utils.disable("trellis_blender", default_set=True)
    assert traces() == before
    assert "TRELLIS_OT_more" in caplog.text, "what went wrong is told"
    addon_utils.enable("trellis_blender", default_set=True)
    assert traces() == whole
    assert bpy.ops.trellis.generate(prompt="a bear") == {'FINISHED'}
    addon_utils.disable("trellis_blender", default_set=True)
    assert traces() == before


def test_switched_on_while_it_is_on(addon: Any) -> None:
    whole = traces()
    addon_utils.enable("trellis_blender", default_set=True)
    assert traces() == whole
    assert bpy.ops.trellis.generate(prompt="a bear") == {'FINISHED'}


def test_what_waits_is_dropped_when_it_is_switched_off(addon: Any) -> None:
    """Timers, those of a `partial` among them, and what was to be done with a thread's result."""
    from trellis_blender.interface.state import background

    called: list[str] = []
    may_end = threading.Event()
    acts = [lambda: called.append("plain"), partial(called.append, "partial")]
    for act in acts:
        background.later(act, 0.0)
    background.in_thread("slow", partial(may_end.wait, 10), lambda _: called.append("result"))
    waiting = [background._Begun.timers[act] for act in (*acts, background._hand_over)]
    assert all(map(bpy.app.timers.is_registered, waiting))
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("trellis")] == ["trellis-slow"]
    threading.Timer(0.2, may_end.set).start()
    addon_utils.disable("trellis_blender", default_set=True)
    assert not any(map(bpy.app.timers.is_registered, waiting))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("trellis")], "waited for"
    assert background._hand_over() is None
    assert called == []


def test_a_thread_that_hangs_and_an_ending_that_fails_hold_up_nothing(
    addon: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from trellis_blender.interface.state import background

    monkeypatch.setattr(background, "END_TIMEOUT_S", 0.1)
    may_end = threading.Event()
    ended: list[str] = []

    def fail() -> None:
        raise RuntimeError("it is stuck")

    background.at_end(ended.append, "first")
    background.at_end(fail)
    background.in_thread("hung", partial(may_end.wait, 60), ended.append)
    background.later(fail)
    addon_utils.disable("trellis_blender", default_set=True)
    assert ended == ["first"]
    assert "it is stuck" in caplog.text
    may_end.set()
    addon_utils.enable("trellis_blender", default_set=True)
    assert bpy.ops.trellis.generate(prompt="a bear") == {'FINISHED'}


def test_what_a_thread_has_made_is_handed_over_and_what_fails_is_logged(
    addon: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """As the timer does it, which comes due only in a Blender with a window."""
    from trellis_blender.interface.state import background

    heard: list[object] = []
    background.in_thread("sum", lambda: 1 + 1, heard.append)
    background.in_thread("quotient", lambda: 1 / 0, heard.append)
    background.in_thread("replaced", lambda: "old", heard.append)
    background.in_thread("replaced", lambda: "new", heard.append)
    assert background.is_running("sum")
    while background._hand_over() is not None:
        time.sleep(0.01)
    assert sorted(map(str, heard)) == ["2", "new"]
    assert "ZeroDivisionError" in caplog.text
    assert not background.is_running("quotient")


def test_a_registration_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.ops.wm.read_factory_settings()
    before = traces()
    addon_utils.enable("trellis_blender", default_set=True)
    addon_utils.disable("trellis_blender", default_set=True)
    import trellis_blender.registration as registration

    class Refused(bpy.types.Operator):
        bl_idname = "trellis has no dot"
        bl_label = "Refused"

    monkeypatch.setattr(registration, "CLASSES", (*registration.CLASSES, Refused))
    with pytest.raises(RuntimeError, match="dot"):
        registration.register()
    registration.unregister()
    assert traces() == before


@pytest.fixture
def copy_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The add-on under another name, as Blender finds it in another repository."""
    shutil.copytree(ROOT / "trellis_blender", tmp_path / "trellis_copy", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(str(tmp_path))
    return "trellis_copy"


def test_a_second_copy_says_so_and_does_nothing(addon: Any, copy_of_it: str, caplog: pytest.LogCaptureFixture) -> None:
    ours = bpy.types.TRELLIS_OT_generate
    handlers = traces()["handlers"]
    addon_utils.enable(copy_of_it, default_set=True)
    try:
        assert bpy.types.TRELLIS_OT_generate is ours
        assert traces()["handlers"] == handlers
        sentence = "“trellis_blender” was first, so this copy, “trellis_copy”, does nothing."
        assert sentence in caplog.text
        assert sentence in " ".join(drawn(bpy.context.preferences.addons[copy_of_it].preferences))
    finally:
        addon_utils.disable(copy_of_it, default_set=True)
    assert bpy.types.TRELLIS_OT_generate is ours
    assert bpy.ops.trellis.generate(prompt="a bear") == {'FINISHED'}


def test_either_copy_can_be_switched_off_first(copy_of_it: str, caplog: pytest.LogCaptureFixture) -> None:
    bpy.ops.wm.read_factory_settings()
    before = traces()
    addon_utils.enable("trellis_blender", default_set=True)
    addon_utils.enable(copy_of_it, default_set=True)
    addon_utils.disable("trellis_blender", default_set=True)
    addon_utils.disable(copy_of_it, default_set=True)
    addon_utils.enable(copy_of_it, default_set=True)
    assert bpy.types.TRELLIS_OT_generate.__module__.startswith("trellis_copy.")
    addon_utils.disable(copy_of_it, default_set=True)
    assert traces() == before
    assert "Traceback" not in caplog.text


def test_what_a_copy_has_left_behind_is_no_obstacle(copy_of_it: str) -> None:
    """An older version that stopped half way through switching off."""
    bpy.ops.wm.read_factory_settings()
    before = traces()
    addon_utils.enable(copy_of_it, default_set=True)
    left = bpy.types.TRELLIS_OT_more
    addon_utils.disable(copy_of_it, default_set=True)
    bpy.utils.register_class(left)
    addon_utils.enable("trellis_blender", default_set=True)
    assert bpy.types.TRELLIS_OT_more.__module__.startswith("trellis_blender.")
    addon_utils.disable("trellis_blender", default_set=True)
    assert traces() == before


def test_tooltips_end_with_a_word(addon: Any) -> None:
    """Blender sets a full stop behind them: it stood on a line of its own."""
    said = {name: getattr(bpy.ops.trellis, name).get_rna_type().description for name in dir(bpy.ops.trellis)}
    assert "generate" in said
    assert [name for name, each in said.items() if each != each.strip()] == []
