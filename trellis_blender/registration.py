# SPDX-License-Identifier: GPL-3.0-or-later
"""The one ordered list of what is registered; undone in reverse."""

import sys

import bpy

from .interface import (
    access,
    generate,
    handlers,
    monitor,
    panel,
    preferences,
    rows,
    session,
    settings,
    strays,
)

CLASSES = (
    preferences.TRELLIS_AP_preferences,
    settings.TRELLIS_PG_settings,
    generate.TRELLIS_OT_generate,
    monitor.TRELLIS_OT_monitor,
    rows.TRELLIS_OT_cancel,
    rows.TRELLIS_OT_place,
    rows.TRELLIS_OT_resume,
    rows.TRELLIS_OT_submit_again,
    rows.TRELLIS_OT_submit_paused,
    panel.TRELLIS_PT_generate,
    panel.TRELLIS_PT_generations,
    strays.TRELLIS_OT_remove_placeholder,
    strays.TRELLIS_PT_strays,
)


def register() -> None:
    """Classes, settings, handlers, and a timer for the first look into the store. Reads nothing, asks nobody."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    settings.register()
    handlers.register()
    monitor.look_into_store()


def unregister() -> None:
    """Stops what runs and takes back what `register` did."""
    from .interface import redraw

    monitor.stop()
    session.end()
    redraw.end()
    handlers.unregister()
    settings.unregister()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
    access.forget_cached_key()
    _forget_modules()


def _forget_modules() -> None:
    """An updated add-on is enabled again under the same name: nothing of the old one may be found then."""
    package = __name__.rpartition(".")[0]
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        del sys.modules[name]
        child = name.removeprefix(f"{package}.")
        if "." not in child:
            vars(sys.modules[package]).pop(child, None)
