"""A finished model on its way here: what is told meanwhile, what is kept in the end, and a stop in between."""

import json
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import serving, silent, text_request, work_without_queue
from models import box_glb

from trellis_blender.generation.files import EXPORT_NAME, MODEL_NAME
from trellis_blender.generation.record.generation import Generation, new_generation
from trellis_blender.generation.states import State
from trellis_blender.generation.worker.context import Stopped, Work
from trellis_blender.generation.worker.fetch import fetch
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.service import Service

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
