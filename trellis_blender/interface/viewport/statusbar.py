# SPDX-License-Identifier: GPL-3.0-or-later
"""A line in Blender's status bar while something runs, and for a moment after it: seen with the sidebar closed."""

import time
from typing import TYPE_CHECKING

import bpy

from ..state import session
from ..text import captions, formats

if TYPE_CHECKING:
    from ...generation.record.generation import Generation

NEWS_S = 20.0


class _Memory:
    line = captions.NOTHING
    working: set[str] = set()
    news = ""
    news_state = ""
    news_until = 0.0
    is_in_bar = False


def update() -> tuple[bool, float | None]:
    """Whether the line has changed, and in how many seconds it should be looked at again, None for never."""
    found = session.current()
    working = [generation for generation in found.lively.values() if generation.is_working]
    news = _take_news(found, {generation.id for generation in working})
    line = captions.status_line(working, news, time.time(), found.waits_for)
    has_changed = line != _Memory.line
    _Memory.line = line
    if line.text and not _Memory.is_in_bar:
        bpy.types.STATUSBAR_HT_header.append(draw)  # pyright: ignore[reportArgumentType]
        _Memory.is_in_bar = True
    left_s = _Memory.news_until - time.monotonic()
    return has_changed, left_s if news is not None and left_s > 0 else None


def forget_news() -> None:
    """At the next press what is done has been seen."""
    _Memory.news = ""


def draw(self: "bpy.types.Header", _: bpy.types.Context) -> None:
    """Blender calls this for every status bar."""
    line = _Memory.line
    if line.text:
        self.layout.label(text=formats.plain(line.text), icon=line.icon)


def unregister() -> None:
    """Takes the line out of the bar."""
    if _Memory.is_in_bar:
        bpy.types.STATUSBAR_HT_header.remove(draw)  # pyright: ignore[reportArgumentType]
        _Memory.is_in_bar = False


def _take_news(found: session.Session, working: set[str]) -> "Generation | None":
    """The generation that ended last; it is news again when its model has waited and then arrives."""
    rested = [number for number in _Memory.working - working if number in found.generations]
    _Memory.working = working
    if rested:
        _Memory.news, _Memory.news_state = rested[-1], ""
    news = found.generations.get(_Memory.news)
    if news is None:
        return None
    if news.state != _Memory.news_state:
        _Memory.news_state = news.state
        _Memory.news_until = time.monotonic() + NEWS_S
    if time.monotonic() < _Memory.news_until or found.file.arrives_here(news):
        return news
    _Memory.news = ""
    return None
