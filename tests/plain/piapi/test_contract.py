"""The contract in its machine-readable form holds for our own services, and tells where an answer differs."""

import copy
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import Driver, image_request, service_of, text_request
from places import ROOT
from service import FIXTURES, KEY, Behaviour, Fault, Piapi

sys.path.insert(0, str(ROOT / "scripts"))

from contract import differences, main

from trellis_blender.generation.worker.recording import Recorder, blanked
from trellis_blender.piapi.client import Client, Exchange
from trellis_blender.piapi.errors import KeyRefused
from trellis_blender.piapi.redaction import know
from trellis_blender.piapi.service import Service


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recorded"


@pytest.fixture
def recorded(driver: Driver, piapi: Piapi, folder: Path) -> list[dict[str, Any]]:
    """All that is asked for two generations, one of them uploaded, cancelled or refused."""
    from dataclasses import replace

    service = replace(service_of(piapi), record_folder=str(folder), upload_images=True)
    piapi.behaviour = Behaviour(log=True)
    driver.rest(driver.queue.submit(image_request(), service))
    piapi.behaviour = Behaviour(pending_s=60)
    generation = driver.queue.submit(text_request(), service)
    driver.until(lambda: driver.latest[generation.id].task_id != "")
    driver.queue.cancel(driver.latest[generation.id], service)
    driver.rest(generation)
    client = Client(service, witness=Recorder(folder))
    client.get_account()
    client.get_active_tasks()
    client.get_history(0, 4e9)
    with pytest.raises(KeyRefused):
        Client(replace(service, api_key="wrong"), witness=Recorder(folder)).get_account()
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def test_our_own_service_keeps_the_contract(
    recorded: list[dict[str, Any]], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = {(record["method"], record["status"]) for record in recorded}
    assert steps >= {("POST", 200), ("GET", 200), ("DELETE", 200), ("GET", 401)}
    paths = {record["path"].partition("?")[0] for record in recorded}
    assert paths >= {"/account/info", "/account/active_tasks", "/api/open/tasks/histories", "/api/ephemeral_resource"}
    assert [differences(record) for record in recorded if differences(record)] == []
    assert main(folder) == 0
    assert f"{len(recorded)} answers recorded" in capsys.readouterr().out


def test_no_secret_and_no_picture_is_recorded(recorded: list[dict[str, Any]], folder: Path) -> None:
    text = "".join(path.read_text() for path in folder.glob("*.json"))
    assert KEY not in text
    for secret in ("Ada", r"\b4711\b", r"hook\.example"):  # the digits of a time may have the number in them
        assert not re.search(secret, text)
    assert '"max_trellis_concurrency": 5' in text
    assert '"plan": "creator"' in text
    assert "iVBOR" not in text
    uploads = [record for record in recorded if "ephemeral" in record["path"]]
    assert uploads[0]["sent"]["file_data"].startswith("(a picture, ")


@pytest.mark.parametrize("name", ["secret", "endpoint", "account_id", "x-api-key", "notification_hook_url", "api_key"])
def test_secrets_are_blanked_wherever_they_stand(name: str) -> None:
    found = blanked({"a": [{"b": {name: "hush"}}], "url": "see https://x.y/z.glb?sig=hush&a=1 there"})
    assert "hush" not in json.dumps(found)
    assert "https://x.y/z.glb?(blanked) there" in json.dumps(found)


def shape(name: str) -> dict[str, Any]:
    path = FIXTURES.parent / "piapi" / "shapes" / f"{name}.json"
    if not path.exists():
        pytest.skip("the recorded shapes are not at hand")
    return json.loads(path.read_text())


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("account-info", "/account/info"),
        ("active-tasks", "/account/active_tasks"),
        ("history", "/api/open/tasks/histories?page=1"),
        ("history-empty", "/api/open/tasks/histories?page=1"),
    ],
)
def test_the_recorded_shapes_keep_the_contract_blanked_or_not(name: str, path: str, folder: Path) -> None:
    answer = shape(name)
    assert differences({"method": "GET", "path": path, "status": 200, "answer": answer}) == []
    Recorder(folder)(Exchange("GET", path, None, 200, {}, json.dumps(answer).encode()))
    (kept,) = folder.iterdir()
    assert differences(json.loads(kept.read_text())) == []
    for secret in ("A Person", "4711", "SECRET", "hook.example"):
        assert secret not in kept.read_text()


