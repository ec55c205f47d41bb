"""The offline preview: its pictures, its bodies, its service, its process. On the numpy that each Blender brings."""

import io
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from models import data_uri, picture_png
from PIL import Image
from places import ROOT
from systems import kill, runs

from trellis_blender.interface.state.offline_process import OfflineProcess
from trellis_blender.offline import png_arrays
from trellis_blender.offline.inflate import inflate
from trellis_blender.offline.make_preview import make_preview
from trellis_blender.offline.server import ARRIVAL_LIMIT_S, MOST_CONNECTIONS, OfflineServer
from trellis_blender.offline.subject import NoSubject, find_subject
from trellis_blender.offline.tasks import NO_PICTURE
from trellis_blender.piapi.answers import Status, Task
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.errors import InputRefused, NotSent, NotStarted, Refused, Unclear
from trellis_blender.piapi.http.result_file import open_result

PYTHON = (sys.executable, "-I")


def as_png(image: Image.Image, **options: Any) -> bytes:
    with io.BytesIO() as file:
        image.save(file, "PNG", **options)
        return file.getvalue()


def disc(size: int = 96, *, background: int = 0) -> Any:
    """A red disc with a light spot in it, on a transparent background or a grey one."""
    rows, columns = np.indices((size, size)) - size / 2 + 0.5
    inside = rows**2 + columns**2 < (size * 0.4) ** 2
    rgba = np.zeros((size, size, 4), np.uint8)
    rgba[:] = (background, background, background, 255 if background else 0)
    rgba[inside] = (200, 40, 30, 255)
    rgba[rows**2 + columns**2 < (size * 0.1) ** 2] = (background, background, background, 255)
    return rgba


# Pictures


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "I;16"])
@pytest.mark.parametrize("optimize", [False, True])
def test_pictures_are_read_as_another_program_reads_them(mode: str, optimize: bool) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (37, 53, 4), np.uint8)
    smooth = np.add.outer(np.arange(37) * 3, np.arange(53) * 2)[..., None] * np.array([1, 0.5, 0.7, 1])
    rgba = np.where(np.arange(53)[None, :, None] < 30, noise, smooth.astype(np.uint8))
    if mode == "I;16":
        grey = rgba[..., 0].astype(np.uint16) * 257
        image, expected = Image.fromarray(grey), np.repeat(rgba[..., :1], 3, axis=-1)
    else:
        image = Image.fromarray(rgba.astype(np.uint8), "RGBA").convert(mode)
        expected = np.asarray(image.convert("RGBA"))[..., :3]
    found = png_arrays.decode(as_png(image, optimize=optimize))
    assert np.array_equal(found[..., :3], expected)
    if mode in {"LA", "RGBA"}:
        assert np.array_equal(found[..., 3], np.asarray(image.convert("RGBA"))[..., 3])


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_back(width: int, height: int, seed: int) -> None:
    rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    content = png_arrays.encode(rgb)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), rgb)
    assert np.array_equal(png_arrays.decode(content)[..., :3], rgb)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a PNG file"),
        (b"<html>" + b" " * 60, "is not a PNG file"),
        (picture_png(8, 8)[:50], "is damaged|is not complete"),
        (picture_png(8, 8)[:-30], "is damaged|is not complete"),
    ],
)
def test_a_broken_picture_is_told(content: bytes, said: str) -> None:
    with pytest.raises(png_arrays.PngUnusable, match=said):
        png_arrays.decode(content)


def test_the_subject_is_found_by_alpha_and_by_the_border() -> None:
    by_alpha = find_subject(disc())
    by_colour = find_subject(disc(background=220))
    assert np.array_equal(by_alpha > 0.5, by_colour > 0.5)
    noisy = disc(background=220)
    noisy[..., :3] = np.clip(noisy[..., :3] + np.random.default_rng(1).normal(0, 3, (96, 96, 3)), 0, 255)
    assert np.mean((find_subject(noisy) > 0.5) != (by_alpha > 0.5)) < 0.01


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_empty_picture_has_no_subject(value: int) -> None:
    with pytest.raises(NoSubject):
        find_subject(np.full((40, 40, 4), value, np.uint8))


