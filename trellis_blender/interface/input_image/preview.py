# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture that the panel shows: a thumbnail, and when the file was last changed.

A draw function only asks what is known. A thread looks at the file, soon after a path is first asked for and, while it
is shown, now and then: a network drive that is gone answers only after minutes.
"""

import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import bpy

from ..state import background
from ..state.blend_file import path_of
from ..viewport import redraw
from . import file
from .file import Seen
from .icons import Previews

LOOK_AGAIN_S = 2.0
PATIENCE_S = 1.0
"""Then the panel says that the drive does not answer."""
KEPT = 16
"""Thumbnails; each takes 256 KB."""


class Known(NamedTuple):
    """`icon` is 0 while there is none; `problem` a sentence where the picture cannot be used."""

    path: str
    changed_ns: int = 0
    icon: int = 0
    problem: str = ""
    looked_at: float = 0.0


class _Memory:
    known: dict[str, Known] = {}
    previews = Previews(KEPT)


def look(image: str) -> Known:
    """What is known of a picture as it was entered. Never touches the disk in a Blender with a window."""
    path = str(path_of(image))
    if bpy.app.background:
        seen = file.look(Path(path))
        return Known(path, seen.changed_ns, problem=seen.problem)
    found = _Memory.known.get(path, Known(path))
    if not background.is_running(_name(path)) and time.monotonic() - found.looked_at > LOOK_AGAIN_S:
        _Memory.known[path] = found._replace(looked_at=time.monotonic())
        _begin_look(path)
    return found


def look_now(image: str) -> None:
    """Looks at a picture that the artist has just pointed at, so that it can be shown at once."""
    path = str(path_of(image))
    changed_ns, problem = file.look(Path(path))
    _Memory.known[path] = Known(path, changed_ns, _icon(path, changed_ns, problem), problem, time.monotonic())


def _begin_look(path: str) -> None:
    background.in_thread(_name(path), partial(file.look, Path(path)), partial(_keep, path))
    background.later(partial(_lose_patience, path), PATIENCE_S)


def _name(path: str) -> str:
    return f"picture {path}"


def _keep(path: str, seen: Seen) -> None:
    changed_ns, problem = seen
    _take_over(Known(path, changed_ns, _icon(path, changed_ns, problem), problem, time.monotonic()))


def _lose_patience(path: str) -> None:
    found = _Memory.known.get(path)
    if found is not None and background.is_running(_name(path)):
        _take_over(found._replace(problem=f"The drive with “{path}” does not answer."))


def _take_over(found: Known) -> None:
    before = _Memory.known.get(found.path)
    _Memory.known[found.path] = found
    if before is None or before._replace(looked_at=found.looked_at) != found:
        redraw.sidebars()


def _icon(path: str, changed_ns: int, problem: str) -> int:
    """0 for what is refused: a thumbnail decodes the whole picture."""
    if problem or not changed_ns:
        return 0
    if _Memory.previews.is_full:
        _Memory.previews.clear()
        _Memory.known.clear()
    return _Memory.previews.icon(f"{changed_ns} {path}", Path(path))
