# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures in the list: of the model itself where it has stood in a scene, else the one it is made from.

A draw function only asks what is there. Files are looked for by a timer; the model's picture is drawn by a thread, from
a copy that is taken some time after the arrival, so that the two never add up to a hitch.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..placed_model import assets
from ..state import background, session
from .icons import GenerationIcons

if TYPE_CHECKING:
    from ...generation.record.generation import Generation
    from ...scene.importing.reading import Reading

AFTER_ARRIVAL_S = 0.4
AFTER_DECODING_S = 0.2
AGAIN_AFTER_S = 0.2
DRAWING = assets.DRAWING
"""The name of the thread: one model at a time, because a copy of each takes its room."""
KEPT = 200
"""Thumbnails; Blender keeps some 64 KB for each."""


def _thumbnail_in(folder: Path) -> list[Path]:
    from ...generation.files import INPUT_NAME, THUMBNAIL_NAME

    return [path for path in (folder / THUMBNAIL_NAME, folder / INPUT_NAME) if path.is_file()][:1]


_icons = GenerationIcons(KEPT, _thumbnail_in)


def icon_of(generation: "Generation") -> int:
    """The icon's number, 0 while there is none. Never touches the disk."""
    return next((icon for _, icon in _icons.of(generation)), 0)


def look_now(generation_id: str) -> None:
    """Looks at the disk for the picture of a generation that the artist has just pointed at."""
    _icons.look(generation_id)


def arrived(generation_id: str, read: "Reading | None") -> None:
    """Has the picture of a model drawn that has just arrived, out of what was read of its file where that is known."""
    if not bpy.app.background:
        background.later(partial(_decode, generation_id, read), AFTER_ARRIVAL_S)


def _decode(generation_id: str, read: "Reading | None") -> None:
    """Blender decodes a texture when its size is first asked for, which takes as long as all the rest."""
    model = session.current().model_of(generation_id)
    if model is not None:
        from ...scene.images import mesh_snapshot

        mesh_snapshot.prepare(model)
        background.later(partial(_take, generation_id, read), AFTER_DECODING_S)


def _take(generation_id: str, read: "Reading | None") -> float | None:
    if background.is_running(DRAWING):
        return AGAIN_AFTER_S
    model = session.current().model_of(generation_id)
    if model is None:
        return None
    from ...scene.images import mesh_snapshot, thumbnail
    from ...scene.second_blender import this_blender

    found = session.current()
    copied = mesh_snapshot.take(model, read.model() if read is not None else None, leaves_large=True)
    if copied is not None:
        folder = found.queue.folder / found.generations[generation_id].folder_name
        work = partial(thumbnail.keep, copied, folder, this_blender(bpy.app.binary_path), background.go_on)
        background.in_thread(DRAWING, work, lambda _: _icons.look(generation_id))
    return None
