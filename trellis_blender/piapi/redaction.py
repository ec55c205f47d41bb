# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes out of a text what must not be told: in errors, recordings, the log and reports. No Blender.

It goes by what is known to be secret, wherever that stands and however it is written. Rather too much than too little:
a report is posted where everybody reads it.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus, urlsplit

BLANK = "(secret)"
NAME = "(name)"
PATH = "(path)"
PERSON = "(address)"
SHORTEST = 4
"""Characters. What is shorter is in every text, and no secret."""
SHORTEST_KNOWN = 8
"""A shorter key or webhook secret is a word that answers are made of."""
PIECE = 12
"""So many characters in a row are a piece of a secret or of a prompt, and no coincidence."""
KNOWN_MOST = 100
LONGEST_NAME = 4000
STEP = 8192
WAY_LENGTH = 18
"""Characters that a character of a secret takes at most, as it is usually written."""

_PERCENT = "%(?:25|%32%35)*"

_known: dict[str, None] = {}


def know(*secrets: str) -> None:
    """From now on, these are secret in this process: a key, once used, is in no text any more."""
    for secret in secrets:
        if len(secret) >= SHORTEST_KNOWN and secret not in _known:
            if len(_known) >= KNOWN_MOST:
                del _known[next(iter(_known))]
            _known[secret] = None


def hidden(text: str) -> str:
    """`text` without the secrets of this process."""
    return without(text, [form for secret in _known for form in _forms_of(secret)], BLANK)


@lru_cache(maxsize=KNOWN_MOST)
def _forms_of(secret: str) -> tuple[str, ...]:
    """A secret as it is, in hexadecimal digits, and what is the same of it in Base64 wherever it stands in something
    longer, as the password of a log-in does.
    """
    content = secret.encode("utf-8", "surrogatepass")
    shifted = [b64encode(bytes(before) + content).decode() for before in range(3)]
    ends = [len(form.rstrip("=")) - (1 if "=" in form else 0) for form in shifted]
    inner = [form[(0, 2, 3)[n] : end] for n, (form, end) in enumerate(zip(shifted, ends, strict=True))]
    return (secret, content.hex(), *inner)


def without(text: str, words: Iterable[str], stand_in: str) -> str:
    """`text` without the words, in large or small letters, as JSON, Python, HTML or an address would write them."""
    for word in _longest_first(words):
        text = _without(text, word, stand_in)
    return text


def _without(text: str, word: str, stand_in: str) -> str:
    """Step by step: while a pattern is looked for nothing else runs in Python, and an answer may have 8 MB."""
    is_plain = not any(mark in text for mark in "%&\\") and word.split() == [word]
    if is_plain and word.casefold() not in text.casefold():
        return text
    pattern, overlap = _written(word), WAY_LENGTH * len(word)
    parts: list[str] = []
    done = at = 0
    while at < len(text):
        found = pattern.search(text, at, at + STEP + overlap)
        if found is None or found.start() >= at + STEP:
            at += STEP
        else:
            parts += [text[done : found.start()], stand_in]
            done = at = found.end()
    return "".join(parts) + text[done:]


def blanked(text: str, secrets: Iterable[str], names: Iterable[str], folders: Mapping[str, str]) -> str:
    """`text` without secrets, without the artist's words (`names`: prompts, names of files and objects) and their
    pieces, without the queries and paths of URLs, without people's addresses, and without paths.

    `folders` are those whose paths may be told, by what stands in for them: what is below one is kept.
    """
    secrets, names = list(secrets), _longest_first(names)
    text = without(hidden(text), secrets, BLANK)
    text = _without_pieces(text, [*secrets, *_known], BLANK)
    for name in names:
        for written in _ways_to_write(name):
            text = text.replace(written, NAME)
    text = _patterns().url.sub(_host_only, text)
    text = _patterns().person.sub(PERSON, text)
    for folder in _longest_first(folders):
        for written in {*_ways_to_write(folder), folder.replace("\\", "/")}:
            text = re.sub(re.escape(written) + r"(?![\w-])", lambda _, stand_in=folders[folder]: stand_in, text)
    text = _patterns().quoted.sub(PATH, text)
    text = _patterns().path.sub(PATH, text)
    # Last: a piece that is taken out of a path leaves nothing that looks like one.
    return _without_pieces(text, names, NAME)


def host_of(url: str) -> str:
    """What of an address may be told: its host; "(no address)" where it has none."""
    try:
        return urlsplit(url).hostname or "(no address)"
    except ValueError:
        return "(no address)"


def _host_only(match: re.Match[str]) -> str:
    host = match[2].partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    rest = "/…" if match[2].rstrip("/.,;:)") != host.rstrip(".,;:)") else ""
    return f"{match[1]}://{host}{rest}" if match[1].lower() != "file" else PATH


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted({word[:LONGEST_NAME] for word in words if len(word.strip()) >= SHORTEST}, key=len, reverse=True)


@lru_cache(maxsize=KNOWN_MOST)
def _written(word: str) -> re.Pattern[str]:
    # One pattern for all white space in a row: several of them would try each way to share it out.
    return re.compile("".join(_ways_of(character) for character in " ".join(word.split())), re.IGNORECASE)