# Bodies


def body_of(rgba: Any, seed: int = 1) -> Any:
    light = rgba[..., :3].mean(axis=-1).astype(np.float32) / 255
    return inflate(find_subject(rgba), light, seed, lambda share: None)


def assert_whole(body: Any) -> None:
    """Closed, turned outwards, and without a cut through itself."""
    mesh = trimesh.Trimesh(body.positions, body.triangles, process=False)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    # Front and back each lie over the plane without a fold, on their own side of it: nothing can cross.
    corners = body.positions[body.triangles].astype(np.float64)
    x, y, z = np.moveaxis(corners, -1, 0)
    areas = (x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0]) - (x[:, 2] - x[:, 0]) * (y[:, 1] - y[:, 0])
    assert (areas != 0).all()
    assert (z[areas > 0] >= 0).all()
    assert (z[areas < 0] <= 0).all()
    assert (np.abs(z).max(axis=1) > 0).all(), "a triangle lies flat between front and back"


@given(st.integers(0, 2**32 - 1), st.integers(20, 90), st.integers(20, 90))
@settings(max_examples=25, deadline=None)
def test_any_subject_becomes_a_closed_body(seed: int, width: int, height: int) -> None:
    chance = np.random.default_rng(seed)
    rgba = np.zeros((height, width, 4), np.uint8)
    for _ in range(chance.integers(1, 6)):
        top, left = chance.integers(0, height - 8), chance.integers(0, width - 8)
        rgba[top : top + chance.integers(8, 50), left : left + chance.integers(8, 50)] = 255
    hole = chance.integers(0, min(width, height) - 5)
    rgba[hole : hole + 4, hole : hole + 4] = 0
    assert_whole(body_of(rgba))


def test_a_disc_becomes_a_flattened_ball() -> None:
    body = body_of(disc(256))
    extents = np.ptp(body.positions, axis=0)
    assert extents[0] == pytest.approx(extents[1], rel=0.02)
    assert 0.55 < extents[2] / extents[0] < 0.85
    # Smooth: hardly any edge that the add-on would mark as sharp.
    mesh = trimesh.Trimesh(body.positions, body.triangles, process=False)
    assert np.mean(mesh.face_adjacency_angles > np.radians(30)) < 0.02


