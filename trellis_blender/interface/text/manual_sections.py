# SPDX-License-Identifier: GPL-3.0-or-later
"""Which section of the manual answers a sentence. Pure functions."""

import re
from collections.abc import Iterable, Sequence

FILLED_IN = "…"
"""Stands in a sentence of the manual for what is filled in."""
WITHIN_A_SENTENCE = r"(?:(?![.!?] ).)*?"

Answers = tuple[tuple[int, re.Pattern[str], str], ...]
"""Of each sentence its length, its pattern and the section that answers it."""


def section_of(text: str, answers: Answers) -> str:
    """The section for what a row says, "troubleshooting.html#assets"; "" for none.

    The first of its sentences that has a section counts (what follows is what it cost and what to do), and of several
    sections the one that lists most of it.
    """
    for start in (0, *(found.end() for found in re.finditer(r"[.!?]”? +", text))):
        matching = [(length, section) for length, beginning, section in answers if beginning.match(text, start)]
        if matching:
            return max(matching)[1]
    return ""


def read_answers(listed: Iterable[Sequence[str]]) -> Answers:
    """Patterns of what the manual's sentences.json lists: beginnings of sentences, each with its section."""
    return tuple((len(sentence), _pattern(sentence), section) for sentence, section in listed)


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(WITHIN_A_SENTENCE.join(map(re.escape, sentence.removesuffix(FILLED_IN).split(FILLED_IN))))
