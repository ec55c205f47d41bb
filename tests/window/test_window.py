import time
from pathlib import Path

import pytest
from blender_window import Window
from service import KEY, Fault

from trellis_blender.piapi.client import Client
from trellis_blender.piapi.service import Service

pytestmark = pytest.mark.timeout(600)


def test_first_start(window: Window) -> None:
    window.environ = {"PIAPI_API_KEY": None, "PIAPI_API_URL": None}
    window.run("first_start")
    assert window.piapi.requests == []


def test_first_model(window: Window) -> None:
    window.behave(pending_s=2.0, processing_s=5.0, log=True)
    window.run("first_model")
    assert len(window.piapi.creates) == 2


def test_adjust_last_operation(window: Window) -> None:
    window.behave(processing_s=10.0)
    window.run("adjust_last")
    assert len(window.piapi.creates) == 1


def test_another_file(window: Window) -> None:
    window.behave(processing_s=4.0)
    window.run("another_file")
    assert len(window.piapi.creates) == 3


def test_busy_artist(window: Window) -> None:
    window.behave(processing_s=3.0)
    window.run("busy_artist")
    assert len(window.piapi.creates) == 7


def test_switched_off(window: Window) -> None:
    window.behave(processing_s=6.0)
    window.run("switched_off")
    assert len(window.piapi.creates) == 1


def test_quit_and_started_again(window: Window) -> None:
    window.behave(processing_s=6.0)
    window.run("quit_meanwhile")
    window.run("next_start")
    assert len(window.piapi.creates) == 1


def test_failures(window: Window, tmp_path: Path) -> None:
    from models import picture_png

    image = tmp_path / "leaf.png"
    image.write_bytes(picture_png(600, 400))
    window.environ["TEST_IMAGE"] = str(image)
    piapi = window.piapi

    def well_again() -> None:
        piapi.fail_always("file", None)
        window.behave(processing_s=0.5)

    window.words = {
        "wrong-key": lambda: piapi.fail("create", Fault(401, {"message": "Invalid API key"})),
        "no-credits": lambda: piapi.fail("create", Fault(402, {"message": "insufficient credits"})),
        "web-page": lambda: piapi.fail("create", Fault(200, "<html>Please log in</html>")),
        "task-fails": lambda: window.behave(fail_with="the prompt was refused by the filter"),
        "broken-model": lambda: (
            window.behave(processing_s=0.5),
            piapi.fail_always("file", Fault(200, "<html>gone</html>")),
        ),
        "well-again": well_again,
        "slow": lambda: window.behave(pending_s=60),
    }
    window.run("failures", limit_s=240)
    assert [create["model"] for create in piapi.creates] == ["Qubico/trellis"] * 4 + ["Qubico/trellis2"]


def test_account(window: Window) -> None:
    piapi = window.piapi
    window.behave(processing_s=0.0)

    def make_elsewhere() -> None:
        client = Client(Service(piapi.url, KEY))
        client.create_task("Qubico/trellis", "text-to-3d", {"prompt": "a lamp", "seed": 5})
        client.close()

    def refuse_the_key() -> None:
        piapi.key = "another"

    window.words = {"made-elsewhere": make_elsewhere, "no-such-key": refuse_the_key}
    window.run("account", limit_s=240)
    assert len(piapi.creates) == 2


def test_autosave(window: Window) -> None:
    window.behave(pending_s=5.0, processing_s=175.0)
    window.run("autosave", limit_s=280)
    assert len(window.piapi.creates) == 1


def test_offline(window: Window, tmp_path: Path) -> None:
    from PIL import Image, ImageDraw

    image = tmp_path / "Pear.png"
    picture = Image.new("RGB", (400, 500), "#f3eee4")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((80, 200, 320, 450), fill="#9bb43c")
    draw.ellipse((130, 70, 270, 330), fill="#b4c850")
    picture.save(image)
    window.environ = {"PIAPI_API_KEY": None, "PIAPI_API_URL": None, "TEST_IMAGE": str(image)}
    window.run("offline")
    assert window.piapi.requests == []
    number = int((window.control / "process").read_text())
    end = time.monotonic() + 5
    while Path(f"/proc/{number}/exe").exists():
        assert time.monotonic() < end, "the offline preview outlived its Blender"
        time.sleep(0.1)