def test_a_picture_and_a_seed_always_make_the_same_model() -> None:
    content = as_png(Image.fromarray(disc(), "RGBA"))
    first, again, other = (make_preview(content, seed, lambda line: None) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_the_file_is_laid_out_like_the_services(glb_fixture: Path | None) -> None:
    from trellis_blender.gltf.container import check_glb, read_gltf

    path = Path(os.environ["BLENDER_USER_RESOURCES"], "preview.glb")
    path.write_bytes(make_preview(as_png(Image.fromarray(disc(), "RGBA")), 1, lambda line: None))
    check_glb(path)
    mine = read_gltf(path)
    mesh = trimesh.load(path, force="mesh", process=False)
    assert max(mesh.extents) == pytest.approx(1.0, abs=1e-5)
    assert np.abs(mesh.bounds).max() <= 0.5 + 1e-5
    assert mesh.visual.uv.min() >= 0
    assert mesh.visual.uv.max() <= 1
    if glb_fixture is None:
        pytest.skip("the service's own models are not at hand")
    theirs = read_gltf(glb_fixture)
    assert [node["name"] for node in mine["nodes"]] == ["world", "geometry_0"]
    assert (
        mine["meshes"][0]["primitives"][0]["attributes"].keys()
        == theirs["meshes"][0]["primitives"][0]["attributes"].keys()
    )
    assert "metallicFactor" not in mine["materials"][0]["pbrMetallicRoughness"]
    assert mine["images"][0]["mimeType"] == theirs["images"][0]["mimeType"]


@pytest.fixture
def glb_fixture() -> Path | None:
    from service import FIXTURES

    path = FIXTURES / "trellis-lungs.glb"
    return path if path.exists() else None


# The service


@pytest.fixture
def process() -> Iterator[OfflineProcess]:
    found = OfflineProcess(PYTHON)
    yield found
    found.stop()


@pytest.fixture
def client(process: OfflineProcess) -> Iterator[Client]:
    found = Client(process.service().reached(), pause=lambda seconds: None)
    yield found
    found.close()


def image_task(client: Client, content: bytes, **inputs: Any) -> Task:
    return client.create_task("offline-preview", "image-to-3d", {"image": data_uri(content), **inputs})


def ended(client: Client, task: Task) -> Task:
    def is_ended() -> bool:
        return client.get_task(task.task_id).status not in {Status.PENDING, Status.PROCESSING}

    wait_until(is_ended)
    return client.get_task(task.task_id)


def test_a_task_goes_through_with_a_log_and_costs_nothing(client: Client, tmp_path: Path) -> None:
    task = ended(client, image_task(client, as_png(Image.fromarray(disc(), "RGBA")), seed=5))
    assert task.status is Status.COMPLETED
    assert task.charged_usd == 0
    assert task.ended_at is not None
    assert task.started_at is not None
    assert task.ended_at >= task.started_at
    assert "seed: 5" in task.log_lines[1]
    assert any(line.endswith("% done") for line in task.log_lines)
    with open_result(task.model_url, from_this_computer=True) as result:
        assert b"".join(result.chunks)[:4] == b"glTF"
    assert client.get_account().balance_usd == 0


def test_it_answers_as_piapi_does(process: OfflineProcess, tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    from contract import differences

    from trellis_blender.generation.worker.recording import Recorder

    client = Client(process.service().reached(), witness=Recorder(tmp_path))
    content = as_png(Image.fromarray(disc(600), "RGBA"))
    # The last of several: the second may have begun before the cancel comes.
    first, *_, last = (image_task(client, content, seed=3) for _ in range(4))
    client.cancel_task(last.task_id)
    ended(client, first)
    ended(client, client.create_task("offline-preview", "text-to-3d", {"prompt": "a chair"}))
    client.get_account()
    with pytest.raises(Refused):
        client.get_task("another")
    client.close()
    records = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("*.json"))]
    assert len(records) > 6
    assert [line for record in records for line in differences(record)] == []


def test_words_alone_fail_with_a_sentence(client: Client) -> None:
    task = ended(client, client.create_task("offline-preview", "text-to-3d", {"prompt": "a chair"}))
    assert task.status is Status.FAILED
    assert task.error_message == NO_PICTURE
    assert task.charged_usd == 0


def test_a_picture_without_a_subject_fails_with_a_sentence(client: Client) -> None:
    task = ended(client, image_task(client, as_png(Image.new("RGB", (50, 50), "white"))))
    assert "stands out from its background" in task.error_message


@pytest.mark.parametrize(
    "image",
    ["https://example.com/a.png", "not base64!", data_uri(b"GIF89a" + b" " * 40), data_uri(picture_png(1025, 4))],
)
def test_what_piapi_refuses_is_refused(client: Client, image: str) -> None:
    with pytest.raises(InputRefused):
        client.create_task("offline-preview", "image-to-3d", {"image": image})


def test_a_task_that_has_not_begun_can_be_cancelled_and_one_that_has_cannot(client: Client) -> None:
    content = as_png(Image.fromarray(disc(1000), "RGBA"))
    first, *_, last = (image_task(client, content) for _ in range(3))
    client.cancel_task(last.task_id)
    assert client.get_task(last.task_id).status is Status.CANCELLED
    assert ended(client, first).status is Status.COMPLETED
    with pytest.raises(Refused):
        client.cancel_task(first.task_id)


