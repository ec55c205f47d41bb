"""What must not be told, taken out of errors, recordings, the log and reports."""

import base64
import json
import quopri
import time
from urllib.parse import quote

import pytest

from trellis_blender.piapi import redaction
from trellis_blender.piapi.service import Service


@pytest.mark.parametrize("before", ["", "u", "anna:", "anna1:", "anna12:"])
@pytest.mark.parametrize("after", ["", ":", "xy"])
def test_a_key_that_was_sent_on_as_a_log_in_or_in_digits(before: str, after: str) -> None:
    key = "a1b2c3d4" * 8
    redaction.know(key)
    content = f"{before}{key}{after}".encode()
    for written in (base64.b64encode(content).decode(), content.hex(), content.hex().upper()):
        said = redaction.hidden(f"Authorization: {written}!")
        assert said.startswith("Authorization: ")
        assert "(secret)" in said
        assert len(said) < len("Authorization: (secret)!") + 4 * len(before + after) + 5


KEY = "Key-7f0A&b 19c2<d>"


def _percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest.mark.parametrize(
    "written",
    [
        KEY.upper(), KEY.lower(), _percent(KEY), _percent(KEY).upper(), quote(_percent(KEY)),
        "".join(f"\\u{ord(c):04X}" for c in KEY), "".join(f"\\x{ord(c):02x}" for c in KEY),
        "".join(f"&#{ord(c)};" for c in KEY), KEY.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        KEY.replace(" ", "\n"), KEY.replace(" ", "+"), KEY[:5] + _percent(KEY[5:9]) + KEY[9:],
        json.dumps(json.dumps(KEY)), _percent(_percent(KEY)), _percent(_percent(KEY)).upper(),
        "".join(f"\\{ord(c):03o}" for c in KEY), "".join(f"\\0{ord(c):03o}" for c in KEY),
        repr("".join(f"\\{ord(c):03o}" for c in KEY)), "".join(f"\\u{{{ord(c):x}}}" for c in KEY),
        "".join(f"={ord(c):02X}" for c in KEY), quopri.encodestring(KEY.encode(), quotetabs=True).decode(),
        json.dumps("".join(f"\\u{ord(c):04x}" for c in KEY)), repr("".join(f"\\x{ord(c):02x}" for c in KEY)),
        "".join(f"&amp;#{ord(c)};" for c in KEY),
    ],
)  # fmt: skip
def test_a_known_secret_is_in_no_text_however_it_is_written(written: str) -> None:
    redaction.know(KEY)
    found = redaction.hidden(f"before {written} after {written}")
    assert "before " in found
    assert found.count("(secret)") == 2
    assert "7f0" not in found.lower()


