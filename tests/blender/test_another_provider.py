"""A provider that is a package of its own and one line in the table takes a generation from the press to the scene."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def told(addon: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("PIAPI_API_KEY")
    said = subprocess.run(
        [sys.executable, Path(__file__).with_name("another_provider_child.py")],
        check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
    )  # fmt: skip
    assert "TOLD" in said.stdout, said.stdout
    return json.loads(said.stdout.partition("TOLD")[2])


def test_it_takes_a_generation_from_the_press_to_the_scene(told: Any) -> None:
    order = {"tool": "wheel", "kind": "text-to-3d", "words": "a pot", "turns": 5, "notes": {}}
    assert told["finished"] == ["FINISHED"]
    assert told["order"] == [order]
    assert told["row"] == ["placed", 0.05, "", 0.05]
    assert told["in_scene"] == ["a pot"]
    assert told["stored"] == [["pottery/wheel", "failed"], ["pottery/wheel", "placed"]]
    assert "Your Pottery account is out of credits" in told["refused"]
    assert "pottery.example" in told["refused"]
    assert "PiAPI" not in told["refused"]
