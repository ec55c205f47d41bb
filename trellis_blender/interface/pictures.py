# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture that the panel shows: a thumbnail, and when the file was last changed.

A draw function only asks what is known. Looking at the file is done by a timer, soon after a path is first asked for
and, while it is shown, now and then; Blender decodes the thumbnail in a thread of its own.
"""

import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from . import redraw
from .generate import changed_at_ns, path_of

LOOK_AGAIN_S = 2.0
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
    thumbnails: Any = None


def look(image: str) -> Known:
    """What is known of a picture as it was entered. Never touches the disk in a Blender with a window."""
    path = str(path_of(image))
    found = _Memory.known.get(path, Known(path))
    if bpy.app.background:
        return _look_at(path)
    if time.monotonic() - found.looked_at > LOOK_AGAIN_S:
        _Memory.known[path] = found._replace(looked_at=time.monotonic())
        bpy.app.timers.register(partial(_look_and_show, path), first_interval=0.0)
    return found


def look_now(image: str) -> None:
    """Looks at a picture that the artist has just pointed at, so that it can be shown at once."""
    path = str(path_of(image))
    _Memory.known[path] = Known(path)
    _look_and_show(path)


def forget() -> None:
    """Gives the thumbnails back."""
    thumbnails, _Memory.thumbnails = _Memory.thumbnails, None
    _Memory.known.clear()
    if thumbnails is not None:
        import bpy.utils.previews

        bpy.utils.previews.remove(thumbnails)


def _look_and_show(path: str) -> None:
    before = _Memory.known.get(path)
    if before is None:
        return  # the add-on was switched off meanwhile
    found = _look_at(path)
    if (found.changed_ns, found.problem) != (before.changed_ns, before.problem):
        if found.changed_ns:
            found = found._replace(icon=_load_thumbnail(path, found.changed_ns))
        redraw.sidebars()
    else:
        found = found._replace(icon=before.icon)
    _Memory.known[path] = found


def _look_at(path: str) -> Known:
    changed_ns = changed_at_ns(Path(path))
    problem = "" if changed_ns and Path(path).is_file() else f"There is no file “{path}”. Choose the image again."
    return Known(path, 0 if problem else changed_ns, 0, problem, time.monotonic())


def _load_thumbnail(path: str, changed_ns: int) -> int:
    import bpy.utils.previews

    if _Memory.thumbnails is None:
        _Memory.thumbnails = bpy.utils.previews.new()
    elif len(_Memory.thumbnails) >= KEPT:
        _Memory.thumbnails.clear()
        _Memory.known.clear()
    name = f"{changed_ns} {path}"
    if name not in _Memory.thumbnails:
        _Memory.thumbnails.load(name, path, 'IMAGE')
    return _Memory.thumbnails[name].icon_id
