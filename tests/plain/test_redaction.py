"""What a report must not tell, taken out of it. The module is read by its path: its package needs Blender."""

import importlib.util
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

FILE = Path(__file__).resolve().parents[2] / "trellis_blender" / "interface" / "redaction.py"
HOME = {"/home/ada": "~", "/home/ada/.config/blender/datafiles/trellis_blender": "<data>", "/opt/addon": "<add-on>"}


@pytest.fixture(scope="module")
def redaction() -> Any:
    spec = importlib.util.spec_from_file_location("redaction", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("secret", ["sk-1234567890", 'with "quotes" \\ and ümlaut', "a/b+c=d&e f", "line\nbreak"])
def test_a_secret_in_every_way_it_may_be_written(redaction: Any, secret: str) -> None:
    for written in (secret, json.dumps(secret), repr(secret), quote(secret, safe=""), f"x-api-key: {secret}!"):
        found = redaction.blanked(f"before {written} after", [secret, "", " "], [], {})
        assert found.startswith("before ")
        assert found.endswith(" after")
        assert "(secret)" in found
        assert secret not in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/ada", "~"),
        ("/home/ada/Projects/Secret Client/bear.blend is gone", "(path) is gone"),
        ("'/home/ada/Projects/o/My Bear 2.blend'", "'(path)'"),
        ("its file /home/ada/.config/blender/datafiles/trellis_blender/generation-1/model.glb is gone",
         "its file <data>/generation-1/model.glb is gone"),
        ('  File "/opt/addon/piapi/client.py", line 3, in ask', '  File "<add-on>/piapi/client.py", line 3, in ask'),
        ("/opt/addon-of-a-client/x", "(path)"),
        ("in /mnt/jobs/Secret Client/shots/a bear.png: no", "in (path): no"),
        (r"C:\Users\Ada Lovelace\Secret Client\bear.blend is gone", "(path) is gone"),
        (r"“C:\Users\Ada Lovelace”", "“(path)”"),
        (r"\\server\jobs\Secret Client\bear.png", "(path)"),
        ("“/srv/o'brien/Secret Client”", "“(path)”"),
        ("text-to-3d and/or 1/2, 3 / 4", "text-to-3d and/or 1/2, 3 / 4"),
        ("https://api.piapi.ai.", "https://api.piapi.ai."),
        ("at https://ada:pw@host.example:8080/a/b?token=x#y now", "at https://host.example:8080/… now"),
        ("at https://host.example?token=x", "at https://host.example/…"),
        ("file:///home/ada/x.blend", "(path)"),
    ],
)  # fmt: skip
def test_paths_and_addresses(redaction: Any, text: str, expected: str) -> None:
    assert redaction.blanked(text, [], [], HOME) == expected


def test_the_artists_words(redaction: Any) -> None:
    prompt = "a bear\nfor Secret Client"
    found = redaction.blanked("“a bear for Secret Client” and a bear", [], [prompt], {})
    assert found == "“(name)” and a bear"


def test_what_is_short_is_in_every_text(redaction: Any) -> None:
    assert redaction.blanked("a bear", ["a", ""], ["be"], {}) == "a bear"


def test_hosts(redaction: Any) -> None:
    assert redaction.host_of("https://ada:pw@host.example/a?b") == "host.example"
    assert redaction.host_of("https://[x") == "(no address)"
    assert redaction.host_of("nothing") == "(no address)"
