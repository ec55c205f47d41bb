# SPDX-License-Identifier: GPL-3.0-or-later
"""The one ordered list of what is registered; undone in reverse."""

import sys

import bpy

from .interface import (
    access,
    account,
    generate,
    handlers,
    logs,
    monitor,
    panel,
    preferences,
    report,
    rows,
    session,
    settings,
    spending,
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
    rows.TRELLIS_OT_remove,
    account.TRELLIS_OT_test_key,
    account.TRELLIS_OT_list_tasks,
    account.TRELLIS_OT_fetch_task,
    spending.TRELLIS_OT_export_costs,
    report.TRELLIS_OT_copy_report,
    panel.TRELLIS_PT_generate,
    panel.TRELLIS_PT_generations,
    account.TRELLIS_PT_account,
)


def register() -> None:
    """Classes, settings, handlers, and a timer for the first look into the store. Reads nothing, asks nobody."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    settings.register()
    logs.register()
    handlers.register()
    monitor.look_into_store()


def unregister() -> None:
    """Stops what runs and takes back what `register` did."""
    monitor.stop()
    session.end()
    handlers.unregister()
    logs.unregister()
    settings.unregister()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
    access.KEY_FILE.forget()
    access.WEBHOOK_FILE.forget()
    _forget_modules()


def _forget_modules() -> None:
    """An updated add-on is enabled again under the same name: nothing of the old one may be found then."""
    package = __name__.rpartition(".")[0]
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        del sys.modules[name]
        child = name.removeprefix(f"{package}.")
        if "." not in child:
            vars(sys.modules[package]).pop(child, None)
