# SPDX-License-Identifier: GPL-3.0-or-later
"""Several pictures are decoded one a turn: Blender draws meanwhile and says how far it is, and Esc ends it.

Everything else waits, so that what is submitted then is what the artist has read the price of.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import bpy

from .file import changed_at_ns

TURN_S = 0.01
NOTHING_SUBMITTED = "Nothing was submitted."

Then = Callable[[Any, bpy.types.Context], set[str]]
"""What the pictures are for. It reports through the operator that it gets, and returns what that one returns."""


class _Memory:
    asked: "tuple[Sequence[Path], Then] | None" = None  # handed over: an operator's properties hold no functions
    timers: ClassVar[list[bpy.types.Timer]] = []


class TRELLIS_OT_read_pictures(bpy.types.Operator):
    """Reads pictures one after the other"""

    bl_idname = "trellis.read_pictures"
    bl_label = "Read Pictures"
    bl_options = {'INTERNAL'}

    asked_at = 1.0
    """As of an operator that has had a dialog: one came before this one."""
    done = 0

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from . import decode_cache

        if _Memory.asked is None:
            return {'CANCELLED'}
        (self.paths, self.then), _Memory.asked = _Memory.asked, None
        self.timer = context.window_manager.event_timer_add(TURN_S, window=context.window)
        _Memory.timers.append(self.timer)
        context.window_manager.modal_handler_add(self)
        decode_cache.keep_all()
        self._say(context)
        return {'RUNNING_MODAL'}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == 'ESC' and event.value == 'PRESS':
            self.cancel(context)
            self.report({'INFO'}, NOTHING_SUBMITTED)
            return {'CANCELLED'}
        if event.type != 'TIMER':
            return {'RUNNING_MODAL'}
        is_over = True
        try:
            if self.done < len(self.paths) and _is_read(self.paths[self.done], context.scene):
                self.done += 1
                self._say(context)
                is_over = False
                return {'PASS_THROUGH'}
            return self.then(self, context)
        finally:
            if is_over:
                self.cancel(context)

    def cancel(self, context: bpy.types.Context) -> None:
        from . import decode_cache

        context.workspace.status_text_set(None)
        decode_cache.keep_last()
        if self.timer in _Memory.timers:
            _Memory.timers.remove(self.timer)
            context.window_manager.event_timer_remove(self.timer)

    def _say(self, context: bpy.types.Context) -> None:
        count = len(self.paths)
        context.workspace.status_text_set(
            f"Reading picture {min(self.done + 1, count)} of {count}   Esc: submit nothing"
        )


def read(operator: Any, context: bpy.types.Context, paths: Sequence[Path], then: Then) -> set[str]:
    """Decodes the pictures, then does what they are for: at once for a single one, and for a script, which has
    had no dialog (`asked_at`) and waits for the outcome.
    """
    paths = list(dict.fromkeys(paths))
    if not operator.asked_at or len(paths) < 2:
        return then(operator, context)
    _Memory.asked = paths, then
    operators: Any = bpy.ops
    operators.trellis.read_pictures('INVOKE_DEFAULT')
    return {'FINISHED'}


def end() -> None:
    """Ends the reading; nothing is submitted."""
    from . import decode_cache

    decode_cache.keep_last()
    while _Memory.timers:
        bpy.context.window_manager.event_timer_remove(_Memory.timers.pop())


def _is_read(path: Path, scene: bpy.types.Scene) -> bool:
    """False where the picture cannot be read. What follows says why, with the name of what it was for."""
    from ...scene.images.limits import PictureUnusable
    from . import decode_cache

    try:
        decode_cache.decode(path, changed_at_ns(path), scene)
    except PictureUnusable:
        return False
    return True
