# SPDX-License-Identifier: GPL-3.0-or-later
"""Models on their way into the scene, one after the other, from a timer outside of operators."""

import bpy

from ...generation.states import State
from ...scene import user_activity
from ..input_image import thumbnails
from ..placed_model import assets, finish_operator
from ..state import background, session
from ..text import rows
from ..viewport import redraw
from . import arrival, early_reading, monitor, picture_check

READ_LOOK_S = 0.05
NEXT_TURN_S = 0.01
"""Blender draws and takes events in between."""

_waiting: dict[str, str] = {}
"""The ids of generations in the order of their turns, and for each the file that was open when it was asked for."""


def deliver(generation_id: str) -> None:
    """Puts a generation's model into the scene, from a timer of its own, outside of operators, once a thread has read
    it; in background Blender at once.
    """
    if bpy.app.background:
        _place(generation_id)
    else:
        _waiting[generation_id] = session.current().file.blend_load
        if not background.is_waiting(_place_next):
            background.later(_place_next)


def _place_next() -> float | None:
    """One model, once it has been read, into the file that was open when it was asked for. The next one has its own
    turn of Blender's event loop, and is read meanwhile; more at once would take much memory.
    """
    found = session.current()
    for generation_id, blend_load in list(_waiting.items()):
        if found.file.blend_load != blend_load or generation_id not in found.generations:
            del _waiting[generation_id]
            early_reading.take(generation_id)
    if _waiting and user_activity.job_that_reads_the_scene():
        return monitor.IDLE_CHECK_S
    first, second, *_ = (*_waiting, None, None)
    if first is None:
        return None
    is_read = arrival.is_read(found.generations[first])
    if second is not None:
        arrival.is_read(found.generations[second])
    if not is_read:
        return READ_LOOK_S
    del _waiting[first]
    _place(first)
    return NEXT_TURN_S if _waiting else None


def _place(generation_id: str) -> None:
    found = session.current()
    generation = found.generations.get(generation_id)
    if generation is not None and generation.state in {State.READY, State.PLACED}:
        read = early_reading.take(generation_id)
        placed = arrival.place(generation, read)
        if bpy.app.background:
            arrival.finished(placed)
        elif placed.state is State.PLACED:
            monitor.tell(rows.arrival(placed))
            thumbnails.arrived(generation_id, read)
            picture_check.arrived(generation_id)
            assets.arrived(generation_id)
            finish_operator.arrived(placed.object_name, placed.request.placement.finish)
            monitor.watch()
    redraw.everything()