LONG_KEY = "wrapped-7f0A19c2/" * 9
ENDS = [
    "\n", "\r\n", "\r", "\\\n", "\\\r\n", "=\r\n", "\n    ", "\n\t", "\\n", "\\r\\n", "\\\\n", "\\u000a", "\\x0d\\x0a",
    "\\012", "%0A", "%0D%0A", "%250A", "&#10;", "&#xA;",
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("width", [20, 60, 76])
def test_a_known_secret_that_was_wrapped(end: str, width: int) -> None:
    redaction.know(LONG_KEY)
    for form in (LONG_KEY, base64.b64encode(f"ada:{LONG_KEY}!".encode()).decode(), LONG_KEY.encode().hex()):
        wrapped = end.join(form[at : at + width] for at in range(0, len(form), width))
        found = redaction.hidden(f"before {wrapped} after")
        assert found.startswith("before ")
        assert found.endswith(" after")
        assert "(secret)" in found
        assert len(found) < 60


def test_a_short_secret_that_was_wrapped() -> None:
    """Too short to be found by its letters alone."""
    redaction.know("7f0a-19c2")
    assert redaction.hidden("before 7f0a-\n  19c2 after") == "before (secret) after"


@pytest.mark.parametrize(
    "unit",
    ["\\", "\\n", "%25", "%", "&amp;", "=", "=\n", "\n", "\\141", "\\u0061", LONG_KEY[:60] + "\\", "n\\n",
     "\n".join(LONG_KEY[:150])],
)  # fmt: skip
def test_whatever_a_text_consists_of_it_is_gone_through_in_linear_time(unit: str) -> None:
    """Of twice the text, in hardly more than twice the time."""
    redaction.know(LONG_KEY)
    took_s = []
    for size in (50_000, 200_000):
        begun = time.process_time()
        redaction.hidden(unit * (size // len(unit)))
        took_s.append(time.process_time() - begun)
    assert took_s[1] < 8 * took_s[0] + 0.2
    assert took_s[1] < 10


@pytest.mark.parametrize("between", [" ", ":", "-", ", ", " | ", ":\n"])
@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_a_known_secret_in_groups(between: str, width: int) -> None:
    """As fingerprints are written, and numbers of cards."""
    key = "7f0A19c2e4B85d3316a0"
    redaction.know(key)
    for form in (key, key.upper(), key.encode().hex()):
        grouped = between.join(form[at : at + width] for at in range(0, len(form), width))
        assert redaction.hidden(f"before {grouped}% after") == "before (secret)% after"
        assert redaction.hidden(f"before {grouped} after") == "before (secret) after"
    said = "It is 12:34:56, and 0 of 16 were taken. a-b-c, 1 2 3"
    assert redaction.hidden(said) == said


@pytest.mark.parametrize("around", ["", "%"])
@pytest.mark.parametrize("gap", [0, 90, 97, 100])
def test_of_a_text_that_is_too_long_the_rest_is_left_out_and_no_secret_is_cut_in_two(around: str, gap: int) -> None:
    text = around + "x" * gap + LONG_KEY + "y" * 1_000_000
    found = redaction.without(text, [LONG_KEY], "-", 100)
    whole = around + "x" * gap + "-" + "y" * 100
    assert whole.startswith(found)
    assert min(len(around) + gap, 100) <= len(found) <= 101
    assert redaction.without("short", [LONG_KEY], "-", 100) == "short"


def test_a_known_secret_in_the_base64_of_addresses() -> None:
    key = "a key??>>~~ of ÿÿÿ whatever ÿÿþþ"
    redaction.know(key)
    for before in ("", "x", "xy"):
        written = base64.urlsafe_b64encode(f"{before}{key}".encode()).decode()
        assert set("-_") & set(written)
        assert len(redaction.hidden(written)) < 20


def test_white_space_in_a_secret_is_looked_for_in_one_way_only() -> None:
    begun = time.monotonic()
    assert redaction.without("12" + " " * 2000 + "34 %", ["12    56     78"], "-").endswith("34 %")
    assert redaction.without("12 56\n78 %", ["12    56     78"], "-") == "- %"
    assert time.monotonic() - begun < 1


def test_what_is_short_is_not_known() -> None:
    redaction.know("a", "", "abc1234")
    assert redaction.hidden("abc1234 a") == "abc1234 a"


def test_of_many_secrets_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_known", {})
    keys = [f"key-{number:04}" for number in range(redaction.KNOWN_MOST + 1)]
    redaction.know(*keys[:-1], keys[0])
    assert redaction.known() == keys[:-1]
    redaction.know(keys[-1])
    assert redaction.hidden(f"{keys[0]} {keys[1]} {keys[-1]}") == f"{keys[0]} (secret) (secret)"


@pytest.mark.parametrize("gap", [0, 8185, 8192, 20_000])
def test_a_long_text_is_gone_through_to_its_end(gap: int) -> None:
    found = redaction.without(f"{'%' * gap}{KEY}{'x' * gap}{_percent(KEY)}", [KEY], "-")
    assert found == f"{'%' * gap}-{'x' * gap}-"


def test_all_that_is_secret_of_a_service_is_known_once_there_is_one() -> None:
    said = ["a-key-of-12-34", "a-hook-secret-56", "https://hooks.example/in/7"]
    Service(api_key=f" {said[0]}\n", webhook_secret=said[1], webhook_endpoint=said[2])
    assert redaction.hidden(" and ".join(said)) == " and ".join(["(secret)"] * 3)
    # Neither as it was pasted nor as it is sent.
    for key in (said[0], f" {said[0]}\n"):
        login = base64.b64encode(f"ada:{key}:".encode()).decode()
        assert "(secret)" in redaction.hidden(f"Basic {login}")
