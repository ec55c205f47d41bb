# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender tells the add-on: another file was opened, something was undone."""

from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..state import background, session
from . import monitor


@persistent
def note_another_file(*_: object) -> None:
    """File > Open, File > New, Revert, Recover."""
    from ...scene.placement import placeholder
    from ..viewport import redraw
    from . import early_reading

    found = session.current()
    found.file.another_file()
    early_reading.forget()
    if placeholder.all_here():
        # Their generations may be in the store.
        monitor.look_into_store()
    redraw.at_once()
    if monitor.has_work():
        monitor.watch()


@persistent
def note_undo(*_: object) -> None:
    """Undo, redo, and the undo inside Adjust Last Operation."""
    from ..viewport import overlay, redraw

    found = session.current()
    found.file.look_again()
    if overlay.is_in_use() or found.has_placeholders:
        redraw.at_once()
        # A placeholder that was missed may be back.
        if monitor.has_work():
            monitor.watch()


def register() -> None:
    """Adds the handlers."""
    lists: Any = bpy.app.handlers
    for handlers, handler in (
        (lists.load_post, note_another_file),
        (lists.undo_post, note_undo),
        (lists.redo_post, note_undo),
    ):
        handlers.append(handler)
        background.at_end(_take_out, handlers, handler)


def _take_out(handlers: list[Any], handler: Any) -> None:
    """Other add-ons clear these lists."""
    if handler in handlers:
        handlers.remove(handler)