def test_nobody_gets_in_without_the_token(process: OfflineProcess, client: Client) -> None:
    url = process.service().reached().api_url
    task = ended(client, image_task(client, as_png(Image.fromarray(disc(), "RGBA"))))
    for key in ("", "wrong"):
        for method, path in (
            ("POST", "/api/v1/task"),
            ("GET", f"/api/v1/task/{task.task_id}"),
            ("DELETE", f"/api/v1/task/{task.task_id}"),
            ("GET", "/account/info"),
        ):
            answer = requests.request(method, url + path, headers={"x-api-key": key}, timeout=5)
            assert answer.status_code == 401, (method, path)
    assert requests.get(f"{url}/files/{task.task_id}.glb", timeout=5).status_code == 404
    assert url.startswith("http://127.0.0.1:")


def spoken_to(url: str, request: bytes) -> socket.socket:
    """A connection to the service over which `request` has gone."""
    connection = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
    connection.settimeout(5)
    connection.sendall(request)
    return connection


@pytest.mark.parametrize("expects", [b"", b"Expect: 100-continue\r\n"])
def test_a_stranger_is_refused_before_its_body_is_read(process: OfflineProcess, expects: bytes) -> None:
    url = process.service().reached().api_url
    request = b"POST /api/v1/task HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n" + expects + b"\r\n"
    with spoken_to(url, request) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 401")
        connection.settimeout(2)
        while connection.recv(65536):
            pass


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 99999999999",
        "Content-Length: \xb2",
        "Content-Length: " + "9" * 5000,
        "Content-Length: -1",
        "Content-Length: 20000000",
        "",
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
    ],
)
def test_a_body_without_an_honest_length_is_not_read(process: OfflineProcess, headers: str) -> None:
    service = process.service().reached()
    head = f"POST /api/v1/task HTTP/1.1\r\nx-api-key: {service.api_key}\r\n{headers}\r\n\r\n"
    with spoken_to(service.api_url, head.encode("latin-1")) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    with closing(Client(service)) as client:
        client.get_account()


IMPATIENT = """import sys
sys.path.append(sys.argv[-1])
from trellis_blender.offline import server
server.ARRIVAL_LIMIT_S = server._Handler.timeout = 3.0
sys.argv[1:3], run = [], sys.argv[2]
exec(run)
"""
"""What starts the process, as Blender starts it, with a limit that is not waited for so long."""


def test_strangers_do_not_take_all_connections() -> None:
    assert ARRIVAL_LIMIT_S <= 10.0
    process = OfflineProcess((*PYTHON, "-c", IMPATIENT))
    try:
        service = process.service().reached()
        with ExitStack() as opened:
            many = [
                opened.enter_context(spoken_to(service.api_url, b"GET / HTTP/1.1\r\nX-Slow: "))
                for _ in range(MOST_CONNECTIONS + 20)
            ]
            wait_until(lambda: len(select.select(many, [], [], 0)[0]) >= 20)
            status = Path(f"/proc/{process.process_id}/status")
            if status.is_file():
                threads = next(line for line in status.read_text().splitlines() if line.startswith("Threads"))
                assert int(threads.split()[1]) < MOST_CONNECTIONS + 15

            # A byte now and then does not keep them open.
            def is_served() -> bool:
                for connection in many:
                    with suppress(OSError):
                        connection.send(b"x")
                with suppress(NotSent, Unclear), closing(Client(service, pause=lambda seconds: None)) as client:
                    client.get_account()
                    return True
                return False

            wait_until(is_served)
    finally:
        process.stop()


def wait_until(condition: Callable[[], bool]) -> None:
    """For far longer than anything here takes where nothing else is at work."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def used_s(process_id: int) -> float:
    """Where it can be had, the processor's time that it has used: others may keep the machine busy."""
    if sys.platform != "linux":
        return time.monotonic()
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_large_picture_takes_at_most_3_s_and_500_mb(client: Client, process: OfflineProcess) -> None:
    chance = np.random.default_rng(2)
    rgba = np.dstack([chance.integers(0, 256, (1024, 1024, 3), np.uint8), np.full((1024, 1024, 1), 255, np.uint8)])
    rows, columns = np.indices((1024, 1024)) - 512
    rgba[rows**2 + columns**2 > 480**2] = (240, 240, 240, 255)
    content = as_png(Image.fromarray(rgba, "RGBA"))
    image_task(client, as_png(Image.fromarray(disc(), "RGBA")))
    begun_s = used_s(process.process_id)
    assert ended(client, image_task(client, content)).status is Status.COMPLETED
    assert used_s(process.process_id) - begun_s < (3 if sys.platform == "linux" else 60)
    if sys.platform == "linux":
        status = Path(f"/proc/{process.process_id}/status").read_text()
        peak_kb = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
        assert peak_kb < 500 * 1024


