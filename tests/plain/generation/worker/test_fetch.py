"""A finished model on its way here: what is told meanwhile, what is kept in the end, and a stop in between."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import IMPATIENT, Driver, service_of, serving, silent, text_request, work_without_queue
from models import box_glb, glb_without_mesh
from service import KEY, Behaviour, Fault, Piapi, default_model

from trellis_blender.generation.files import EXPORT_NAME, MODEL_NAME
from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.generation.worker import download
from trellis_blender.generation.worker.context import Stopped, Work
from trellis_blender.generation.worker.download import NOTE_NAME, PART_NAME, part_in
from trellis_blender.generation.worker.fetch import fetch
from trellis_blender.gltf.errors import ModelUnusable
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.http.result_file import FileIdentity, Part
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import Timings


@pytest.fixture
def timings() -> Timings:
    return IMPATIENT


MODEL = box_glb(extras="x" * 100_000)
HEAD = f"HTTP/1.1 200 OK\r\nContent-Length: {len(MODEL)}\r\nConnection: close\r\n\r\n".encode()


def downloading(folder: Path, port: int, told: list[Generation], *, cancel: bool = False) -> Work:
    service = Service(f"http://127.0.0.1:{port}", "a key")
    generation = replace(
        new_generation(text_request(seed=7), service.api_url, 1.0),
        state=State.DOWNLOADING,
        task_id="the task",
        model_url=f"{service.api_url}/a.glb",
        problem="The connection broke off.",
        stage="Mesh",
        parked=True,
        cancel_asked=cancel,
    )
    return work_without_queue(folder, generation, told, service)


def pieces(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(HEAD)
    for start in range(0, len(MODEL), 20_000):
        connection.sendall(MODEL[start : start + 20_000])
        time.sleep(0.02)


@pytest.mark.parametrize("cancel", [False, True])
def test_a_download_tells_how_far_it_is_and_leaves_nothing_unsaid(tmp_path: Path, cancel: bool) -> None:
    told: list[Generation] = []
    with serving(pieces) as port:
        work = downloading(tmp_path, port, told, cancel=cancel)
        fetch(work, Client(work.job.service))
    *coming, ready = told
    shares = [each.progress for each in coming]
    assert None not in shares
    assert shares == sorted(set(shares), key=lambda share: share or 0.0)
    assert len(shares) > 1
    assert shares[-1] == 1.0
    assert {(each.state, each.stage, each.problem) for each in coming} == {(State.DOWNLOADING, "", "")}
    assert (ready.state, ready.stage, ready.progress, ready.problem) == (State.READY, "", None, "")
    assert (ready.parked, ready.wanted) == (False, not cancel)
    kept = work.around.store.load(ready.id)
    assert kept is not None
    assert kept.generation == ready
    assert (work.folder / MODEL_NAME).read_bytes() == MODEL
    assert json.loads((work.folder / EXPORT_NAME).read_text())["state"] == "ready"


def test_a_stop_does_not_wait_for_a_host_that_says_nothing(tmp_path: Path) -> None:
    with serving(silent) as port:
        work = downloading(tmp_path, port, [])
        stop = threading.Timer(0.3, work.job.stop)
        stop.start()
        start = time.monotonic()
        with pytest.raises(Stopped):
            fetch(work, Client(work.job.service))
        assert time.monotonic() - start < 5.0
    assert work.generation.state is State.DOWNLOADING


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault(404), "no longer at the address"),
        (Fault(200, "<html>expired</html>"), "a web page, not a model"),
        (Fault(200, b"not a model"), "not a GLB"),
        (Fault(200, box_glb()[:-50]), "cut short"),
        (Fault(200, glb_without_mesh()), "no mesh"),
        (Fault(cut_after=100), "broke before"),
        (Fault(500), "problem of its own"),
    ],
)
def test_a_download_that_fails_is_parked_and_never_paid_twice(
    driver: Driver, piapi: Piapi, fault: Fault, sentence: str
) -> None:
    piapi.fail_always("file", fault)
    parked = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert (parked.state, parked.parked) == (State.DOWNLOADING, True)
    assert sentence in parked.problem
    assert "paid for ($0.04)" in parked.problem
    assert piapi.asked("file") in {3, 5}  # fewer where the file itself is wrong
    assert not (driver.queue.folder / parked.folder_name / "model.glb").exists()
    piapi.fail_always("file", None)
    assert driver.rest(driver.queue.resume(parked, service_of(piapi))).state is State.READY
    assert piapi.asked("create") == 1


def test_a_files_host_is_left_alone_for_as_long_as_it_says(driver: Driver, piapi: Piapi) -> None:
    """Guards `retry_after_s` in Backoff.wait."""
    piapi.fail("file", Fault(429, headers={"Retry-After": "1"}))
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: piapi.asked("file") == 1)
    start = time.monotonic()
    assert driver.rest(generation).state is State.READY
    assert time.monotonic() - start > 0.9


def test_a_download_that_breaks_once_arrives_all_the_same(driver: Driver, piapi: Piapi) -> None:
    piapi.fail("file", Fault(cut_after=1000), Fault(404))
    assert driver.rest(driver.queue.submit(text_request(), service_of(piapi))).state is State.READY


def test_a_completed_task_without_a_model_file(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.no_model_file = True
    parked = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert parked.parked
    assert "names no model file" in parked.problem


def test_a_download_does_not_begin_where_the_task_ended(driver: Driver, piapi: Piapi) -> None:
    piapi.behaviour.log = True
    piapi.behaviour.processing_s = 1.0
    piapi.fail("file", Fault(stall_s=0.5))
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.rest(generation)
    told = driver.history[generation.id]
    assert any(each.state is State.RUNNING and each.progress for each in told)
    first = next(each for each in told if each.state is State.DOWNLOADING)
    assert (first.stage, first.progress) == ("", None)


def test_a_download_that_broke_off_goes_on_where_it_stopped(make_driver: Callable[..., Driver], piapi: Piapi) -> None:
    piapi.ranges = True
    piapi.fail("file", Fault(cut_after=len(default_model()) // 2))
    driver = make_driver()
    found = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert found.state is State.READY
    folder = driver.queue.folder / found.folder_name
    assert (folder / "model.glb").read_bytes() == default_model()
    asked = [headers.get("range") for _, path, headers in piapi.requests if path.startswith("/files/")]
    assert asked[0] is None
    assert re.fullmatch(r"bytes=[1-9]\d+-", asked[1] or "")
    assert len(asked) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["generation.json", "model.glb"]


def test_the_rest_of_another_file_is_not_taken(driver: Driver, piapi: Piapi) -> None:
    piapi.ranges = True
    piapi.fail("file", Fault(cut_after=1000))
    other = box_glb((3.0, 2.0, 1.0))
    generation = driver.queue.submit(text_request(), service_of(piapi))
    driver.until(lambda: piapi.asked("file") >= 1)
    next(iter(piapi.tasks.values())).behaviour = Behaviour(processing_s=0, model=other)
    found = driver.rest(generation)
    assert found.state is State.READY
    assert (driver.queue.folder / found.folder_name / "model.glb").read_bytes() == other


def test_an_address_that_is_the_key_is_not_told_in_pieces(driver: Driver, piapi: Piapi) -> None:
    piapi.files_url = f"x{KEY}"
    found = driver.rest(driver.queue.submit(text_request(), service_of(piapi)))
    assert (found.state, found.parked) == (State.DOWNLOADING, True)
    assert "named an address for the finished model that is not fetched from" in found.problem
    assert KEY[:5] not in found.problem


def test_what_a_file_says_of_itself_makes_no_row_that_cannot_be_read(
    make_driver: Callable[..., Driver], piapi: Piapi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a check quotes of it: a row has at most 4 MB."""
    first = make_driver()
    piapi.behaviour.model = box_glb()

    def quote(*_: object) -> None:
        raise ModelUnusable(f"it says {KEY} {'x' * 5_000_000}")

    monkeypatch.setattr(download, "check_glb", quote)
    found = first.rest(first.queue.submit(text_request(), service_of(piapi)))
    assert (found.state, found.parked) == (State.DOWNLOADING, True)
    assert KEY not in found.problem
    assert first.queue.close(5)
    monkeypatch.undo()
    second = make_driver()
    second.queue.load()
    second.until(lambda: second.queue.has_loaded)
    assert second.queue.unreadable == 0
    resumed = second.queue.resume(second.latest[found.id], service_of(piapi))
    assert second.rest(resumed).state is State.READY
    assert len(piapi.creates) == 1


@pytest.mark.parametrize(
    ("etag", "size", "is_continued"),
    [('"a"', 100, True), ("", 100, False), ('"a"', 10, False), ('"a"', 9, False)],
)
def test_only_a_beginning_that_can_be_known_again_is_continued(
    etag: str, size: int, is_continued: bool, tmp_path: Path
) -> None:
    (tmp_path / PART_NAME).write_bytes(bytes(10))
    (tmp_path / NOTE_NAME).write_text(json.dumps({"etag": etag, "last_modified": "", "size": size}))
    assert part_in(tmp_path) == (Part(10, FileIdentity(etag, "", size)) if is_continued else None)
    (tmp_path / PART_NAME).write_bytes(b"")
    assert part_in(tmp_path) is None
