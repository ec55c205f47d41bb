# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what the service says a task was made from is what was sent.

It need not come back as it went out: numbers as text or rounded, texts normalised, escaped or cut, pictures as an
address. So each question has three answers: True, False, and None where it cannot be known.
"""

import base64
import html
import re
import struct
import unicodedata
from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import unquote

DIGITS_KEPT = range(4, 10)
"""To so many digits a number may have been rounded."""
ROUNDED_BY = 1.0
"""A setting may have come back as the next whole number."""
CUT_FROM = 3
"""Letters and digits; fewer say nothing."""

_ELLIPSIS = re.compile(r"…|\.{3,}|\[…\]|\[\.{3}\]")
_UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPE = re.compile(r"\\[nrt\"'/\\]")


def same_seed(sent: int, echoed: object) -> bool | None:
    """Whether a task was made with the seed `sent`; the service's 0 stands for one that it draws itself."""
    if not isinstance(echoed, int | float) or echoed <= 0:
        return None
    return echoed == sent or echoed == struct.unpack("f", struct.pack("f", sent))[0] or _is_rounded(sent, echoed)


def same_number(sent: float, echoed: object) -> bool | None:
    """Whether a setting is the one that was `sent`."""
    if not isinstance(echoed, int | float):
        return None
    return abs(echoed - sent) < ROUNDED_BY


def same_prompt(sent: str, echoed: object) -> bool | None:
    """Whether a prompt is the one that was `sent`; a beginning of it does not tell."""
    if not isinstance(echoed, str):
        return None
    said = _unescaped(echoed)
    for letters in (_letters, _plain_letters):
        whole, pieces = letters(sent), [letters(piece) for piece in _ELLIPSIS.split(said)]
        if letters(said) == whole and whole:
            return True
        if len("".join(pieces)) < CUT_FROM or not whole:
            continue
        if len(pieces) > 1 and whole.startswith(pieces[0]) and whole.endswith(pieces[-1]):
            return True
        if whole.startswith(letters(said)):
            return None
    return None if len(_letters(said)) < CUT_FROM else False


def same_pictures(sent: Sequence[bytes], sent_as: Sequence[str], inputs: Mapping[str, object]) -> bool | None:
    """Whether a task echoes these pictures, or one of them, in `image` or among its `images`.

    `sent` are the PNGs, none where they are no longer there; `sent_as` the texts or the addresses that went out, none
    where that is not known. None where it echoes none, its address, or a piece of it.
    """
    images = inputs.get("images")
    echoed: list[object] = [inputs.get("image")]
    if isinstance(images, tuple):
        echoed += cast("tuple[object, ...]", images)
    answers = [_shows_one_of(sent, sent_as, each) for each in echoed if isinstance(each, str) and each]
    # A picture beside which there is another one belongs to several views.
    return False if False in answers else (True in answers or None)


def _is_rounded(sent: int, echoed: float) -> bool:
    return any(float(f"{sent:.{digits}g}") == echoed for digits in DIGITS_KEPT if 10**digits <= sent)


def _unescaped(said: str) -> str:
    said = html.unescape(html.unescape(said))
    said = _ESCAPE.sub(" ", _UNICODE_ESCAPE.sub(lambda found: chr(int(found[1], 16)), said))
    said = said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unquote(said.replace("+", " ")) if "%" in said else said


def _letters(said: str) -> str:
    """What remains of a text whatever was done to its spaces, quotes, capitals and composed characters."""
    return "".join(each for each in unicodedata.normalize("NFKC", said).casefold() if each.isalnum())


def _plain_letters(said: str) -> str:
    """The same less all that an encoding could have spoilt."""
    return "".join(each for each in said if each.isascii() and each.isalnum()).casefold()


def _shows_one_of(sent: Sequence[bytes], sent_as: Sequence[str], echoed: str) -> bool | None:
    answers = [_shows(b"", text, echoed) for text in sent_as] + [_shows(content, "", echoed) for content in sent]
    if True in answers:
        return True
    return False if sent and False in answers and None not in answers[len(sent_as) :] else None


def _shows(sent: bytes, sent_as: str, echoed: str) -> bool | None:
    if sent_as and echoed.strip() == sent_as:
        return True
    encoded = echoed.partition(",")[2] if echoed.startswith("data:") else echoed
    encoded = "".join((unquote(encoded) if "%" in encoded else encoded).split()).translate({45: 43, 95: 47})
    if not sent or not encoded:
        return None
    try:
        shown = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return None
    if shown == sent:
        return True
    return None if sent.startswith(shown) else False
