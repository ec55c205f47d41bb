# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts, dates and numbers as Blender's labels show them. Pure functions."""

import re
import time
from functools import lru_cache

from ...piapi.models import SEED_LIMIT

TEXT_LIMIT = 2000
"""Characters of a text that are shown; a sentence that an artist reads has some 300."""
FIRST_SHOWN, LAST_SHOWN = 86_400, 32_503_680_000 - 86_400
"""Unix seconds, 1970 to 2999 in every time zone: Windows tells no other times."""
LARGEST = 1_000_000
_NOT_SHOWN = r"[\x00-\x1f\x7f-\x9f]+"


def plain(text: str) -> str:
    """`text` as Blender takes it, on one line: it raises for halves of characters, which a file's name may have."""
    return re.sub(_NOT_SHOWN, " ", text[:TEXT_LIMIT]).encode("utf-8", "replace").decode()


def date(at: float, pattern: str) -> str:
    """A moment in Unix seconds as the artist's clock has it; "at some time" for what is none."""
    if not FIRST_SHOWN <= at <= LAST_SHOWN:
        return "at some time"
    return time.strftime(pattern, time.localtime(at))


def shorten(name: str, characters: int) -> str:
    """`name` in at most so many characters, ten at least."""
    name, limit = plain(name), max(characters, 10)
    return name if len(name) <= limit else f"{name[: limit - 1].rstrip()}…"


def number(value: float) -> str:
    """ "50", "7.5", "0.333"; a seed in full."""
    if not -SEED_LIMIT <= value <= SEED_LIMIT:
        return "out of range"
    return f"{round(value, 3):.10g}"


def clock(seconds: float) -> str:
    """ "0:07", "2:05", "1:02:03"."""
    if not seconds < LARGEST:
        return "a long time"
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: int) -> str:
    """Bytes as people read them: "640 KB", "3.2 MB", "1.4 GB"."""
    if count < 1_000_000:
        return f"{-(-count // 1000)} KB"
    return f"{count / 1e6:.1f} MB" if count < 1_000_000_000 else f"{count / 1e9:.1f} GB"


def wrap(text: str, width_px: float, ui_scale: float) -> list[str]:
    """`text` in lines for labels: some 6.2 pixels a character at a UI scale of 1."""
    return list(_wrapped(plain(text), max(int(width_px / (6.2 * ui_scale)), 16)))


@lru_cache(maxsize=256)
def _wrapped(text: str, characters: int) -> tuple[str, ...]:
    """Kept: dividing a sentence takes as long as drawing a row."""
    import textwrap

    return tuple(textwrap.wrap(text, characters, break_on_hyphens=False)) or ("",)
