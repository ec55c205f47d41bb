# SPDX-License-Identifier: GPL-3.0-or-later
"""The news from the threads, on Blender's main thread.

Two parts. The monitor is a modal timer operator, one for all generations, that takes over changes, lets models arrive
and redraws the sidebar. It ends every 20 s, because Blender writes no autosave while any modal operator runs. The
watch is a timer that outlives File > Open: while there is work it looks whether a monitor runs and starts one, so the
end of a shift, another file and a closed window are all the same case.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy

from ...generation.states import State
from ...scene import user_activity, windows
from ..input_image import thumbnails
from ..placed_model import assets, finish_operator
from ..state import background, configuration, other_blenders, session
from ..text import rows
from ..viewport import redraw
from . import arrival, early_reading

if TYPE_CHECKING:
    from ...generation.record.generation import Generation

TICK_S = 0.1
SHIFT_S = 20.0
HANDOVER_S = 0.3
"""Blender looks every 10 ms whether an autosave that is due may be written."""
WATCH_INTERVAL_S = 0.3
IDLE_CHECK_S = 0.5
READ_LOOK_S = 0.05
NEXT_TURN_S = 0.01
"""Blender draws and takes events in between."""
FIRST_LOOK_S = 1.0
"""After the add-on was enabled: Blender has drawn by then."""
CHANGES_S = 0.25
"""Rows may change at every turn, with thirty generations, and a long list takes a while to draw."""
CLOCK_S = 1.0
"""The rows tell how long a generation has been going on."""


class _Memory:
    timer: bpy.types.Timer | None = None
    ended_at = 0.0
    redrawn_at = 0.0
    is_stale = False  # something has changed that is not shown yet
    background_operators: set[str] = set()
    asked_at = 0.0
    to_place: dict[str, str] = {}  # ids of generations in the order of their places, and the file that was open
    news: list[str] = []  # to be reported by the operator: a timer cannot


class TRELLIS_OT_monitor(bpy.types.Operator):
    """Follows the generations"""

    bl_idname = "trellis.monitor"
    bl_label = "Follow Generations"
    bl_options = {'INTERNAL'}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        manager = context.window_manager
        end_shift()
        _Memory.timer = manager.event_timer_add(TICK_S, window=context.window)
        if user_activity.has_orphaned_operators(context.window):
            # Blender 4.3 would crash. The timer's first event takes them away, and the watch tries again.
            return {'CANCELLED'}
        self.shift_ends = time.monotonic() + SHIFT_S
        manager.modal_handler_add(self)
        return {'RUNNING_MODAL'}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type != 'TIMER':
            return {'PASS_THROUGH'}
        tick()
        for sentence in _Memory.news:
            self.report({'INFO'}, sentence)
        _Memory.news.clear()
        if has_work() and time.monotonic() < self.shift_ends:
            return {'PASS_THROUGH'}
        end_shift()
        return {'FINISHED', 'PASS_THROUGH'}

    def cancel(self, context: bpy.types.Context) -> None:
        end_shift()


def watch() -> None:
    """Has the generations followed for as long as there is work; never in background Blender."""
    if not bpy.app.background and not background.is_waiting(_look_after_monitor):
        background.later(_look_after_monitor)


def look_into_store() -> None:
    """Soon after the start: continues what an earlier Blender left; never in background Blender."""
    if not bpy.app.background:
        background.later(_first_look, FIRST_LOOK_S)


def press(operator: bpy.types.Operator, act: Callable[[], object], what_follows: str = "") -> set[str]:
    """Does what a button is for, and returns what the operator does. A reason why it cannot be done is reported, and
    behind it `what_follows` from that, as a sentence.
    """
    try:
        act()
    except (configuration.NotReady, ValueError) as error:
        operator.report({'ERROR'}, f"{error} {what_follows}".strip())
        return {'CANCELLED'}
    pressed()
    return {'FINISHED'}


def pressed() -> None:
    """To be called when the artist pressed a button: what runs modally now is no tool in their hand."""
    _Memory.background_operators = user_activity.modal_operators()
    redraw.forget_news()
    redraw.everything()
    watch()


def deliver(generation_id: str) -> None:
    """Puts a generation's model into the scene, from a timer of its own, outside of operators, once a thread has read
    it; in background Blender at once.
    """
    if bpy.app.background:
        _place(generation_id)
    else:
        _Memory.to_place[generation_id] = session.current().file.blend_load
        if not background.is_waiting(_place_next):
            background.later(_place_next)


def has_work() -> bool:
    """True while a thread works on a generation or a model waits for its moment to arrive."""
    found = session.current()
    return bool(_Memory.news) or any(
        generation.is_working or found.file.arrives_here(generation) for generation in found.lively.values()
    )


def tick() -> None:
    """One turn: takes over what changed, lets a model arrive, redraws the sidebar on a change."""
    found = session.current()
    _Memory.is_stale = found.drain() or _Memory.is_stale
    ready = [generation for generation in found.lively.values() if found.file.arrives_here(generation)]
    if ready:
        _let_arrive(ready)
    now = time.monotonic()
    shown_for_s = now - _Memory.redrawn_at
    if shown_for_s >= CHANGES_S and (_Memory.is_stale or (found.lively and shown_for_s >= CLOCK_S)):
        _show()
    _tidy_up(found)


def line_of(generation: "Generation") -> rows.Line:
    """What the list says about a generation now."""
    found = session.current()
    is_ready, is_placed = generation.state is State.READY, generation.state is State.PLACED
    here = (is_ready or is_placed) and found.file.belongs_here(generation)
    return rows.describe(
        generation,
        time.time(),
        here=here,
        in_scene=here and is_placed and found.file.is_in_scene(generation),
        waits_for=found.waits_for,
        has_lost_placeholder=is_ready and found.file.misses_placeholder(generation),
    )


def stop() -> None:
    """Ends the monitor; the operator's class may then be unregistered. What was read is dropped."""
    early_reading.forget()
    end_shift()


