# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes out of a text what must not be shown: in errors, recordings, the log and reports. No Blender.

It goes by what is known to be secret, wherever that stands and however it is written. Rather too much than too little:
a report is posted where everybody reads it.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
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

Span = tuple[int, int, str]
"""Where it begins and ends in a text, and what stands in for it."""

_STAND_INS = {BLANK: "\ue000", NAME: "\ue001", PERSON: "\ue002"}
"""While a text is gone through each of them is one character that is not used."""
_IN_ADDRESSES = str.maketrans("+/", "-_")
_MARKS = "%&\\="
"""Without one of these in it, a text has nothing that is written in another way."""

# Each of them so many times at most: a text of nothing else is gone through in linear time.
_BACKSLASHES = r"\\{1,16}+"
_PERCENT = "%(?:25|%32%35){0,6}"
_AND = "&(?:amp;){0,6}"

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
    return without(text, _known_forms(), BLANK)


def _known_forms() -> list[str]:
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


def without(text: str, words: Iterable[str], stand_in: str) -> str:
    """`text` without the words, in large or small letters, as JSON, Python, HTML or an address would write them, and
    with ends of lines between their characters."""
    return _replaced(text, [(begin, end, stand_in) for begin, end in _spans_of(text, words)])


def _replaced(text: str, spans: list[Span]) -> str:
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


def _spans_of(text: str, words: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where the words are. Step by step: while a pattern is looked for nothing else runs in Python, and an answer may
    have 8 MB."""
    squeezed = "" if any(mark in text for mark in _MARKS) else "".join(text.split()).casefold()
    for word in _longest_first(words):
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


def blanked(text: str, secrets: Iterable[str], names: Iterable[str], folders: Mapping[str, str]) -> str:
    """`text` without secrets, without the artist's words (`names`: prompts, names of files and objects) and their
    pieces, without the queries and paths of URLs, without people's addresses, and without paths.

    `folders` are those whose paths may be shown, by what stands in for them: what is below one is kept.
    """
    secrets, names = list(secrets), _longest_first(names)
    text = _marked(text)
    # All of them in the same text: what one has taken a piece from, the next would not know again.
    hidden_spans = [*_spans_of(text, _known_forms()), *_spans_of(text, secrets)]
    spans = [(*span, _STAND_INS[BLANK]) for span in (*hidden_spans, *_pieces(text, [*secrets, *_known]))]
    for name in names:
        spans += [
            (found.start(), found.end(), _STAND_INS[NAME])
            for written in _ways_to_write(name)
            for found in re.finditer(re.escape(written), text)
        ]
    for address in _patterns().address.finditer(text):
        spans += _host_only(address) if address[1] else [(*address.span(), _STAND_INS[PERSON])]
    text = _replaced(text, [_without_slashes(text, span) for span in spans])
    for folder in _longest_first(folders):
        for written in {*_ways_to_write(folder), folder.replace("\\", "/")}:
            text = re.sub(re.escape(written) + r"(?![\w-])", lambda _, stand_in=folders[folder]: stand_in, text)
    text = _patterns().quoted.sub(PATH, text)
    text = _patterns().path.sub(PATH, text)
    # Last: a piece that is taken out of a path leaves nothing that looks like one.
    text = _replaced(text, [(*span, NAME) for span in _pieces(text, names)])
    for stand_in, character in _STAND_INS.items():
        text = text.replace(character, stand_in)
    return text


def _marked(text: str) -> str:
    """With a character for what stands in already, so that a person's address, or a path, is known around it."""
    for stand_in, character in _STAND_INS.items():
        text = text.replace(character, "\ufffd").replace(stand_in, character)
    return text


def _without_slashes(text: str, span: Span) -> Span:
    """Those at its ends stay: they say that what is around it is a path."""
    begin, end, stand_in = span
    while stand_in in _STAND_INS.values() and end - begin > 1 and text[begin] in "/\\":
        begin += 1
    while stand_in in _STAND_INS.values() and end - begin > 1 and text[end - 1] in "/\\":
        end -= 1
    return begin, end, stand_in


def host_of(url: str) -> str:
    """What of an address may be shown: its host; "(no address)" where it has none."""
    try:
        return urlsplit(url).hostname or "(no address)"
    except ValueError:
        return "(no address)"


def _host_only(match: re.Match[str]) -> list[Span]:
    """What is taken out of an address: whatever is not its scheme, host and port."""
    if match[1].lower() == "file":
        return [(*match.span(), PATH)]
    begin, rest = match.start(2), match[2]
    netloc = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login, at, _ = netloc.rpartition("@")
    tail = rest[len(netloc) :].rstrip(".,;:)")
    edits = [(begin, begin + len(login) + 1, "")] if at else []
    tail_at = begin + len(netloc)
    return [*edits, (tail_at, tail_at + len(tail), "/…")] if tail.strip("/") else edits


def _longest_first(words: Iterable[str]) -> list[str]:
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


def _pieces(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Where something is left of a word that was cut: pieces of some length anywhere, short beginnings before the
    cut."""
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
    return spans


class _Patterns:
    """Compiled when they are needed first: that takes longer than registration may."""

    def __init__(self) -> None:
        ending = r"\.(?:blend\d*|png|jpe?g|webp|bmp|tiff?|exr|hdr|gltf|glb|part|csv|json|sqlite3|py|txt|zip)\b"
        gone = "".join(_STAND_INS.values())
        begin = rf"(?:[A-Za-z]:[\\/]|\\\\|/|~[\w{gone}.-]*[\\/]|\.{{1,2}}[\\/]|[{gone}]+[\\/])"
        inner = r"(?:[^\s\"'“”‘’<>|]|(?<=\w)['’](?=\w))"
        url = r"\b([a-z][a-z0-9+.-]{0,30})://([^\s\"'“”<>]+)"
        person = rf"(?<![\w{gone}.+-])[\w{gone}.+-]+@[\w{gone}-]+(?:\.[\w{gone}-]+)+"
        self.address = re.compile(f"{url}|{person}", re.IGNORECASE)
        self.cut = re.compile(r"(?=[”’\"'…]|\.\.\.)")
        pairs = (('"', '"'), ("'", r"'(?!\w)"), ("“", "”"), ("‘", r"’(?!\w)"))
        quoted = "|".join(
            rf"(?<={a}){begin}[^\n]*?(?={b})|(?<={a})(?![<~]|\(path)[^\n{a}{b[0]}]*[\\/][^\n{a}{b[0]}]*?{ending}(?={b})"
            for a, b in pairs
        )
        self.quoted = re.compile(quoted)
        self.path = re.compile(
            rf"""
            (?<![\w{gone}:/.)>~\\-])                   # not within a URL, a fraction or what has been replaced already
            (?: (?: [A-Za-z]:[\\/] | \\\\ | /(?=\S) | ~[\w{gone}.-]*[\\/] | \.{{1,2}}[\\/]+(?=[\w{gone}])
                | [{gone}]+[\\/](?=\S) )
                {inner}*
                (?: [ ] [^\s"'“”‘’<>|/\\]* [/\\] {inner}* )*   # folders with spaces
                (?: (?: [ ] [^\s"'“”‘’<>|/\\]+ ){{0,6}}? {ending} )?   # a file with spaces, up to its ending
              | (?: [\w{gone}.-]+ [\\/] )+ (?: [^\s"'“”‘’<>|/\\]+ [ ]? ){{1,6}}? {ending}   # a relative one
            )
            """,
            re.VERBOSE,
        )


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    return _Patterns()
