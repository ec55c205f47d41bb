# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON from a stranger, looked through before it is parsed: Python's parser does not let go of Python's lock until it
is through, and Blender's main thread waits for that as long."""

import json
import re

ITEMS_LIMIT = 100_000
"""Commas, brackets and quotes. A page of the history has some 30,000 of them, and takes 5 ms to parse; nothing of so
many takes more than 30."""
DEPTH_LIMIT = 64
"""Lists and objects within each other. PiAPI's answers have six."""

_COUNTED = (b",", b"[", b"{", b'"')
_NESTING = re.compile(rb'"(?:[^"\\]++|\\.)*+"|([\[{])|[\]}]', re.DOTALL)
"""Strings, so that what is in them is passed over; what opens; what closes."""


def read_json(content: bytes) -> object:
    """The value in `content`. Raises ValueError for what is no JSON, and for what is larger or deeper than an answer
    can be."""
    if sum(map(content.count, _COUNTED)) > ITEMS_LIMIT:
        raise ValueError("an answer of absurd size")
    depth = 0
    for found in _NESTING.finditer(content):
        if found[1]:
            depth += 1
        elif found[0][:1] != b'"':
            depth -= 1
        if depth > DEPTH_LIMIT:
            raise ValueError("an answer of absurd depth")
    try:
        return json.loads(content.decode("utf-8-sig", "surrogatepass"))
    except RecursionError:
        raise ValueError("an answer of absurd depth") from None