def end_shift() -> None:
    """Ends the monitor; the operator's class may then be unregistered."""
    timer, _Memory.timer = _Memory.timer, None
    _Memory.ended_at = time.monotonic()
    if timer is not None:
        bpy.context.window_manager.event_timer_remove(timer)


def _first_look() -> None:
    if configuration.data_folder().is_dir():
        session.current().load()
        watch()
    redraw.everything()


def _show() -> None:
    _Memory.redrawn_at = time.monotonic()
    _Memory.is_stale = False
    redraw.everything()


def _let_arrive(ready: "list[Generation]") -> None:
    found = session.current()
    now = time.monotonic()
    if found.waits_for and now - _Memory.asked_at < IDLE_CHECK_S:
        return
    _Memory.asked_at = now
    found.waits_for = user_activity.why_wait(_Memory.background_operators)
    if found.waits_for:
        return
    from ...scene.placement import placeholder

    # What was found a while ago may be in no scene any more.
    placeholder.forget()
    if found.file.arrives_here(ready[0]) and arrival.is_read(ready[0]):
        # One at a time: each takes a moment, and the artist may work in between.
        deliver(ready[0].id)


def _place_next() -> float | None:
    """One model, once it has been read, into the file that was open when it was asked for. The next one has its own
    turn of Blender's event loop, and is read meanwhile; more at once would take much memory.
    """
    found = session.current()
    for generation_id, blend_load in list(_Memory.to_place.items()):
        if found.file.blend_load != blend_load or generation_id not in found.generations:
            del _Memory.to_place[generation_id]
            early_reading.take(generation_id)
    if _Memory.to_place and user_activity.job_that_reads_the_scene():
        return IDLE_CHECK_S
    first, second, *_ = (*_Memory.to_place, None, None)
    if first is None:
        return None
    is_read = arrival.is_read(found.generations[first])
    if second is not None:
        arrival.is_read(found.generations[second])
    if not is_read:
        return READ_LOOK_S
    del _Memory.to_place[first]
    _place(first)
    return NEXT_TURN_S if _Memory.to_place else None


def _place(generation_id: str) -> None:
    found = session.current()
    generation = found.generations.get(generation_id)
    if generation is not None and generation.state in {State.READY, State.PLACED}:
        read = early_reading.take(generation_id)
        placed = arrival.place(generation, read)
        if placed.state is State.PLACED and not bpy.app.background:
            _Memory.news.append(rows.arrival(placed))
            thumbnails.arrived(generation_id, read)
            assets.arrived(generation_id)
            finish_operator.arrived(placed.object_name, placed.request.placement.finish)
            watch()
    redraw.everything()


def _tidy_up(found: session.Session) -> None:
    if found.abandoned and not bpy.app.background and not background.is_waiting(_remove_abandoned):
        background.later(_remove_abandoned)


def _remove_abandoned() -> float | None:
    """Not while the artist moves one of them, and as a step that can be undone."""
    if user_activity.why_wait(_Memory.background_operators):
        return IDLE_CHECK_S
    arrival.remove_abandoned()
    redraw.everything()
    return None


def _look_after_monitor() -> float | None:
    found = session.current()
    may_come, knew_all = found.is_busy, found.knows_all
    # The list says so as well where there is nothing in it that can be read.
    if found.drain() or _Memory.is_stale or found.knows_all is not knew_all:
        _show()
    _tidy_up(found)
    others_work = found.others.look_elsewhere()
    may_turn_up = found.others.look_again()
    if not has_work():
        if user_activity.OUR_MONITOR not in user_activity.modal_operators():
            end_shift()
        # What was taken up just now has not been heard of yet.
        if may_come or found.is_busy:
            return WATCH_INTERVAL_S
        return other_blenders.ELSEWHERE_LOOK_S if others_work or may_turn_up else None
    rested_s = time.monotonic() - _Memory.ended_at
    if rested_s < HANDOVER_S:
        return HANDOVER_S - rested_s
    opened = bpy.context.window_manager.windows
    if opened and user_activity.OUR_MONITOR not in user_activity.modal_operators():
        with windows.inside(opened[0]):
            bpy.ops.trellis.monitor('INVOKE_DEFAULT')  # pyright: ignore[reportAttributeAccessIssue]
    return WATCH_INTERVAL_S
