"""Reports say nothing private."""

import json
import time
from urllib.parse import quote

import pytest

from trellis_blender.interface.preferences import anonymize
from trellis_blender.piapi import redaction

HOME = {"/home/ada": "~", "/home/ada/.config/blender/datafiles/trellis_blender": "<data>", "/opt/addon": "<add-on>"}

PROMPT = "a bronze statue of the secret client's dog, with wings and three heads"

HOOK = "https://studio.example/hook?for=Secret-Client"


@pytest.mark.parametrize("secret", ["sk-1234567890", 'with "quotes" \\ and ümlaut', "a/b+c=d&e f", "line\nbreak"])
def test_a_secret_in_every_way_it_may_be_written(secret: str) -> None:
    for written in (secret, json.dumps(secret), repr(secret), quote(secret, safe=""), f"x-api-key: {secret}!"):
        found = anonymize.blanked(f"before {written} after", [secret, "", " "], [], {})
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
def test_paths_and_addresses(text: str, expected: str) -> None:
    assert anonymize.blanked(text, [], [], HOME) == expected


def test_the_artists_words() -> None:
    prompt = "a bear\nfor Secret Client"
    found = anonymize.blanked("“a bear for Secret Client” and a bear", [], [prompt], {})
    assert found == "“(name)” and a bear"


def test_what_is_short_is_in_every_text() -> None:
    assert anonymize.blanked("a bear", ["a", ""], ["be"], {}) == "a bear"


def test_hosts() -> None:
    assert anonymize.host_of("https://ada:pw@host.example/a?b") == "host.example"
    assert anonymize.host_of("https://[x") == "(no address)"
    assert anonymize.host_of("nothing") == "(no address)"


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
    found = anonymize.blanked(text, [], [PROMPT], {})
    assert gone not in found
    assert found != text


def test_our_own_sentences_stay() -> None:
    said = "Your PiAPI account is out of credits (402). Top up at piapi.ai. Nothing was charged."
    assert anonymize.blanked(said, [], [PROMPT, "a bear"], {}) == said


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
    found = anonymize.blanked(text, [], [], HOME)
    assert [word for word in gone if word in found] == []


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
    found = anonymize.blanked(text, [], ["client"], HOME)
    assert [word for word in gone if word in found] == []


def test_what_stands_in_is_said_as_words() -> None:
    redaction.know(HOOK)
    text = f"the hook {HOOK}, ada@studio.example, /mnt/x/y and client at https://ada@host.example/x"
    said = "the hook (secret), (address), (path) and (name) at https://host.example/…"
    assert anonymize.blanked(text, [], ["client"], HOME) == said


def test_the_words_of_a_thousand_generations_are_looked_for_in_hardly_any_time() -> None:
    """By Blender's main thread, when a report is copied."""
    words = ["".join(chr(97 + (n * k) % 26) for k in range(1, 3 + n % 7)) for n in range(2000)]
    prompts = [" ".join(words[(n * 37 + k) % 2000] for k in range(140)) for n in range(300)]
    text = "\n".join(" ".join(words[(n * 91 + k * 3) % 2000] for k in range(20)) for n in range(100))
    begun = time.process_time()
    for prompt in prompts:
        anonymize._ways_to_write(prompt)
    of_writing_them_s = time.process_time() - begun
    begun = time.process_time()
    found = anonymize.blanked(f"{text} {prompts[7][300:330]}", [], prompts, {})
    took_s = time.process_time() - begun
    assert found.endswith("(name)")
    assert took_s < 25 * of_writing_them_s


@pytest.mark.parametrize("begun", ["", "“", "“a/", "a/", "~", "'", "/a "])
@pytest.mark.parametrize("repeated", ["a", "“/", "a/", "'/", "/a ", "a. ", '"/', "' ", "…", "a@", "\\"])
def test_no_text_takes_long(begun: str, repeated: str) -> None:
    """A line of the log has up to 4,000 characters, whoever wrote them."""
    begun_s = time.process_time()
    anonymize.blanked(f"{begun}{repeated * (4000 // len(repeated))}!", [], ["a prompt"], HOME)
    assert time.process_time() - begun_s < 0.6


def test_work_that_is_not_waited_for_ends_between_two_names() -> None:
    class Unwanted(Exception):
        pass

    looked: list[int] = []

    def go_on() -> None:
        looked.append(1)
        if len(looked) == 5:
            raise Unwanted

    with pytest.raises(Unwanted):
        anonymize.blanked("a text", [], [f"prompt {n}" for n in range(100)], {}, go_on)
    assert len(looked) == 5