def _ways_of(character: str) -> str:
    """A pattern for a character: itself, with backslashes before it, percent-encoded (once or several times), and as
    the numbers of JSON, Python and HTML, these encoded once more, too."""
    if character.isspace():
        coded = "|".join(map(_percent_encoded, b" \n\r\t"))
        return rf"(?:\s|\\+[nrt]|\+|{coded}|\\+(?:u00|x)(?:20|0a|0d|09)|&(?:amp;)*#32;)+"
    number = ord(character)
    encoded = character.encode("utf-8", "surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass")
    json_form = "".join(rf"\\+u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    ways = [
        r"\\{0,4}" + re.escape(character),
        "".join(map(_percent_encoded, encoded)),
        json_form,
        rf"\\+U{number:08x}",
        "".join(rf"\\+x{byte:02x}" for byte in encoded),
        f"&(?:amp;)*#(?:{number}|x0*{number:x});",
    ]
    if number < 256 and len(encoded) > 1:
        ways.append(rf"\\+x{number:02x}")
    named = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}.get(character)
    return f"(?:{'|'.join([*ways, *([f'&(?:amp;)*{named};'] if named else [])])})"


def _percent_encoded(byte: int) -> str:
    """A pattern for a byte that is percent-encoded once or several times, the last time each letter of it."""
    digits = "".join(f"(?:{digit}|{_PERCENT}(?:{ord(digit):02x}|{ord(digit.upper()):02x}))" for digit in f"{byte:02x}")
    return _PERCENT + digits


def _ways_to_write(word: str) -> list[str]:
    """As it is, on one line, in JSON, in a Python literal and in a URL."""
    import json

    ways = {
        word,
        word.strip(),
        " ".join(word.split()),
        json.dumps(word)[1:-1],
        json.dumps(word, ensure_ascii=False)[1:-1],
        repr(word)[1:-1],
        quote(word, safe="", errors="replace"),
        quote_plus(word, errors="replace"),
    }
    return sorted((way for way in ways if len(way) >= SHORTEST), key=len, reverse=True)


def _without_pieces(text: str, words: Iterable[str], stand_in: str) -> str:
    """Without what is left of a word that was cut: pieces of some length anywhere, short beginnings before the cut."""
    pieces: set[str] = set()
    beginnings: set[str] = set()
    for word in words:
        for way in _ways_to_write(word.casefold()):
            pieces.update(way[at : at + PIECE] for at in range(len(way) - PIECE + 1))
            beginnings.update(way[:length] for length in range(SHORTEST, min(PIECE, len(way))))
    folded = text.casefold()
    if len(folded) != len(text):  # a few letters become two
        folded = text.lower() if len(text.lower()) == len(text) else text
    spans = [(at, at + PIECE) for at in range(len(folded) - PIECE + 1) if folded[at : at + PIECE] in pieces]
    for cut in _patterns().cut.finditer(folded):
        end = cut.start()
        found = [n for n in range(SHORTEST, PIECE) if n <= end and folded[end - n : end] in beginnings]
        spans += [(end - n, end) for n in found if end == n or not folded[end - n - 1].isalnum()]
    parts: list[str] = []
    done = 0
    for begin, end in sorted(spans):
        if begin >= done:
            parts += [text[done:begin], stand_in]
        done = max(done, end)
    return "".join(parts) + text[done:] if parts else text


class _Patterns:
    """Compiled when they are needed first: that takes longer than registration may."""

    def __init__(self) -> None:
        ending = r"\.(?:blend\d*|png|jpe?g|webp|bmp|tiff?|exr|hdr|gltf|glb|part|csv|json|sqlite3|py|txt|zip)\b"
        begin = r"(?:[A-Za-z]:[\\/]|\\\\|/|~[\w.-]*[\\/]|\.{1,2}[\\/])"
        inner = r"(?:[^\s\"'“”‘’<>|]|(?<=\w)['’](?=\w))"
        self.url = re.compile(r"\b([a-z][a-z0-9+.-]*)://([^\s\"'“”<>]+)", re.IGNORECASE)
        self.person = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
        self.cut = re.compile(r"(?=[”’\"'…]|\.\.\.)")
        pairs = (('"', '"'), ("'", r"'(?!\w)"), ("“", "”"), ("‘", r"’(?!\w)"))
        quoted = "|".join(
            rf"(?<={a}){begin}[^\n]*?(?={b})|(?<={a})(?![<~]|\(path)[^\n{a}{b[0]}]*[\\/][^\n{a}{b[0]}]*?{ending}(?={b})"
            for a, b in pairs
        )
        self.quoted = re.compile(quoted)
        self.path = re.compile(
            rf"""
            (?<![\w:/.)>~\\-])                         # not within a URL, a fraction or what has been replaced already
            (?: (?: [A-Za-z]:[\\/] | \\\\ | /(?=\S) | ~[\w.-]*[\\/] | \.{{1,2}}[\\/]+(?=\w) )
                {inner}*
                (?: [ ] [^\s"'“”‘’<>|/\\]* [/\\] {inner}* )*   # folders with spaces
                (?: (?: [ ] [^\s"'“”‘’<>|/\\]+ ){{0,6}}? {ending} )?   # a file with spaces, up to its ending
              | (?: [\w.-]+ [\\/] )+ (?: [^\s"'“”‘’<>|/\\]+ [ ]? ){{1,6}}? {ending}   # a relative one
            )
            """,
            re.VERBOSE,
        )


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    return _Patterns()
