# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the panel's picture: looked for once for each picture, soon after it was chosen.

A draw function only asks what is known. A timer has the picture decoded, a thread judges it.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..state import background
from ..viewport import redraw
from .file import changed_at_ns

if TYPE_CHECKING:
    from ...imaging.quality import Finding

    Findings = tuple[Finding, ...]

AFTER_CHOICE_S = 0.3
"""The thumbnail comes first."""
KEPT = 16
"""Pictures: scenes in several windows may each have one."""

Key = tuple[str, int]


class _Memory:
    known: "dict[Key, Findings]" = {}  # nothing, as long as it was not judged
    waiting = 0
    problems: dict[Key, str] = {}  # of those that could not be decoded
    sizes: dict[Key, tuple[int, int]] = {}


def look(path: str, changed_ns: int) -> "Findings":
    """What is known to be wrong with a picture: nothing, until it was judged. Never waits."""
    key = (path, changed_ns)
    if key not in _Memory.known and changed_ns and not bpy.app.background:
        if len(_Memory.known) >= KEPT:
            _Memory.problems.pop(oldest := next(iter(_Memory.known)), None)
            _Memory.sizes.pop(oldest, None)
            del _Memory.known[oldest]
        _Memory.known[key] = ()
        _Memory.waiting += 1
        # Several are decoded one after the other.
        background.later(partial(_begin, key), AFTER_CHOICE_S * _Memory.waiting)
    return _Memory.known.get(key, ())


def problem(path: str, changed_ns: int) -> str:
    """Why a picture that was looked at cannot be decoded, as a sentence; "" where it can, or has not been yet."""
    return _Memory.problems.get((path, changed_ns), "")


def size_of(path: str, changed_ns: int) -> tuple[int, int]:
    """Width and height of a picture that was looked at, as it is sent; zeros as long as they are not known."""
    return _Memory.sizes.get((path, changed_ns), (0, 0))


def check(path: Path, scene: bpy.types.Scene) -> "Findings":
    """What is wrong with a picture, at once. Raises PictureUnusable."""
    from ...imaging.quality import judge
    from . import decode_cache

    return judge(decode_cache.decode(path, changed_at_ns(path), scene))


def _begin(key: Key) -> None:
    from ...imaging.quality import judge
    from ...scene.images.load import PictureUnusable
    from . import decode_cache

    _Memory.waiting = max(_Memory.waiting - 1, 0)
    try:
        picture = decode_cache.decode(Path(key[0]), key[1], bpy.context.scene)
    except PictureUnusable as reason:
        _Memory.problems[key] = str(reason)
        redraw.sidebars()
    else:
        _Memory.sizes[key] = (picture.width, picture.height)
        background.in_thread(f"check {key}", partial(judge, picture), partial(_keep, key))


def _keep(key: Key, found: "Findings") -> None:
    if found and key in _Memory.known:
        _Memory.known[key] = found
        redraw.sidebars()
