"""What must not be told, taken out of errors, recordings, the log and reports."""

import base64
import json
import quopri
import time
from urllib.parse import quote

import pytest

from trellis_blender.piapi import redaction

HOME = {"/home/ada": "~", "/home/ada/.config/blender/datafiles/trellis_blender": "<data>", "/opt/addon": "<add-on>"}


@pytest.mark.parametrize("secret", ["sk-1234567890", 'with "quotes" \\ and ümlaut', "a/b+c=d&e f", "line\nbreak"])
def test_a_secret_in_every_way_it_may_be_written(secret: str) -> None:
    for written in (secret, json.dumps(secret), repr(secret), quote(secret, safe=""), f"x-api-key: {secret}!"):
        found = redaction.blanked(f"before {written} after", [secret, "", " "], [], {})
        assert found.startswith("before ")
        assert found.endswith(" after")
        assert "(secret)" in found
        assert secret not in found


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
def test_paths_and_addresses(text: str, expected: str) -> None:
    assert redaction.blanked(text, [], [], HOME) == expected


def test_the_artists_words() -> None:
    prompt = "a bear\nfor Secret Client"
    found = redaction.blanked("“a bear for Secret Client” and a bear", [], [prompt], {})
    assert found == "“(name)” and a bear"


def test_what_is_short_is_in_every_text() -> None:
    assert redaction.blanked("a bear", ["a", ""], ["be"], {}) == "a bear"


def test_hosts() -> None:
    assert redaction.host_of("https://ada:pw@host.example/a?b") == "host.example"
    assert redaction.host_of("https://[x") == "(no address)"
    assert redaction.host_of("nothing") == "(no address)"


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


@pytest.mark.parametrize(
    "unit",
    ["\\", "\\n", "%25", "%", "&amp;", "=", "=\n", "\n", "\\141", "\\u0061", LONG_KEY[:60] + "\\", "n\\n",
     "\n".join(LONG_KEY[:150])],
)  # fmt: skip
def test_whatever_a_text_consists_of_it_is_gone_through_in_linear_time(unit: str) -> None:
    """Of twice the text, in hardly more than twice the time."""
    redaction.know(LONG_KEY)
    took_s = []
    for size in (100_000, 400_000):
        begun = time.process_time()
        redaction.hidden(unit * (size // len(unit)))
        took_s.append(time.process_time() - begun)
    assert took_s[1] < 8 * took_s[0] + 0.2
    assert took_s[1] < 10


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


@pytest.mark.parametrize("gap", [0, 8185, 8192, 20_000])
def test_a_long_text_is_gone_through_to_its_end(gap: int) -> None:
    found = redaction.without(f"{'%' * gap}{KEY}{'x' * gap}{_percent(KEY)}", [KEY], "-")
    assert found == f"{'%' * gap}-{'x' * gap}-"


PROMPT = "a bronze statue of the secret client's dog, with wings and three heads"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (f"It said: “bad prompt: {PROMPT[:40]}”.", "statue"),
        (f"It said: “bad prompt: {PROMPT[:9]}”.", "bronz"),
        (f"It said: “… {PROMPT[-30:]}”.", "wings"),
        (f"It said: “{PROMPT[20:50].upper()}”.", "CLIENT"),
        (f"at x?prompt={quote(PROMPT[:30])}", "statue"),
    ],
)
def test_pieces_of_a_prompt_are_gone(text: str, gone: str) -> None:
    found = redaction.blanked(text, [], [PROMPT], {})
    assert gone not in found
    assert found != text


def test_our_own_sentences_stay() -> None:
    said = "Your PiAPI account is out of credits (402). Top up at piapi.ai. Nothing was charged."
    assert redaction.blanked(said, [], [PROMPT, "a bear"], {}) == said


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("[Errno 2] No such file: '/mnt/o'brien/Secret Client/bear.blend'", ["brien", "Secret", "bear"]),
        ("in /mnt/o'brien/bear.png", ["brien", "bear"]),
        ("~ada/Secret/bear.blend is gone", ["ada", "Secret", "bear"]),
        ("~ada-l.x/jobs", ["ada", "jobs"]),
        ("../Secret Client/bear.blend", ["Client", "bear"]),
        ("./jobs/bear.png", ["jobs", "bear"]),
        (r"..\\jobs\\bear.png", ["jobs", "bear"]),
        ("jobs/client/bear.blend", ["jobs", "client", "bear"]),
        ("“Secret Client/bear.blend”", ["Secret", "bear"]),
        ("//textures/bear.png", ["textures", "bear"]),
        ("ask ada.lovelace+x@studio.example.com please", ["lovelace", "studio"]),
    ],
)
def test_paths_and_people_are_gone(text: str, gone: list[str]) -> None:
    found = redaction.blanked(text, [], [], HOME)
    assert [word for word in gone if word in found] == []


HOOK = "https://studio.example/hook?for=Secret-Client"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("ask ada.lovelace+x@studio.example.com please", ["lovelace", "studio"]),
        ("ask ada.lovelace+x@(secret).com please", ["lovelace", ".com"]),
        (f"at {HOOK}&token=1234#x", ["studio", "token", "1234"]),
        ("at https://ada:pw@studio.example/hook/token?x=y", ["ada", "pw", "token", "x=y"]),
        ("in /mnt/studio.example/hook/bear.png", ["mnt", "bear", "hook"]),
        ("in studio.example/hook/jobs/bear.png", ["jobs", "bear", "hook"]),
        ("in ~/studio.example/hook/bear.blend", ["bear", "hook"]),
        ("in ~/studio.example/bear.blend", ["bear"]),
        ("in (secret)/jobs/client", ["jobs", "client"]),
        ("in client/jobs of ada/bear.png", ["jobs", "ada", "bear"]),
        ("in ~/client/jobs/bear", ["jobs", "bear"]),
        ("ask client@jobs.example", ["jobs"]),
        ("ask ada@client.example", ["ada", "example"]),
    ],
)
def test_people_and_paths_are_known_where_a_part_of_them_is_secret(text: str, gone: list[str]) -> None:
    redaction.know(HOOK)
    found = redaction.blanked(text, [], ["client"], HOME)
    assert [word for word in gone if word in found] == []


def test_what_stands_in_is_said_as_words() -> None:
    redaction.know(HOOK)
    text = f"the hook {HOOK}, ada@studio.example, /mnt/x/y and client at https://ada@host.example/x"
    said = "the hook (secret), (address), (path) and (name) at https://host.example/…"
    assert redaction.blanked(text, [], ["client"], HOME) == said
