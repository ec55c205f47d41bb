# SPDX-License-Identifier: GPL-3.0-or-later
"""The news from the threads, on Blender's main thread.

Two parts. The monitor is a modal timer operator, one for all generations, that takes over changes, lets models arrive
and redraws the sidebar. It ends every 20 s, because Blender writes no autosave while any modal operator runs. The
watch is a timer that outlives File > Open: while there is work it looks whether a monitor runs and starts one, so the
end of a shift, another file and a closed window are all the same case.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.states import State
from ...scene import user_activity
from ..state import background, configuration, session
from ..text import rows
from ..viewport import redraw

if TYPE_CHECKING:
    from ...generation.record.generation import Generation

TICK_S = 0.1
SHIFT_S = 20.0
HANDOVER_S = 0.3
"""Blender looks every 10 ms whether an autosave that is due may be written."""
WATCH_INTERVAL_S = 0.3
IDLE_CHECK_S = 0.5
FIRST_LOOK_S = 1.0
"""After the add-on was enabled: Blender has drawn by then."""
CHANGES_S = 0.25
"""Rows may change at every turn, with thirty generations, and a long list takes a while to draw."""
CLOCK_S = 1.0
"""The rows tell how long a generation has been going on."""


class _Memory:
    timer: bpy.types.Timer | None = None
    is_over = False  # the add-on is switched off
    ended_at = 0.0
    redrawn_at = 0.0
    is_stale = False  # something has changed that is not shown yet
    background_operators: set[str] = set()
    asked_at = 0.0
    news: list[str] = []  # to be reported by the operator


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
        if _Memory.is_over:
            end_shift()
            return {'FINISHED', 'PASS_THROUGH'}
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


def tell(sentence: str) -> None:
    """Has the monitor report something in the status bar: a timer cannot."""
    _Memory.news.append(sentence)


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
    in_scene = is_placed and found.file.is_in_scene(generation)
    if in_scene and generation.where:
        from ...scene.arrival import hidden

        generation = replace(generation, where=hidden.still_said(generation.where))
    return rows.describe(
        generation,
        time.time(),
        here=here,
        in_scene=in_scene,
        waits_for=found.waits_for,
        has_lost_placeholder=is_ready and found.file.misses_placeholder(generation),
    )


def stop() -> None:
    """Ends the monitor, at its next turn where it runs, and drops what was read."""
    from . import early_reading

    early_reading.forget()
    _Memory.is_over = True
    if user_activity.OUR_MONITOR not in user_activity.modal_operators():
        end_shift()


def take_back(cls: Any) -> None:
    """Unregisters the monitor's class, once the monitor has ended. One that is unregistered while it runs leaves an
    empty place among Blender's modal operators, and Blender 4.3 crashes when the next one begins in the same turn: as
    its own operator does that switches the add-on off to update it.
    """

    def look() -> float | None:
        if cls.is_registered and user_activity.OUR_MONITOR in user_activity.modal_operators():
            return TICK_S
        if cls.is_registered:
            bpy.utils.unregister_class(cls)
        return None

    if (wait_s := look()) is not None:
        bpy.app.timers.register(look, first_interval=wait_s, persistent=True)  # the add-on's own have ended


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
    from . import arrival, delivery

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
        delivery.deliver(ready[0].id)


def _tidy_up(found: session.Session) -> None:
    if found.abandoned and not bpy.app.background and not background.is_waiting(_remove_abandoned):
        background.later(_remove_abandoned)


def _remove_abandoned() -> float | None:
    """Not while the artist moves one of them, and as a step that can be undone."""
    from . import arrival

    if user_activity.why_wait(_Memory.background_operators):
        return IDLE_CHECK_S
    arrival.remove_abandoned()
    redraw.everything()
    return None


def _look_after_monitor() -> float | None:
    from ...scene import windows
    from ..state import other_blenders

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