def test_of_an_account_only_words_that_are_known_are_kept(folder: Path) -> None:
    answer = {
        "data": {
            "name": "Ada",
            "id": 4711,
            "plan": "creator",
            "phone": "0123",
            "contacts": ["Eve", {"mail": "e@x.y", "user_id": 12, "seats": 3}],
            "notification_hook_url": "https://hook.example/a",
            "equivalent_in_usd": 4.2,
            "is_enable": True,
        }
    }
    keep = Recorder(folder)
    for content in (json.dumps(answer), json.dumps(answer)[:-1], "<html>log in</html>", "[" * 100_000):
        keep(Exchange("GET", "/account/info?a=1", None, 200, {}, content.encode()))
    records = [json.loads(path.read_text())["answer"] for path in sorted(folder.iterdir())]
    assert records[0] == {
        "data": {
            "name": "(blanked)",
            "id": "(blanked)",
            "plan": "creator",
            "phone": "(blanked)",
            "contacts": ["(blanked)", {"mail": "(blanked)", "user_id": "(blanked)", "seats": 3}],
            "notification_hook_url": "(blanked)",
            "equivalent_in_usd": 4.2,
            "is_enable": True,
        }
    }
    assert "Ada" not in records[1]
    assert records[2] == "<html>log in</html>"
    assert len(records) == 4


@pytest.mark.parametrize("content", ['{"a": "\\ud800"}', '{"a": ' + "9" * 5000 + "}", '{"a":' * 900 + "1" + "}" * 900])
def test_whatever_was_answered_is_recorded(folder: Path, content: str) -> None:
    Recorder(folder)(Exchange("GET", "/api/v1/task/1", None, 200, {}, content.encode()))
    (kept,) = folder.iterdir()
    assert "answer" in json.loads(kept.read_text())


def test_all_that_a_record_holds_and_what_its_file_is_called(folder: Path) -> None:
    headers = {
        "Content-Type": "application/json",
        "Retry-After": "3",
        "Date": "today",
        "Server": "x",
        "X-RateLimit-Remaining": "7",
        "ratelimit": "9",
        "Set-Cookie": "session=1",
        "CF-Ray": "1",
    }
    sent = {"model": "Qubico/trellis", "input": {"prompt": "ein Bär", "image": "iVBOR" * 20, "images": ["https://x/y"]}}
    answer = json.dumps({"code": 200, "data": {"account_id": "", "url": "https://x/y.glb?sig=1"}}).encode()
    keep = Recorder(folder)
    keep(Exchange("POST", "/api/v1/task?a=1", sent, 200, headers, answer))
    keep(Exchange("GET", "/api/open/tasks/histories?page=1", None, 502, {}, b"\xff" + b"bad " * 600))
    first, second = sorted(folder.iterdir())
    assert first.name == "0001-post-task-200.json"
    assert json.loads(first.read_text("utf-8")) == {
        "method": "POST",
        "path": "/api/v1/task?a=1",
        "sent": {
            "model": "Qubico/trellis",
            "input": {"prompt": "ein Bär", "image": "(a picture, 100 characters)", "images": ["https://x/y"]},
        },
        "status": 200,
        "headers": {name: value for name, value in headers.items() if name not in {"Set-Cookie", "CF-Ray"}},
        "answer": {"code": 200, "data": {"account_id": "", "url": "https://x/y.glb?(blanked)"}},
    }
    assert second.name == "0002-get-api-open-tas-502.json"
    read = json.loads(second.read_text("utf-8"))
    assert (read["sent"], read["headers"], read["answer"]) == (None, {}, ("\ufffd" + "bad " * 600)[:2000])


@pytest.mark.parametrize("part", ["https://", "https://a?", KEY, "\\u0041"])
def test_what_is_recorded_is_bounded_in_size_and_time(folder: Path, part: str) -> None:
    know(KEY)
    answer = f'{{"message": "{part * (6_000_000 // len(part))}", "data": null}}'.encode()
    begun = time.thread_time()
    Recorder(folder)(Exchange("GET", "/api/v1/task/1", None, 200, {"X-RateLimit": "9" * 60_000}, answer))
    assert time.thread_time() - begun < 4.0
    (kept,) = folder.iterdir()
    assert kept.stat().st_size < 600_000
    assert "answer" in json.loads(kept.read_text())


