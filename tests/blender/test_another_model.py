"""A model that is one more entry in `models`: two parameters of its own, a preset, no seed. All else follows."""

from pathlib import Path
from typing import Any

import pytest
import service
from blender_helpers import told_by
from service import Piapi


@pytest.fixture
def told(addon: Any, piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(service.PRICES, "Test/clay", 200000)
    monkeypatch.setattr(service, "TEXT_MODELS", service.TEXT_MODELS | {"Test/clay"})
    return told_by(Path(__file__).with_name("another_model_child.py"))


def test_it_goes_from_the_panel_through_the_request_to_the_store_and_back(told: Any, piapi: Piapi) -> None:
    assert told["names"] == [["Dry", "Custom"], "Grain"]
    assert (told["defaults"], told["preset"], told["changed"]) == ([4, 0.5, "CUSTOM"], [7, 0.25, "DRY"], "CUSTOM")
    sent = [(create["model"], create["input"]) for create in piapi.creates]
    jug = {"prompt": "a jug", "grain": 2, "wetness": 0.75}
    pot = {"prompt": "a pot", "grain": 7, "wetness": 0.75}
    assert sent == [("Test/clay", wanted) for wanted in (pot, jug, jug, jug)]
    assert "Clay takes no seed" in told["refused"][0]
    assert "grain is 10; Clay takes 1 to 9" in told["refused"][1]
    assert told["made"] == ["Test/clay", {"grain": 2, "wetness": 0.75}, 0]
    assert told["used"] == ["Test/clay", 2, 0.75, "a jug"]
    wanted = [["a jug", [["grain", 2], ["wetness", 0.75]]]] * 3 + [["a pot", [["grain", 7], ["wetness", 0.75]]]]
    assert told["stored"] == wanted
