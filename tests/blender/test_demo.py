"""The demo as a newcomer runs it, in a Blender of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from models import picture_png
from PIL import Image
from places import ROOT
from service import KEY, Behaviour, Fault, Piapi

LIMIT_S = 30.0
"""On two processors, everything set up."""


def run(out: Path, *arguments: str | Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIAPI_")}
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "demo_run.py", "--out", out, *arguments],
        check=False, capture_output=True, text=True, env={**clean, **environ}, timeout=200,
    )  # fmt: skip


def used_s() -> float:
    """The processor's time that programs started here have used: others may keep the machine busy.

    Windows does not tell.
    """
    used = os.times()
    return used.children_user + used.children_system


def objects_in(blend: Path) -> dict[str, Any]:
    """Names, places and sizes of the models in a .blend, read by another Blender."""
    code = (
        "import bpy, json, os, sys; bpy.ops.wm.open_mainfile(filepath=sys.argv[1]);"
        "print(json.dumps({o.name: [list(o.location), list(o.dimensions)] for o in bpy.data.objects"
        " if 'trellis_generation' in o}), flush=True);"
        "print(json.dumps([i.name for i in bpy.data.images if i.has_data and not i.packed_file]), flush=True);"
        "os._exit(0)"
    )
    said = subprocess.run([sys.executable, "-c", code, blend], capture_output=True, text=True, check=True).stdout
    lines = said.strip().splitlines()[-2:]
    assert json.loads(lines[1]) == [], "the .blend needs files beside it"
    return json.loads(lines[0])


def test_two_pictures_become_a_scene_and_a_rendering(tmp_path: Path) -> None:
    pictures = [ROOT / "scripts" / "demo" / name for name in ("toadstool.png", "fish.png")]
    begun_s = used_s()
    done = run(tmp_path, "--service", "offline", "--image", pictures[0], "--image", pictures[1])
    assert done.returncode == 0, done.stdout + done.stderr + (tmp_path / "demo.log").read_text()[-3000:]
    assert used_s() - begun_s < LIMIT_S
    assert "2 generations by the offline preview (a rough stand-in, not Trellis): free" in done.stdout
    assert done.stdout.count("In the scene") == 2
    assert str(tmp_path / "demo.blend") in done.stdout
    assert str(tmp_path / "demo.png") in done.stdout
    assert "INFO" not in done.stdout
    models = objects_in(tmp_path / "demo.blend")
    assert sorted(models) == ["Fish", "Toadstool"]
    assert [round(models[name][0][0], 3) for name in ("Toadstool", "Fish")] == [-1.1, 1.1]
    assert all(max(size) == pytest.approx(1.0, abs=1e-3) for _, size in models.values())
    rendering = Image.open(tmp_path / "demo.png").convert("RGB")
    assert rendering.width >= 1280
    red, green, blue = (channel for channel in zip(*rendering.resize((40, 24)).getdata(), strict=True))
    assert max(max(triple) - min(triple) for triple in zip(red, green, blue, strict=True)) > 80, "all grey"


def test_with_piapi_and_a_record(piapi: Piapi, tmp_path: Path) -> None:
    piapi.behaviour = Behaviour(log=True, processing_s=2)
    image, record = tmp_path / "leaf.png", tmp_path / "record"
    image.write_bytes(picture_png(60, 40))
    done = run(
        tmp_path / "out", "--no-render", "--service", "piapi", "--image", image, "--prompt", "a small bear",
        PIAPI_API_KEY=KEY, PIAPI_API_URL=piapi.url, PIAPI_RECORD=str(record),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 generations by PiAPI: $0.08" in done.stdout
    assert sorted(objects_in(tmp_path / "out" / "demo.blend")) == ["Leaf", "a small bear"]
    text = "".join(path.read_text() for path in record.glob("*.json"))
    assert "/account/active_tasks" in text
    assert KEY not in text
    compared = subprocess.run(
        [sys.executable, ROOT / "scripts" / "contract.py", record], check=False, capture_output=True, text=True
    )
    assert "/api/open/tasks/histories" in text
    assert " 0 of them differ from the contract" in compared.stdout, compared.stdout


def test_a_wrong_key_is_told_and_what_came_is_kept(piapi: Piapi, tmp_path: Path) -> None:
    piapi.fail("create", Fault(401, {"message": "Invalid API key"}))
    done = run(
        tmp_path, "--service", "piapi", "--prompt", "a bear", PIAPI_API_KEY=KEY, PIAPI_API_URL=piapi.url
    )  # fmt: skip
    assert done.returncode == 1
    assert "a bear: PiAPI refused the API key (401)" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prompt", "a bear"], "the offline preview works from a picture only"),
        (["--image", "nowhere.png"], "there is no file nowhere.png"),
        (["--service", "piapi"], "needs your key in the environment variable PIAPI_API_KEY"),
        (["--record", "x"], "--record is for --service piapi"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_set_up(arguments: list[str], said: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIAPI_")}
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "demo.py", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=clean,
    )
    assert done.returncode == 2
    assert said in done.stderr
