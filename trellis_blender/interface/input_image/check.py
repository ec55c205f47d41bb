# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the panel's picture: looked for once for each picture, soon after it was chosen.

A draw function only asks what is known. A timer has the picture decoded, a thread judges it.
"""

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..viewport import redraw
from . import decode_cache
from .file import changed_at_ns

if TYPE_CHECKING:
    from ...imaging.picture import Picture
    from ...imaging.quality import Finding

    Findings = tuple[Finding, ...]

AFTER_CHOICE_S = 0.3
"""The thumbnail comes first."""
JUDGED_LOOK_S = 0.05
STOP_TIMEOUT_S = 2.0
KEPT = 16
"""Pictures: scenes in several windows may each have one."""

Key = tuple[str, int]


class _Memory:
    known: "dict[Key, Findings]" = {}  # nothing, as long as it was not judged
    problems: dict[Key, str] = {}  # of those that could not be decoded
    thread: threading.Thread | None = None


def look(path: str, changed_ns: int) -> "Findings":
    """What is known to be wrong with a picture: nothing, until it was judged. Never waits."""
    key = (path, changed_ns)
    if key not in _Memory.known and changed_ns and not bpy.app.background:
        if len(_Memory.known) >= KEPT:
            _Memory.problems.pop(oldest := next(iter(_Memory.known)), None)
            del _Memory.known[oldest]
        _Memory.known[key] = ()
        bpy.app.timers.register(partial(_begin, key), first_interval=AFTER_CHOICE_S, persistent=True)
    return _Memory.known.get(key, ())


def problem(path: str, changed_ns: int) -> str:
    """Why a picture that was looked at cannot be decoded, as a sentence; "" where it can, or has not been yet."""
    return _Memory.problems.get((path, changed_ns), "")


def check(path: Path, scene: bpy.types.Scene) -> "Findings":
    """What is wrong with a picture, at once. Raises PictureUnusable."""
    from ...imaging.quality import judge

    return judge(decode_cache.decode(path, changed_at_ns(path), scene))


def forget() -> None:
    """Waits for the judge."""
    thread, _Memory.thread = _Memory.thread, None
    _Memory.known.clear()
    _Memory.problems.clear()
    if thread is not None:
        thread.join(STOP_TIMEOUT_S)


def _begin(key: Key) -> float | None:
    if key not in _Memory.known:
        return None  # the add-on was switched off meanwhile
    if _Memory.thread is not None and _Memory.thread.is_alive():
        return JUDGED_LOOK_S
    from ...scene.images.load import PictureUnusable

    try:
        picture = decode_cache.decode(Path(key[0]), key[1], bpy.context.scene)
    except PictureUnusable as reason:
        _Memory.problems[key] = str(reason)
        redraw.sidebars()
        return None
    found: list[Findings] = []
    _Memory.thread = threading.Thread(target=_judge, args=(picture, found), name="trellis-check", daemon=True)
    _Memory.thread.start()
    bpy.app.timers.register(partial(_hear, key, found, _Memory.thread), first_interval=JUDGED_LOOK_S, persistent=True)
    return None


def _judge(picture: "Picture", found: "list[Findings]") -> None:
    from ...imaging.quality import judge

    found.append(judge(picture))


def _hear(key: Key, found: "list[Findings]", thread: threading.Thread) -> float | None:
    if key not in _Memory.known:
        return None
    if thread.is_alive():
        return JUDGED_LOOK_S
    if found and found[0]:
        _Memory.known[key] = found[0]
        redraw.sidebars()
    return None
