# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes secrets out of a text: in errors, recordings, the log and reports. No Blender.

It goes by what is known to be secret, wherever that stands and however it is written. Rather too much than too little.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache

BLANK = "(secret)"
SHORTEST = 4
"""Characters. What is shorter is in every text, and no secret."""
SHORTEST_KNOWN = 8
"""A shorter key or webhook secret is a word that answers are made of."""
SHORTEST_SPREAD_OUT = 12
"""Letters and digits. Fewer may stand in a row by coincidence, with whatever between them."""
KNOWN_MOST = 100
LONGEST_NAME = 4000
STEP = 8192
LOOKED_THROUGH = 64 * 1024
"""Characters of a text that are gone through where only a few hundred of it are shown."""
WAY_LENGTH = 18
"""Characters that a character of a secret takes at most, as it is usually written."""

Span = tuple[int, int, str]
"""Where it begins and ends in a text, and what stands in for it."""

_IN_ADDRESSES = str.maketrans("+/", "-_")
_MARKS = "%&\\="
"""Without one of these in it, a text has nothing that is written in another way."""

# Each of them so many times at most: a text of nothing else is gone through in linear time.
_BACKSLASHES = r"\\{1,16}+"
_PERCENT = "%(?:25|%32%35){0,6}"
_AND = "&(?:amp;){0,6}"

_NEITHER = "[^0-9A-Za-z]+"
_LETTER_OR_DIGIT = "[0-9A-Za-z]"

_known: dict[str, None] = {}


def know(*secrets: str) -> None:
    """From now on, these are secret in this process: a key, once used, is in no text any more."""
    for secret in secrets:
        if len(secret) >= SHORTEST_KNOWN and secret not in _known:
            if len(_known) >= KNOWN_MOST:
                del _known[next(iter(_known))]
            _known[secret] = None


def known() -> list[str]:
    """The secrets of this process."""
    return list(_known)


def hidden(text: str, limit: int | None = None) -> str:
    """`text`, or so much of its beginning as `without` says, without the secrets of this process."""
    return without(text, known_forms(), BLANK, limit)


def known_forms() -> list[str]:
    """The secrets of this process, each in the forms in which it may stand in a text."""
    return [form for secret in _known for form in _forms_of(secret)]


@lru_cache(maxsize=KNOWN_MOST)
def _forms_of(secret: str) -> tuple[str, ...]:
    """A secret as it is, in hexadecimal digits, and what is the same of it in Base64 wherever it stands in something
    longer, as the password of a log-in does.
    """
    content = secret.encode("utf-8", "surrogatepass")
    shifted = [b64encode(bytes(before) + content).decode() for before in range(3)]
    ends = [len(form.rstrip("=")) - (1 if "=" in form else 0) for form in shifted]
    inner = [form[(0, 2, 3)[n] : end] for n, (form, end) in enumerate(zip(shifted, ends, strict=True))]
    # In the letters of an address as well.
    return tuple(dict.fromkeys([secret, content.hex(), *inner, *(form.translate(_IN_ADDRESSES) for form in inner)]))


def without(text: str, words: Iterable[str], stand_in: str, limit: int | None = None) -> str:
    """`text` without the words, in large or small letters, as JSON, Python, HTML or an address would write them, and
    with ends of lines between their characters.

    Of a text of more than `limit` characters the rest is left out: it takes a second to go through a million. What is
    cut in two there goes as well.
    """
    words = list(words)
    if limit is None or len(text) <= limit:
        return replaced(text, [(begin, end, stand_in) for begin, end in spans_of(text, words)])
    text = text[: limit + WAY_LENGTH * max(map(len, words), default=0)]
    spans = [(begin, end, stand_in) for begin, end in spans_of(text, words) if begin < limit]
    return replaced(text[: max([limit, *(end for _, end, _ in spans)])], spans)


def replaced(text: str, spans: list[Span]) -> str:
    """`text` with what stands in for each span; where several overlap, that of the longest stands for all of them."""
    parts: list[str] = []
    done = 0
    longest = 0
    for begin, end, stand_in in sorted(spans):
        if begin >= done:
            parts += [text[done:begin], stand_in]
            longest = end - begin
        elif end - begin > longest:
            parts[-1] = stand_in
            longest = end - begin
        done = max(done, end)
    return "".join(parts) + text[done:] if parts else text


