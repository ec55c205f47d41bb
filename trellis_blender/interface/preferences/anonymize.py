# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes out of a report what is private: secrets, the artist's words, people's addresses and paths. No Blender.

Rather too much than too little: a report is posted where everybody reads it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, quote_plus, urlsplit

from ...piapi.redaction import BLANK, SHORTEST, Span, known, known_forms, longest_first, replaced, spans_of

NAME = "(name)"
PATH = "(path)"
PERSON = "(address)"
PIECE = 12
"""So many characters in a row are a piece of a secret or of a prompt, and no coincidence."""

_STAND_INS = {BLANK: "\ue000", NAME: "\ue001", PERSON: "\ue002"}
"""While a text is gone through each of them is one character that is not used."""


def blanked(
    text: str,
    secrets: Iterable[str],
    names: Iterable[str],
    folders: Mapping[str, str],
    go_on: Callable[[], None] = lambda: None,
) -> str:
    """`text` without secrets, without the artist's words (`names`: prompts, names of files and objects) and their
    pieces, without the queries and paths of URLs, without people's addresses, and without paths.

    `folders` are those whose paths may be shown, by what stands in for them: what is below one is kept. `go_on` is
    called between the names, of which there may be thousands; what it raises ends the work.
    """
    secrets, names = list(secrets), longest_first(names)
    text = _marked(text)
    # All of them in the same text: what one has taken a piece from, the next would not know again.
    hidden_spans = [*spans_of(text, known_forms()), *spans_of(text, secrets)]
    spans = [(*span, _STAND_INS[BLANK]) for span in (*hidden_spans, *_pieces(text, [*secrets, *known()], go_on))]
    for name in names:
        go_on()
        spans += [(*span, _STAND_INS[NAME]) for way in _ways_to_write(name) for span in _places(text, way)]
    for address in _patterns().address.finditer(text):
        spans += _host_only(address) if address[1] else [(*address.span(), _STAND_INS[PERSON])]
    text = replaced(text, [_without_slashes(text, span) for span in spans])
    for folder in longest_first(folders):
        for written in {*_ways_to_write(folder), folder.replace("\\", "/")}:
            text = re.sub(re.escape(written) + r"(?![\w-])", lambda _, stand_in=folders[folder]: stand_in, text)
    text = replaced(text, [(*span, PATH) for span in _quoted_paths(text)])
    text = _patterns().path.sub(PATH, text)
    # Last: a piece that is taken out of a path leaves nothing that looks like one.
    text = replaced(text, [(*span, NAME) for span in _pieces(text, names, go_on)])
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


def _places(text: str, written: str) -> Iterator[tuple[int, int]]:
    """Where a text has another one in it; quicker than a pattern, which takes longer to make."""
    at = text.find(written)
    while at >= 0:
        yield at, at + len(written)
        at = text.find(written, at + len(written))


def _quoted_paths(text: str) -> Iterator[tuple[int, int]]:
    """Where a path, or the name of a file with a folder, is in quotes, on one line. In linear time: a closing mark that
    a line has no more of is not looked for again.
    """
    patterns = _patterns()
    for line in re.finditer(r"[^\n]+", text):
        for quotes in patterns.quotes:
            at = line.start()
            while (begun := quotes.path.search(text, at, line.end())) is not None:
                closed = quotes.closing.search(text, begun.end(), line.end())
                if closed is None:
                    break
                yield begun.start(), closed.start()
                at = closed.start()
            for between in quotes.between.finditer(text, *line.span()):
                if re.search(r"[\\/]", between[0]) and patterns.ending.search(between[0]):
                    yield between.span()


def _pieces(text: str, words: Iterable[str], go_on: Callable[[], None]) -> list[tuple[int, int]]:
    """Where something is left of a word that was cut: pieces of some length anywhere, short beginnings before the
    cut."""
    folded = text.casefold()
    if len(folded) != len(text):  # a few letters become two
        folded = text.lower() if len(text.lower()) == len(text) else text
    there = {folded[at : at + PIECE] for at in range(len(folded) - PIECE + 1)}
    pieces: set[str] = set()
    beginnings: set[str] = set()
    for word in words:
        go_on()
        for way in _ways_to_write(word.casefold()):
            pieces.update(there.intersection([way[at : at + PIECE] for at in range(len(way) - PIECE + 1)]))
            beginnings.update(way[:length] for length in range(SHORTEST, min(PIECE, len(way))))
    spans = [(at, at + PIECE) for at in range(len(folded) - PIECE + 1) if folded[at : at + PIECE] in pieces]
    for cut in _patterns().cut.finditer(folded):
        end = cut.start()
        found = [n for n in range(SHORTEST, PIECE) if n <= end and folded[end - n : end] in beginnings]
        spans += [(end - n, end) for n in found if end == n or not folded[end - n - 1].isalnum()]
    return spans


class _Quotes(NamedTuple):
    """For one kind of quotation marks: a path that begins after one, its closing mark, and what is between two."""

    path: re.Pattern[str]
    closing: re.Pattern[str]
    between: re.Pattern[str]


class _Patterns:
    """Compiled when they are needed first: that takes longer than registration may."""

    def __init__(self) -> None:
        ending = r"\.(?:blend\d*|png|jpe?g|webp|bmp|tiff?|exr|hdr|gltf|glb|part|csv|json|sqlite3|py|txt|zip)\b"
        gone = "".join(_STAND_INS.values())
        begin = rf"(?:[A-Za-z]:[\\/]|\\\\|/|~[\w{gone}.-]*[\\/]|\.{{1,2}}[\\/]|[{gone}]+[\\/])"
        word = r"[^\s\"'“”‘’<>|/\\]+"
        inner = r"(?:[^\s\"'“”‘’<>|]|(?<=\w)['’](?=\w))"
        url = r"\b([a-z][a-z0-9+.-]{0,30})://([^\s\"'“”<>]+)"
        person = rf"(?<![\w{gone}.+-])[\w{gone}.+-]+@[\w{gone}-]+(?:\.[\w{gone}-]+)+"
        self.address = re.compile(f"{url}|{person}", re.IGNORECASE)
        self.cut = re.compile(r"(?=[”’\"'…]|\.\.\.)")
        self.ending = re.compile(rf"{ending}\Z")
        pairs = (('"', '"', ""), ("'", "'", r"(?!\w)"), ("“", "”", ""), ("‘", "’", r"(?!\w)"))
        self.quotes = [
            _Quotes(
                path=re.compile(f"(?<={mark}){begin}"),
                closing=re.compile(closing + after),
                between=re.compile(rf"(?<={mark})(?![<~]|\(path)[^\n{mark}{closing}]+(?={closing}{after})"),
            )
            for mark, closing, after in pairs
        ]
        self.path = re.compile(
            rf"""
            (?<![\w{gone}:/.)>~\\-])                   # not within a URL, a fraction or what has been replaced already
            (?: (?: [A-Za-z]:[\\/] | \\\\ | /(?=\S) | ~[\w{gone}.-]*[\\/] | \.{{1,2}}[\\/]+(?=[\w{gone}])
                | [{gone}]+[\\/](?=\S) )
                {inner}*
                (?: [ ] [^\s"'“”‘’<>|/\\]* [/\\] {inner}* )*   # folders with spaces
                (?: (?: [ ] {word} ){{0,6}}? {ending} )?   # a file with spaces, up to its ending
              | (?: [\w{gone}.-]+ [\\/] )+ {word} (?: [ ] {word} ){{0,5}}? {ending}   # a relative one
            )
            """,
            re.VERBOSE,
        )


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    return _Patterns()
