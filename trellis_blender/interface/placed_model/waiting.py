# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators have in common that wait for a second Blender or a thread: the window stays free, the status bar and
the panel say what is done, Esc ends it.
"""

import time
from collections.abc import Callable
from typing import Any

import bpy

from ...scene import user_activity
from ..text.layouts import draw_text

LOOK_S = 0.1


class _Shown:
    lines: dict[str, str] = {}
    """What is being done, by the `panel` of the operator."""


def draw_waiting(layout: Any, context: bpy.types.Context, panel: str) -> None:
    """What an operator of that panel does in the background at the moment, if one does."""
    if line := _Shown.lines.get(panel):
        draw_text(layout, context, line, 'TIME')


class Waiting:
    """A modal operator that passes on all events until its work is done."""

    panel = ""
    """The word that the operator's own panel gives to `draw_waiting`."""
    timer: Any = None
    """While it is modal."""

    def refusals(self) -> tuple[type[Exception], ...]:
        """What is raised with a sentence for the artist."""
        raise NotImplementedError

    def is_done(self) -> bool:
        """Whether the work has ended, with or without a result."""
        raise NotImplementedError

    def said(self) -> str:
        """What is worked on, as in "Checking “Chair”"."""
        raise NotImplementedError

    def take(self, context: bpy.types.Context, model: bpy.types.Object | None) -> set[str]:
        """Does something with the result for `model`, which is None where it was deleted meanwhile."""
        raise NotImplementedError

    def drop(self) -> None:
        """Ends the work, if it still goes on, and forgets its result."""
        raise NotImplementedError

    def wait_for(self, context: bpy.types.Context, model: bpy.types.Object) -> set[str]:
        """Begins to wait. What it returns, an operator returns."""
        operator: Any = self
        self._uid, self.name_shown, self._begun = model.session_uid, model.name, time.monotonic()
        self.timer = context.window_manager.event_timer_add(LOOK_S, window=context.window)
        context.window_manager.modal_handler_add(operator)
        self._show(context)
        return {'RUNNING_MODAL'}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Blender calls it for each event."""
        operator: Any = self
        if event.type == 'ESC' and event.value == 'PRESS':
            self.cancel(context)
            operator.report({'INFO'}, "Cancelled. The model is as it was.")
            return {'CANCELLED'}
        if event.type != 'TIMER':
            return {'PASS_THROUGH'}
        is_done = self.is_done()
        waits_for = user_activity.job_that_reads_the_scene()
        if not is_done or waits_for:
            self._show(context, f" · waiting until {waits_for}" if is_done else "")
            return {'PASS_THROUGH'}
        try:
            return self.reported(lambda: self.take(context, self._model()))
        finally:
            self.cancel(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender calls it where it ends the operator: the file is closed."""
        timer, self.timer = self.timer, None
        if timer is None:
            return  # it never waited: a file browser was closed
        context.window_manager.event_timer_remove(timer)
        self.drop()
        context.workspace.status_text_set(None)
        _Shown.lines.pop(self.panel, None)
        _redraw_sidebar(context)

    def _model(self) -> bpy.types.Object | None:
        """By its number, which no other object has: it may have another name by now."""
        model = bpy.data.objects.get(self.name_shown)
        if model is None or model.session_uid != self._uid:
            model = next((item for item in bpy.data.objects if item.session_uid == self._uid), None)
        if model is not None:
            self.name_shown = model.name
        return model

    def _show(self, context: bpy.types.Context, wait: str = "") -> None:
        self._model()  # whose name is said
        seconds = int(time.monotonic() - self._begun)
        line = f"{self.said()}{wait} · {seconds} s · Esc cancels"
        if line != _Shown.lines.get(self.panel):
            _Shown.lines[self.panel] = line
            context.workspace.status_text_set(line)
            _redraw_sidebar(context)

    def reported(self, act: Callable[[], set[str]]) -> set[str]:
        """What `act` returns; a refusal is reported."""
        operator: Any = self
        try:
            return act()
        except self.refusals() as error:
            operator.report({'ERROR'}, str(error))
            return {'CANCELLED'}

    def found(self, context: bpy.types.Context) -> bpy.types.Object:
        """The object that is meant. Raises the first of the refusals."""
        name: str = getattr(self, "model", "")
        found = bpy.data.objects.get(name) if name else context.active_object
        if found is None:
            raise self.refusals()[0](f"There is no object “{name}”." if name else user_activity.SELECT_FIRST)
        return found


def _redraw_sidebar(context: bpy.types.Context) -> None:
    """That of the area where the operator was called, which is None once another file is open."""
    for region in context.area.regions if context.area else ():
        if region.type == 'UI':
            region.tag_redraw()