# The process


def test_it_is_gone_when_its_blender_is(tmp_path: Path) -> None:
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1]);"
        "from trellis_blender.interface.state.offline_process import OfflineProcess;"
        "process = OfflineProcess((sys.executable, '-I')); process.service().reached();"
        "print(process.process_id, flush=True); time.sleep(60)"
    )
    blender = subprocess.Popen([sys.executable, "-c", code, str(ROOT)], stdout=subprocess.PIPE, text=True)
    assert blender.stdout is not None
    number = int(blender.stdout.readline())
    assert runs(number)
    blender.kill()
    blender.wait()
    blender.stdout.close()
    wait_until(lambda: not runs(number))


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way there")
def test_ctrl_c_in_a_terminal_is_blenders_to_hear(process: OfflineProcess, client: Client) -> None:
    task, number = image_task(client, as_png(Image.fromarray(disc(), "RGBA"))), process.process_id
    assert number is not None
    os.kill(number, signal.SIGINT)
    assert ended(client, task).status is Status.COMPLETED
    assert process.process_id == number


def test_it_starts_once_and_again_when_it_has_died(process: OfflineProcess) -> None:
    first, number = process.service().reached(), process.process_id
    assert process.service().reached() is first
    assert number is not None
    kill(number)
    wait_until(lambda: process.process_id is None)
    second = process.service().reached()
    assert second.api_key != first.api_key
    again = Client(second)
    again.get_account()
    again.close()


@pytest.mark.parametrize(
    ("python", "said"),
    [
        (("/nowhere/python",), "No such file|[Nn]ot found|cannot find"),
        ((sys.executable, "-c", "raise SystemExit('numpy is missing')"), "numpy is missing"),
        ((sys.executable, "-c", ""), "it gave no reason"),
    ],
)
def test_a_start_that_fails_says_why(python: tuple[str, ...], said: str) -> None:
    process = OfflineProcess(python)
    with pytest.raises(NotStarted, match=said):
        process.service().reached()
    process.stop()


LEAVES_ONE_BEHIND = """import subprocess, sys
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
raise SystemExit(f"no numpy, and {other.pid} holds this open")
"""


def test_a_start_that_fails_while_another_program_holds_its_output_says_why() -> None:
    process = OfflineProcess((sys.executable, "-c", LEAVES_ONE_BEHIND))
    with pytest.raises(NotStarted, match=r"no numpy, and \d+ holds") as refused:
        process.service().reached()
    number = int(re.findall(r"and (\d+) holds", str(refused.value))[0])
    assert runs(number)
    kill(number)
    process.stop()


@pytest.mark.skipif(os.name == "nt", reason="there is no limit on the size of stacks")
def test_a_process_without_room_for_a_thread_says_so() -> None:
    """Stacks larger than the address space."""
    limited = ("/bin/sh", "-c", 'ulimit -s 200000000000 && exec "$0" "$@"', *PYTHON)
    process = OfflineProcess(limited)
    with pytest.raises(NotStarted, match=r"no room for one more thread\. Close other programs"):
        process.service().reached()
    process.stop()


def test_a_blender_without_room_for_a_thread_says_so_and_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    process = OfflineProcess(PYTHON)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(NotStarted, match=r"could not be started\. This computer has no room"):
        process.service().reached()
    assert process.process_id is None
    monkeypatch.undo()
    assert process.service().reached().api_url
    process.stop()


def test_a_stopped_one_is_not_started_again(process: OfflineProcess) -> None:
    process.stop()
    with pytest.raises(NotStarted):
        process.service().reached()