def test_no_piece_of_the_key_is_in_a_recording_whatever_is_cut(folder: Path) -> None:
    know(KEY)
    for begins in (480, 495):
        headers = {"X-RateLimit": "9" * begins + KEY, f"X-RateLimit-{'9' * (begins - 12)}{KEY}": "1"}
        Recorder(folder)(Exchange("GET", "/api/v1/task/1", None, 200, headers, b"{}"))
    for path in folder.iterdir():
        assert KEY[:5] not in path.read_text()


def test_an_answer_that_is_no_json_and_a_folder_that_cannot_be_written(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    exchange = Exchange("GET", "/account/info", None, 200, {"Content-Type": "text/html"}, b"<html>log in</html>")
    Recorder(folder)(exchange)
    record = json.loads(next(folder.glob("*.json")).read_text())
    assert record["answer"] == "<html>log in</html>"
    assert differences(record) == ["$: '<html>log in</html>' is not of type 'object'"]
    (tmp_path / "file").write_text("in the way")
    Recorder(tmp_path / "file")(exchange)
    assert caplog.messages[-1].startswith("nothing is recorded: ")
    assert "file" in caplog.messages[-1]


def test_the_documented_answer_keeps_the_contract() -> None:
    path = FIXTURES.parent / "piapi" / "response-documented.json"
    if not path.exists():
        pytest.skip("the documented answer is not at hand")
    answer = json.loads(path.read_text())
    assert differences({"method": "GET", "path": "/api/v1/task/1", "status": 200, "answer": answer}) == []


def lose_the_id(task: dict[str, Any]) -> None:
    del task["task_id"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lose_the_id, "'task_id' is a required property"),
        (lambda task: task.update(status="melting"), "$.data.status: 'melting'"),
        (lambda task: task.update(priority=3), "$.data: Additional properties are not allowed ('priority'"),
        (lambda task: task["meta"]["usage"].update(consume="free"), "$.data.meta.usage.consume: 'free' is not of type"),
        (lambda task: task["meta"].update(created_at="yesterday"), "$.data.meta.created_at: 'yesterday'"),
        (lambda task: task.update(output={"model_url": "https://x"}), "$.data.output: Additional properties"),
        (lambda task: task.update(logs="text"), "$.data.logs: 'text' is not of type"),
    ],
)
def test_every_difference_is_told(
    recorded: list[dict[str, Any]], change: Callable[[dict[str, Any]], None], said: str
) -> None:
    record = copy.deepcopy(next(record for record in recorded if record["method"] == "GET"))
    assert differences(record) == []
    change(record["answer"]["data"])
    found = differences(record)
    assert len(found) == 1
    assert said in found[0]


def test_what_the_contract_does_not_know_is_told() -> None:
    record = {"method": "GET", "path": "/account/usage", "status": 200, "answer": {"data": []}}
    assert differences(record) == ["GET /account/usage answered 200: the contract knows no shape for it"]


def test_a_service_that_answers_otherwise_is_found_out(
    driver: Driver, piapi: Piapi, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    piapi.fail_always("balance", Fault(200, {"plan": "gold", "equivalent_in_usd": "12", "account_id": "1"}))
    client = Client(Service(piapi.url, KEY), witness=Recorder(folder))
    client.get_account()
    assert main(folder) == 1
    said = capsys.readouterr().out
    assert "$.plan: 'gold' does not match" in said
    assert "$.equivalent_in_usd: '(blanked)' is not of type 'number'" in said
    assert "1 of them differ from the contract" in said


def test_what_is_kept_of_a_strange_answer_is_bounded_and_cut_after_the_secrets_are_out(folder: Path) -> None:
    know("another-secret-123")
    keep = Recorder(folder)
    begun = time.monotonic()
    keep(Exchange("GET", "/api/v1/task/1", None, 200, {}, b"[" + b"[]," * 2_600_000 + b"[]]"))
    keep(Exchange("GET", "/api/v1/task/1", None, 200, {}, b"x" * 1990 + b"another-secret-123"))
    assert time.monotonic() - begun < 3
    first, second = (path.read_text() for path in sorted(folder.iterdir()))
    assert len(first) < 4000
    assert "another" not in second
