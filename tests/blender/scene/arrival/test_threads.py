"""Models are placed while threads run: until Blender 5.0 a crash, where it is not done with care."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bpy
import pytest
from models import box_glb
from mutants import rich_glb
from test_place import two_parts

MODELS = 30 if bpy.app.version < (5, 1) else 10
LIMIT_S = 250.0


KINDS = [("of one part", box_glb()), ("of two parts", two_parts()), ("with bones", rich_glb())]


@pytest.mark.parametrize(("kind", "content"), KINDS, ids=[kind for kind, _ in KINDS])
def test_models_placed_while_threads_compute(
    tmp_path: Path, kind: str, content: bytes, record_property: Callable[[str, object], None]
) -> None:
    path = tmp_path / "model.glb"
    path.write_bytes(content)
    child = subprocess.run(
        [sys.executable, Path(__file__).with_name("threads_child.py"), path, str(MODELS)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stdout[-4000:]
    assert child.stdout.splitlines()[-1] == f"{MODELS} models"
    record_property("count", f"{MODELS} models {kind} placed while two threads compute, no crash")
