"""A provider that is a package of its own and one line in the table takes a generation from the press to the scene."""

from pathlib import Path
from typing import Any

import pytest
from blender_helpers import told_by


@pytest.fixture
def told(addon: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("PIAPI_API_KEY")
    return told_by(Path(__file__).with_name("another_provider_child.py"))


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
