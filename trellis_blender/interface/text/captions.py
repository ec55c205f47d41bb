# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a generation outside of the list: over its placeholder, in the status bar. Pure functions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ...generation.states import State
from .rows import IN_ANOTHER_BLENDER, STAGES, advance, title

if TYPE_CHECKING:
    from ...generation.record.generation import Generation


class Caption(NamedTuple):
    """Two lines over a box that is filled up to `share` (0–1, None where nothing is known).

    `is_alert` where the artist should look into the list. `is_orphan` where nothing will ever arrive in the Empty.
    """

    name: str
    said: str
    share: float | None = None
    is_alert: bool = False
    is_orphan: bool = False


class StatusLine(NamedTuple):
    """What the status bar says; "" for nothing."""

    text: str
    icon: Any


NOTHING = StatusLine("", 'NONE')


def caption(name: str, generation: "Generation | None", now: float, *, in_scene: bool, waits_for: str) -> Caption:
    """The caption of a placeholder. `name` is the Empty's; `generation` None where the list does not know it.

    `now` in Unix seconds; `waits_for` is what keeps a ready model from arriving.
    """
    if generation is None:
        return Caption(name, "Made elsewhere · nothing arrives here", is_orphan=True)
    state = generation.state
    if generation.elsewhere:
        return Caption(name, IN_ANOTHER_BLENDER)
    if generation.is_working:
        return Caption(name, advance(generation, now), generation.progress)
    if state is State.PLACED:
        if in_scene:
            return Caption(name, "In the scene already", is_orphan=True)
        return Caption(name, "Undone · Place Again")
    if state is State.READY:
        if generation.problem:
            return Caption(name, "Not placed · see the list", 1.0, is_alert=True)
        if not generation.wanted:
            return Caption(name, "Ready · see the list", 1.0)
        return Caption(name, f"Ready · arrives when {waits_for}" if waits_for else "Ready", 1.0)
    if state is State.CANCELLED:
        return Caption(name, "Cancelled · nothing arrives here", is_orphan=True)
    if generation.parked:
        return Caption(name, "Interrupted · see the list", is_alert=True)
    return Caption(name, f"{STAGES[state]} · see the list", is_alert=True)


def copy_caption(name: str) -> Caption:
    """The caption of what the artist duplicated."""
    return Caption(name, "A copy · nothing arrives here", is_orphan=True)


def status_line(working: "Sequence[Generation]", news: "Generation | None", now: float, waits_for: str) -> StatusLine:
    """What the status bar says of those that are `working`, and of the one that rests since a moment, the `news`."""
    queued = sum(generation.state is State.QUEUED for generation in working)
    counts = {"running": len(working) - queued, "in the queue": queued}
    running = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    said = _said(news, waits_for) if news is not None else NOTHING
    if news is not None and said.text:
        text = " · ".join(filter(None, (f"Trellis: {_short(news)} {said.text}", running)))
        return StatusLine(text, said.icon)
    if len(working) == 1:
        return StatusLine(f"Trellis: {_short(working[0])} · {advance(working[0], now)}", 'TIME')
    return StatusLine(f"Trellis: {running}", 'TIME') if working else NOTHING


def _said(news: "Generation", waits_for: str) -> StatusLine:
    state = news.state
    if state is State.PLACED:
        return StatusLine("is done", 'CHECKMARK')
    if state is State.CANCELLED:
        return NOTHING
    may_arrive = news.wanted and not news.request.makes_pictures
    if state is State.READY and may_arrive and not news.problem and waits_for:
        return StatusLine(f"arrives when {waits_for}", 'CHECKMARK')
    if state is State.READY and not news.problem:
        return StatusLine("is ready", 'CHECKMARK')
    return StatusLine("needs attention", 'ERROR')


NAME_SHOWN = 32


def _short(generation: "Generation") -> str:
    return title(generation, NAME_SHOWN)
