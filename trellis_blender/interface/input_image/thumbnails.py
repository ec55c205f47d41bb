# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures in the list: of the model itself where it has stood in a scene, else the one it is made from.

A draw function only asks what is there. Files are looked for by a timer; the model's picture is drawn by a thread, from
a copy that is taken some time after the arrival, so that the two never add up to a hitch.
"""

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..state import session
from ..viewport import redraw
from .icons import Previews

if TYPE_CHECKING:
    from ...generation.record.generation import Generation

AFTER_ARRIVAL_S = 0.4
DRAWN_LOOK_S = 0.2
STOP_TIMEOUT_S = 2.0
KEPT = 200
"""Thumbnails; Blender keeps some 64 KB for each."""


class _Memory:
    icons: dict[str, int] = {}
    asked: set[str] = set()
    previews = Previews(KEPT)
    thread: threading.Thread | None = None


def icon_of(generation: "Generation") -> int:
    """The icon's number, 0 while there is none. Never touches the disk."""
    if generation.id not in _Memory.icons and generation.id not in _Memory.asked and not bpy.app.background:
        _Memory.asked.add(generation.id)
        bpy.app.timers.register(partial(_look, generation.id), first_interval=0.0, persistent=True)
    return _Memory.icons.get(generation.id, 0)


def arrived(generation_id: str) -> None:
    """Sees to it that a model which has just arrived gets its picture."""
    if not bpy.app.background:
        bpy.app.timers.register(partial(_decode, generation_id), first_interval=AFTER_ARRIVAL_S, persistent=True)


def forget() -> None:
    """Gives the pictures back, and waits for the one that is being drawn."""
    thread, _Memory.thread = _Memory.thread, None
    if thread is not None:
        thread.join(STOP_TIMEOUT_S)
    _Memory.icons.clear()
    _Memory.asked.clear()
    _Memory.previews.clear()


def _look(generation_id: str) -> None:
    from ...generation.files import INPUT_NAME, THUMBNAIL_NAME

    found = session.current()
    generation = found.generations.get(generation_id)
    _Memory.asked.discard(generation_id)
    if generation is None:
        return
    folder = found.queue.folder / generation.folder_name
    path = next((path for path in (folder / THUMBNAIL_NAME, folder / INPUT_NAME) if path.is_file()), None)
    _Memory.icons[generation_id] = _load(generation_id, path) if path is not None else 0
    if path is not None:
        redraw.sidebars()


def _load(generation_id: str, path: Path) -> int:
    if _Memory.previews.is_full:
        _Memory.previews.clear()
        _Memory.icons.clear()
    return _Memory.previews.icon(f"{generation_id} {path.name}", path)


def _decode(generation_id: str) -> None:
    """Blender decodes a texture when its size is first asked for, which takes as long as all the rest."""
    model = _model(generation_id)
    if model is not None:
        from ...scene.images import mesh_snapshot

        mesh_snapshot.prepare(model)
        bpy.app.timers.register(partial(_take, generation_id), first_interval=DRAWN_LOOK_S, persistent=True)


def _take(generation_id: str) -> float | None:
    if _Memory.thread is not None and _Memory.thread.is_alive():
        return DRAWN_LOOK_S
    model = _model(generation_id)
    if model is None:
        return None
    from ...scene.images import mesh_snapshot, thumbnail

    found = session.current()
    copied = mesh_snapshot.take(model)
    if copied is not None:
        folder = found.queue.folder / found.generations[generation_id].folder_name
        _Memory.thread = threading.Thread(
            target=thumbnail.keep, args=(copied, folder), name="trellis-thumbnail", daemon=True
        )
        _Memory.thread.start()
        bpy.app.timers.register(
            partial(_show, generation_id, _Memory.thread), first_interval=DRAWN_LOOK_S, persistent=True
        )
    return None


def _show(generation_id: str, thread: threading.Thread) -> float | None:
    if thread.is_alive():
        return DRAWN_LOOK_S
    _Memory.icons.pop(generation_id, None)
    _look(generation_id)
    return None


def _model(generation_id: str) -> "bpy.types.Object | None":
    found = session.current()
    generation = found.generations.get(generation_id)
    return found.file.object_of(generation) if generation is not None else None
