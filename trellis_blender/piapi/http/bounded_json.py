# SPDX-License-Identifier: GPL-3.0-or-later
"""Untrusted JSON, looked through before it is parsed: Python's parser holds Python's lock until it has ended, and
Blender's main thread waits for it as long."""

import json

from ..fields import whole

TOO_LARGE = "an answer that is far too large"
ITEMS_LIMIT = 100_000
"""Commas, brackets and quotes. A page of the history has some 30,000 of them, and takes 5 ms to parse."""
ESCAPES_LIMIT = 300_000
"""Letters that are written as numbers: prompts in Japanese may be full of them."""
BARE_LIMIT_BYTES = 512 * 1024
"""What stands between the strings. Numbers of many digits take time with the square of them."""
STEP_BYTES = 512 * 1024
DEPTH_LIMIT = 64
"""Lists and objects within each other. PiAPI's answers have six."""

_COUNTED = (b",", b"[", b"]", b"{", b"}", b'"')
_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_OPENING = set(b"[{")


def read_json(content: bytes) -> object:
    """The value in `content`. Raises ValueError for what is no JSON, and for what is larger or deeper than an answer
    can be."""
    _count(content)
    bare = _without_strings(content)
    if len(bare) > BARE_LIMIT_BYTES:
        raise ValueError(TOO_LARGE)
    depth = 0
    for bracket in bare.translate(None, _BUT_BRACKETS):
        depth += 1 if bracket in _OPENING else -1
        if depth > DEPTH_LIMIT:
            raise ValueError("an answer that is nested too deeply")
    try:
        return json.loads(content.decode("utf-8-sig", "surrogatepass"), parse_int=whole)
    except RecursionError:
        raise ValueError("an answer that is nested too deeply") from None


def _count(content: bytes) -> None:
    """Raises ValueError where there is too much of something. In small steps: counting holds the lock, too."""
    items = escapes = 0
    for begin in range(0, len(content), STEP_BYTES):
        for mark in _COUNTED:
            items += content.count(mark, begin, begin + STEP_BYTES)
        escapes += content.count(b"\\", begin, begin + STEP_BYTES)
        if items > ITEMS_LIMIT or escapes > ESCAPES_LIMIT:
            raise ValueError(TOO_LARGE)


def _without_strings(content: bytes) -> bytes:
    """What stands between the strings: brackets within them mean nothing."""
    bare: list[bytes] = []
    is_string = False
    for part in content.split(b'"'):
        if not is_string:
            bare.append(part)
            is_string = True
        else:
            # A quote behind an odd number of backslashes belongs to the string.
            is_string = (len(part) - len(part.rstrip(b"\\"))) % 2 == 1
    return b"".join(bare)
