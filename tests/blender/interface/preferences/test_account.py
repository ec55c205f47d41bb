"""The account in Blender: asking, fetching, removing, the preferences' pipeline fields."""

import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import paper
import pytest
from service import KEY, Fault, Piapi

from trellis_blender.piapi.client import Client
from trellis_blender.piapi.service import Service

SECRET = "hush-5c1d7f"


def until(condition: Callable[[], Any], limit_s: float = 20.0) -> None:
    """Does what the monitor does in a window."""
    from trellis_blender.interface.state import session

    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        session.current().drain()
        time.sleep(0.01)
    session.current().drain()


def current() -> Any:
    from trellis_blender.interface.state import session

    return session.current()


def made_elsewhere(piapi: Piapi) -> str:
    piapi.behaviour.processing_s = 0.0
    client = Client(Service(piapi.url, KEY))
    task_id = client.create_task("Qubico/trellis", "text-to-3d", {"prompt": "a lamp", "seed": 5}).task_id
    client.close()
    return task_id


def test_the_key_is_tested(addon: Any, piapi: Piapi) -> None:
    from trellis_blender.generation.lookups.questions import Topic

    assert bpy.ops.trellis.test_key() == {"FINISHED"}
    assert Topic.ACCOUNT in current().asked
    until(lambda: Topic.ACCOUNT in current().answers)
    assert current().answers[Topic.ACCOUNT].account.balance_usd == 12.5
    piapi.key = "another"
    bpy.ops.trellis.test_key()
    until(lambda: current().answers[Topic.ACCOUNT].problem)
    assert "PiAPI refused the API key (401)" in current().answers[Topic.ACCOUNT].problem


def test_credits_that_expire_soon_are_told(addon: Any, piapi: Piapi) -> None:
    from datetime import UTC, datetime, timedelta

    from trellis_blender.interface.preferences import account

    for days, is_told in ((13, True), (15, False), (-1, False)):
        piapi.expired_at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        bpy.ops.trellis.test_key()
        until(lambda: not current().asked)
        assert ("Some of your credits expire on" in " ".join(paper.drawn(account.TRELLIS_PT_account))) == is_told, days


def test_a_balance_that_does_not_cover_the_press_is_told_before_it(generate: Any, piapi: Piapi) -> None:
    from trellis_blender.interface.generate import panel

    def is_said(left: str = "") -> bool:
        said = " ".join(paper.drawn(panel.TRELLIS_PT_generate))
        assert f"Your balance, {left} as far as is known, does not cover this." in said or not left
        return "does not cover" in said

    settings = bpy.context.scene.trellis
    settings.prompt, settings.variations = "a bear", 2
    assert not is_said(), "nobody knows"
    piapi.balance_usd = 0.08
    bpy.ops.trellis.test_key()
    until(lambda: not current().asked)
    assert not is_said()
    settings.variations = 3
    assert is_said("$0.08")
    settings.variations = 2
    generate(prompt="a fox")
    assert is_said("$0.04")
    settings.variations = 1
    assert not is_said()


def drawn() -> list[str]:
    """All that the panel Account says, whatever is in the answers."""
    from types import SimpleNamespace

    from trellis_blender.interface.preferences import account
    from trellis_blender.interface.text import layouts

    said: list[str] = []

    class Layout:
        """Takes down what is drawn: a real layout exists in a window only."""

        def label(self, *, text: str = "", **_: Any) -> None:
            said.append(text)

        def operator(self, _: str, *, text: str = "", **__: Any) -> Any:
            said.append(text)
            return SimpleNamespace()

        def __getattr__(self, name: str) -> Any:
            return lambda *_, **__: Layout()

    layout: Any = Layout()
    account.draw_account(layout, paper.context(), layouts.IN_SIDEBAR)
    account._draw_tasks(layout)
    for text in said:
        text.encode()
        assert len(text) < 300
        assert "\x00" not in text
    return said


def test_the_recorded_account_is_shown(addon: Any, piapi: Piapi) -> None:
    from trellis_blender.generation.lookups.questions import Topic

    bpy.ops.trellis.test_key()
    until(lambda: Topic.ACCOUNT in current().answers)
    said = drawn()
    assert [text for text in ("Ada", "creator", "$12.50", "5") if text not in said] == []


