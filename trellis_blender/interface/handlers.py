# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender tells the add-on: another file was opened, something was undone."""

import bpy
from bpy.app.handlers import persistent

from . import monitor, session


@persistent
def note_another_file(*_: object) -> None:
    """File > Open, File > New, Revert, Recover."""
    from ..scene import placeholder
    from . import redraw

    found = session.current()
    found.file.another_file()
    if placeholder.all_here():
        # Somebody's, maybe ours: the list tells.
        monitor.look_into_store()
    redraw.at_once()
    if monitor.has_work():
        monitor.watch()


@persistent
def note_undo(*_: object) -> None:
    """Undo, redo, and the undo inside Adjust Last Operation."""
    from . import overlay, redraw

    found = session.current()
    found.file.look_again()
    if overlay.is_in_use() or found.has_placeholders:
        redraw.at_once()
        # A placeholder that was missed may be back.
        if monitor.has_work():
            monitor.watch()


def register() -> None:
    """Adds the handlers."""
    bpy.app.handlers.load_post.append(note_another_file)
    bpy.app.handlers.undo_post.append(note_undo)
    bpy.app.handlers.redo_post.append(note_undo)


def unregister() -> None:
    """Removes them."""
    bpy.app.handlers.load_post.remove(note_another_file)
    bpy.app.handlers.undo_post.remove(note_undo)
    bpy.app.handlers.redo_post.remove(note_undo)