class StoppedMeanwhile(tuple[str, ...]):
    """A command that is read while the process is being started, just then when it is stopped."""

    process: OfflineProcess

    def __iter__(self) -> Iterator[str]:
        self.process.stop()
        return super().__iter__()


def test_one_that_is_stopped_while_it_starts_is_not_left_behind() -> None:
    python = StoppedMeanwhile(PYTHON)
    python.process = OfflineProcess(python)
    with pytest.raises(NotStarted, match="switched off"):
        python.process.service().reached()
    assert python.process.process_id is None


def test_it_does_not_ask_for_the_computers_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(name: str = "") -> str:
        raise AssertionError(f"asked for {name}")

    monkeypatch.setattr(socket, "getfqdn", asked)
    server = OfflineServer("a token")
    assert server.address == f"http://127.0.0.1:{server.socket.getsockname()[1]}"
    server.server_close()


def test_no_other_program_gets_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has an option for that, for which another one stands here."""
    if os.name != "nt":
        monkeypatch.setitem(OfflineServer.server_bind.__globals__, "EXCLUSIVE", socket.SO_KEEPALIVE)
    server = OfflineServer("a token")
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_KEEPALIVE)
    assert server.socket.getsockopt(socket.SOL_SOCKET, exclusive)
    assert not server.socket.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
    server.server_close()


# In Blender


@pytest.fixture
def nothing_set(addon: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a newcomer has it: no key, and PiAPI where it always is."""
    monkeypatch.delenv("PIAPI_API_KEY")
    monkeypatch.delenv("PIAPI_API_URL")


def test_without_a_key_or_a_network_there_is_a_model(
    nothing_set: None, generate: Any, folder: Path, tmp_path: Path
) -> None:
    import bpy

    from trellis_blender.interface.monitor import monitor
    from trellis_blender.interface.state import session

    image = tmp_path / "apple.png"
    image.write_bytes(as_png(Image.fromarray(disc(), "RGBA")))
    bpy.context.scene.cursor.location = (1, 2, 3)
    assert generate(image=str(image), model="offline-preview", seed=4) == {'FINISHED'}
    model = bpy.data.objects["apple"]
    assert tuple(model.location) == (1, 2, 3)
    assert max(model.dimensions) == pytest.approx(1.0, abs=1e-4)
    generation = session.current().generations[model["trellis_generation"]]
    assert generation.charged_usd == 0
    assert generation.request.price_usd == 0
    assert monitor.line_of(generation).detail == "Offline preview: a rough stand-in, not Trellis."
    kept = json.loads((folder / generation.folder_name / "generation.json").read_text())
    assert kept["request"]["model"] == "offline-preview"


def test_words_alone_are_refused_in_the_artists_words(nothing_set: None, generate: Any) -> None:
    with pytest.raises(RuntimeError, match=f"{re.escape(NO_PICTURE[:-1])}.*costs nothing"):
        generate(prompt="a chair", model="offline-preview")


def test_one_that_died_meanwhile_says_so_and_the_next_works(nothing_set: None, generate: Any, tmp_path: Path) -> None:
    from trellis_blender.interface.state import session

    image = tmp_path / "apple.png"
    image.write_bytes(as_png(Image.fromarray(disc(), "RGBA")))
    assert generate(image=str(image), model="offline-preview") == {'FINISHED'}
    kill(session.current().offline.process_id)
    wait_until(lambda: session.current().offline.process_id is None)
    assert generate(image=str(image), model="offline-preview") == {'FINISHED'}


def test_switching_the_add_on_off_ends_it(nothing_set: None, generate: Any, tmp_path: Path) -> None:
    import addon_utils

    from trellis_blender.interface.state import session

    image = tmp_path / "apple.png"
    image.write_bytes(as_png(Image.fromarray(disc(), "RGBA")))
    generate(image=str(image), model="offline-preview")
    number = session.current().offline.process_id
    addon_utils.disable("trellis_blender", default_set=True)
    wait_until(lambda: not runs(number))
    addon_utils.enable("trellis_blender", default_set=True)
