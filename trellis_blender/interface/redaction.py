# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes out of a text what is nobody's business. Pure functions: no Blender.

Rather too much than too little: a report is posted where everybody reads it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus, urlsplit

BLANK = "(secret)"
PATH = "(path)"
SHORTEST = 4
"""Characters. What is shorter is in every text, and no secret."""

_URL = re.compile(r"\b([a-z][a-z0-9+.-]*)://([^\s\"'“”<>]+)", re.IGNORECASE)
_PATH = re.compile(
    r"""
    (?<![\w:/.)>~])                               # not within a URL, a fraction or what has been replaced already
    (?: [A-Za-z]:[\\/] | \\\\ | /(?=\S) | ~[\\/] )
    [^\s"'“”‘’<>|]*
    (?: [ ] [^\s"'“”‘’<>|/\\]* [/\\] [^\s"'“”‘’<>|]* )*    # folders with spaces
    (?: (?: [ ] [^\s"'“”‘’<>|/\\]+ ){0,6}?                 # a file with spaces, up to its ending
        \.(?:blend\d*|png|jpe?g|webp|bmp|tiff?|exr|hdr|gltf|glb|part|csv|json|sqlite3|py|txt|zip)\b )?
    """,
    re.VERBOSE,
)
_BEGIN = r"(?:[A-Za-z]:[\\/]|\\\\|/|~[\\/])"
_QUOTED_PATH = re.compile("|".join(rf"(?<={a}){_BEGIN}[^{b}\n]*(?={b})" for a, b in ('""', "''", "“”", "‘’")))


def blanked(text: str, secrets: Iterable[str], names: Iterable[str], folders: Mapping[str, str]) -> str:
    """`text` without secrets, without the artist's words (`names`: prompts, names of files and objects), without the
    queries and paths of URLs, and without paths.

    `folders` are those whose paths may be told, by what stands in for them: what is below one is kept.
    """
    for secret in _longest_first(secrets):
        for written in _ways_to_write(secret):
            text = text.replace(written, BLANK)
    for name in _longest_first(names):
        for written in _ways_to_write(name):
            text = text.replace(written, "(name)")
    text = _URL.sub(_host_only, text)
    for folder in _longest_first(folders):
        for written in {*_ways_to_write(folder), folder.replace("\\", "/")}:
            text = re.sub(re.escape(written) + r"(?![\w-])", lambda _, stand_in=folders[folder]: stand_in, text)
    text = _QUOTED_PATH.sub(PATH, text)
    return _PATH.sub(PATH, text)


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
    return sorted({word for word in words if len(word) >= SHORTEST}, key=len, reverse=True)


def _ways_to_write(word: str) -> list[str]:
    """As it is, in JSON, in a Python literal and in a URL."""
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