def test_an_account_of_which_little_is_told_is_shown(addon: Any, piapi: Piapi) -> None:
    from trellis_blender.generation.lookups.questions import Topic

    for data in ({"id": 4711}, {"name": "\ud800\x00" + "x" * 5000, "plan": [], "equivalent_in_usd": float("nan")}):
        current().answers.pop(Topic.ACCOUNT, None)
        piapi.fail("balance", Fault(200, {"code": 200, "data": data}))
        bpy.ops.trellis.test_key()
        until(lambda: Topic.ACCOUNT in current().answers)
        assert "not known" in drawn()


def test_tasks_of_which_the_list_says_little_are_shown_and_fetched_with_what_they_were_made_from(
    addon: Any, piapi: Piapi
) -> None:
    from trellis_blender.generation.lookups.questions import Topic

    task_id = made_elsewhere(piapi)
    bpy.ops.trellis.list_tasks()
    until(lambda: Topic.TASKS in current().answers)
    assert any(text.startswith("TRELLIS · ") for text in drawn())
    bpy.ops.trellis.fetch_task(task_id=task_id)
    until(lambda: any(found.task_id == task_id for found in current().generations.values()))
    (found,) = [found for found in current().generations.values() if found.task_id == task_id]
    assert (found.request.prompt, found.request.seed) == ("a lamp", 5)


@pytest.mark.parametrize("value", ["\ud800", "\x00", "x" * 3_000_000, float("nan"), 10**400, "9999-12-31T00:00:00Z"])
def test_whatever_a_row_holds_it_can_be_drawn(addon: Any, piapi: Piapi, value: object) -> None:
    from trellis_blender.generation.lookups.questions import Topic

    made_elsewhere(piapi)
    row = piapi._row(next(iter(piapi.tasks.values())))
    spoilt = {**row, "created_at": value, "usage": value, "status": value, "input": {"prompt": value, "seed": value}}
    others = [{**row, "task_id": "t2", "task_model": value}, {**row, "task_id": value}, value]
    piapi._history = lambda asked: {"total": 1, "data": [spoilt, *others]}  # type: ignore[method-assign]
    current().answers.pop(Topic.TASKS, None)
    bpy.ops.trellis.list_tasks()
    until(lambda: Topic.TASKS in current().answers)
    begun = time.monotonic()
    assert drawn()
    assert time.monotonic() - begun < 0.1


def test_a_lost_answer_is_looked_for_while_its_row_is_there(
    addon: Any, piapi: Piapi, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trellis_blender.piapi.timings import Timings

    current().timings = Timings(look_after_s=(0.01,))
    piapi.lists_running = False
    piapi.behaviour.processing_s = 60.0
    piapi.fail("create", Fault(reset=True, after=True))
    with pytest.raises(RuntimeError, match="so far, and is looked for again while this row is here"):
        bpy.ops.trellis.generate(prompt="a bear")
    assert current().others.look_again()
    next(iter(piapi.tasks.values())).behaviour.processing_s = 0.0
    today = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: today() + 61.0)
    assert current().others.look_again()
    monkeypatch.setattr(time, "monotonic", today)
    until(lambda: any(found.state.value == "ready" for found in current().generations.values()))
    assert len(piapi.creates) == 1
    assert not current().others.look_again()


def test_what_was_removed_is_not_offered_again(addon: Any, piapi: Piapi) -> None:
    from trellis_blender.generation.lookups.questions import Topic

    task_id = made_elsewhere(piapi)

    def offered() -> list[str]:
        return [listed.task.task_id for listed in current().answers[Topic.TASKS].tasks]

    bpy.ops.trellis.list_tasks()
    until(lambda: Topic.TASKS in current().answers)
    assert offered() == [task_id]
    bpy.ops.trellis.fetch_task(task_id=task_id)

    def fetched() -> list[str]:
        return [
            found.id
            for found in current().generations.values()
            if found.task_id == task_id and found.state.value == "ready"
        ]

    until(fetched)
    (number,) = fetched()
    assert bpy.ops.trellis.remove(generation=number) == {"FINISHED"}
    until(lambda: not fetched())
    assert offered() == []
    bpy.ops.trellis.list_tasks()
    until(lambda: Topic.TASKS not in current().asked)
    assert offered() == []
    # By its id it can be had all the same.
    bpy.ops.trellis.fetch_task(task_id=task_id)
    until(fetched)