def spans_of(text: str, words: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where the words are. Step by step: while a pattern is looked for nothing else runs in Python, and an answer may
    have 8 MB."""
    squeezed = "" if any(mark in text for mark in _MARKS) else "".join(text.split()).casefold()
    words = longest_first(words)
    yield from _spread_out(text, words)
    for word in words:
        if squeezed and word.split() == [word] and word.casefold() not in squeezed:
            continue
        pattern, overlap = _written(word), WAY_LENGTH * len(word)
        at = 0
        while at < len(text):
            found = pattern.search(text, at, at + STEP + overlap)
            if found is None or found.start() >= at + STEP:
                at += STEP
            else:
                yield found.span()
                at = found.end()


def _spread_out(text: str, words: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where there is a word of some length with spaces, colons, hyphens or the like between its letters and digits, as
    fingerprints and card numbers are written."""
    bare = re.sub(_NEITHER, "", text).lower()
    places: list[int] = []
    for word in words:
        wanted = re.sub(_NEITHER, "", word).lower()
        at = bare.find(wanted) if len(wanted) >= SHORTEST_SPREAD_OUT else -1
        while at >= 0:
            places = places or [found.start() for found in re.finditer(_LETTER_OR_DIGIT, text)]
            yield places[at], places[at + len(wanted) - 1] + 1
            at = bare.find(wanted, at + len(wanted))


def longest_first(words: Iterable[str]) -> list[str]:
    """The words that are long enough to be looked for, each once."""
    return sorted({word[:LONGEST_NAME] for word in words if len(word.strip()) >= SHORTEST}, key=len, reverse=True)


@lru_cache(maxsize=KNOWN_MOST)
def _written(word: str) -> re.Pattern[str]:
    # One pattern for all white space in a row: several of them would try each way to share it out.
    words = (_END_OF_LINE.join(map(_ways_of, part)) for part in word.split())
    return re.compile(_ways_of(" ").join(words), re.IGNORECASE)


def _ways_of(character: str) -> str:
    """A pattern for a character: itself, with backslashes before it, percent-encoded (once or several times), and as
    the numbers of JSON, Python, C, MIME and HTML, these encoded once more, too."""
    if character.isspace():
        coded = "|".join(map(_percent_encoded, b" \n\r\t"))
        escaped = rf"{_BACKSLASHES}(?:[nrt]|(?:u00|x)(?:20|0a|0d|09)|0{{0,2}}(?:40|1[125])|[ux]\{{0{{0,6}}20\}})"
        return rf"(?:\s|{escaped}|\+|{coded}|=(?:3d){{0,6}}20|{_AND}#32;)+"
    number = ord(character)
    encoded = character.encode("utf-8", "surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass")
    numbers = [
        "".join(rf"{_BACKSLASHES}u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)),
        "".join(rf"{_BACKSLASHES}x{byte:02x}" for byte in encoded),
        "".join(rf"{_BACKSLASHES}0?{byte:03o}" for byte in encoded),
        rf"{_BACKSLASHES}(?:U{number:08x}|[ux]\{{0{{0,6}}{number:x}\}})",
        *([rf"{_BACKSLASHES}(?:x{number:02x}|0?{number:03o})"] if 0x7F < number < 0x100 else []),
    ]
    escaped = "|".join(each.removeprefix(_BACKSLASHES) for each in numbers)
    ways = [
        _BACKSLASHES if character == "\\" else r"\\{0,16}+" + re.escape(character),
        rf"{_BACKSLASHES}(?:{escaped})",
        "".join(map(_percent_encoded, encoded)),
        "".join(rf"=(?:3d){{0,6}}{byte:02x}" for byte in encoded),
        f"{_AND}#(?:{number}|x0{{0,6}}{number:x});",
    ]
    if named := {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}.get(character):
        ways.append(f"{_AND}{named};")
    return f"(?:{'|'.join(ways)})"


def _percent_encoded(byte: int) -> str:
    """A pattern for a byte that is percent-encoded once or several times, the last time each letter of it."""
    digits = "".join(f"(?:{digit}|{_PERCENT}(?:{ord(digit):02x}|{ord(digit.upper()):02x}))" for digit in f"{byte:02x}")
    return _PERCENT + digits


_END_WRITTEN = rf"(?:{_BACKSLASHES}(?:[rn]|(?:u00|x)0[ad]|01[25])|{_AND}#(?:1[03]|x0?[ad]);|{_PERCENT}0[ad]){{1,2}}"
_END_OF_LINE = rf"(?:(?:(?:=|\\{{0,16}}+)(?:\r\n?|\n)|{_END_WRITTEN})[ \t]{{0,16}})?"
"""Where a long word was wrapped, or nothing. One, so that few characters can be read as it or as the word's own."""