def test_without_a_key_the_button_says_why(addon: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIAPI_API_KEY")
    with pytest.raises(RuntimeError, match="There is no API key yet"):
        bpy.ops.trellis.test_key()


def test_a_task_made_elsewhere_is_fetched_and_offered(addon: Any, piapi: Piapi) -> None:
    from trellis_blender.interface.monitor import monitor

    task_id = made_elsewhere(piapi)
    bpy.ops.trellis.fetch_task(task_id=task_id)

    def its() -> Any:
        return next((found for found in current().generations.values() if found.task_id == task_id), None)

    until(lambda: its() is not None and its().state.value == "ready")
    found = its()
    line = monitor.line_of(found)
    assert (line.stage, found.request.name) == ("Ready", "a lamp")
    assert "3D cursor" in line.detail
    assert not monitor.has_work()
    bpy.context.scene.cursor.location = (0, 0, 2)
    assert bpy.ops.trellis.place(generation=found.id) == {"FINISHED"}
    assert bpy.data.objects["a lamp"].location.z == 2
    assert len(piapi.creates) == 1
    assert bpy.ops.trellis.fetch_task(task_id=task_id) == {"CANCELLED"}


def test_what_cannot_be_fetched_says_why(addon: Any, piapi: Piapi) -> None:
    from trellis_blender.generation.lookups.questions import Topic

    with pytest.raises(RuntimeError, match="There is no task id"):
        bpy.ops.trellis.fetch_task(task_id=" ")
    bpy.ops.trellis.fetch_task(task_id="nobody-knows")
    until(lambda: Topic.TASK in current().answers)
    assert "404" in current().answers[Topic.TASK].problem
    del current().answers[Topic.TASK]
    piapi.fail("get", Fault(200, {"data": {"task_id": "t", "status": "completed", "model": "Qubico/flux1-schnell"}}))
    bpy.ops.trellis.fetch_task(task_id="t")
    until(lambda: Topic.TASK in current().answers)
    assert "makes no 3D model" in current().answers[Topic.TASK].problem
    assert not any(found.task_id in {"nobody-knows", "t"} for found in current().generations.values())


def test_removing_deletes_the_files_and_leaves_the_scene(generate: Any, piapi: Piapi, folder: Path) -> None:
    from trellis_blender.interface.text import rows

    generate(prompt="a bear")
    found = max(current().generations.values(), key=lambda generation: generation.created_at)
    until(lambda: not current().is_busy)
    asked = " ".join(rows.removal(found))
    assert "It has cost $0.04. Making it again costs the same again." in asked
    assert "What is in a scene stays there." in asked
    kept = folder / found.folder_name
    assert (kept / "model.glb").exists()
    assert bpy.ops.trellis.remove(generation=found.id) == {"FINISHED"}
    until(lambda: found.id not in current().generations)
    assert not kept.exists()
    assert "a bear" in bpy.data.objects
    with pytest.raises(RuntimeError, match="no longer in the list"):
        bpy.ops.trellis.remove(generation=found.id)


def test_the_webhooks_secret_lives_in_a_file_of_its_owner(addon: Any, folder: Path, tmp_path: Path) -> None:
    from trellis_blender.interface.state import configuration

    preferences = bpy.context.preferences.addons["trellis_blender"].preferences
    preferences.webhook_secret = SECRET
    preferences.webhook_endpoint = "https://studio.example/hook"
    preferences.service_mode = "PRIVATE"
    try:
        service = configuration.service()
        assert service.task_config() == {
            "webhook_config": {"endpoint": "https://studio.example/hook", "secret": SECRET},
            "service_mode": "private",
        }
        assert SECRET not in repr(service)
        if sys.platform != "win32":
            assert stat.S_IMODE((folder / "webhook-secret").stat().st_mode) == 0o600
        bpy.ops.wm.save_userpref()
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"), compress=False)
        profile = Path(bpy.utils.user_resource("CONFIG")).parent
        files = [*profile.rglob("*"), tmp_path / "scene.blend"]
        holders = [path for path in files if path.is_file() and SECRET.encode() in path.read_bytes()]
        assert holders == [folder / "webhook-secret"]
    finally:
        preferences.webhook_secret = preferences.webhook_endpoint = ""
        preferences.service_mode = "ACCOUNT"
    assert not (folder / "webhook-secret").exists()
