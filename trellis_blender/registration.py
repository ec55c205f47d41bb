# SPDX-License-Identifier: GPL-3.0-or-later
"""The one ordered list of what is registered, and the one list of how it ends."""

import sys

import bpy

from .interface.generate import (
    background_removal,
    blockout,
    buttons,
    concepts,
    drag_and_drop,
    image_from_web,
    model_panel,
    operator,
    prompts,
    readiness,
)
from .interface.generate import panel as input_panels
from .interface.generations import panel, row_menu, rows
from .interface.input_image import capture, check, cleanup, decode_cache, decode_many, preview, thumbnails
from .interface.monitor import handlers, monitor
from .interface.placed_model import assets, finish_operator, finish_panel
from .interface.preferences import account, preferences, report, second_copy, spending
from .interface.state import configuration, logs, session, settings
from .interface.state.endings import Endings
from .interface.viewport import orphan_placeholders, redraw

CLASSES = (
    preferences.TRELLIS_AP_preferences,
    settings.TRELLIS_PG_settings,
    operator.TRELLIS_OT_generate,
    buttons.TRELLIS_OT_generate_from_panel,
    buttons.TRELLIS_OT_try_offline,
    buttons.TRELLIS_OT_new_seed,
    capture.TRELLIS_OT_take_picture,
    capture.TRELLIS_OT_use_image,
    capture.TRELLIS_MT_pictures,
    image_from_web.TRELLIS_OT_take_from_web,
    decode_many.TRELLIS_OT_read_pictures,
    drag_and_drop.TRELLIS_OT_generate_from_files,
    drag_and_drop.TRELLIS_OT_generate_from_editor,
    drag_and_drop.TRELLIS_OT_set_down,
    drag_and_drop.TRELLIS_FH_image,
    cleanup.TRELLIS_OT_check_image,
    cleanup.TRELLIS_OT_improve_image,
    cleanup.TRELLIS_OT_use_original_image,
    concepts.TRELLIS_OT_make_concepts,
    concepts.TRELLIS_OT_choose_concept,
    concepts.TRELLIS_OT_generate_from_concepts,
    concepts.TRELLIS_OT_show_concepts,
    concepts.TRELLIS_MT_concepts,
    background_removal.TRELLIS_OT_remove_background,
    background_removal.TRELLIS_OT_use_pictures,
    prompts.TRELLIS_OT_edit_prompt,
    prompts.TRELLIS_OT_use_prompt,
    prompts.TRELLIS_MT_prompts,
    monitor.TRELLIS_OT_monitor,
    rows.TRELLIS_OT_cancel,
    rows.TRELLIS_OT_place,
    rows.TRELLIS_OT_resume,
    rows.TRELLIS_OT_submit_again,
    rows.TRELLIS_OT_submit_paused,
    rows.TRELLIS_OT_remove,
    row_menu.TRELLIS_OT_show,
    row_menu.TRELLIS_OT_more,
    row_menu.TRELLIS_OT_move_here,
    row_menu.TRELLIS_OT_use_settings,
    row_menu.TRELLIS_OT_show_folder,
    row_menu.TRELLIS_OT_copy_problem,
    row_menu.TRELLIS_OT_keep_only,
    panel.TRELLIS_OT_show_more,
    account.TRELLIS_OT_test_key,
    account.TRELLIS_OT_list_tasks,
    account.TRELLIS_OT_fetch_task,
    spending.TRELLIS_OT_export_costs,
    report.TRELLIS_OT_copy_report,
    input_panels.TRELLIS_PT_generate,
    model_panel.TRELLIS_OT_generate_again,
    model_panel.TRELLIS_OT_vary_seed,
    model_panel.TRELLIS_OT_use_model_settings,
    model_panel.TRELLIS_OT_show_source,
    blockout.TRELLIS_OT_generate_for_selection,
    blockout.TRELLIS_OT_pictures_for_boxes,
    blockout.TRELLIS_OT_show_boxes,
    panel.TRELLIS_PT_generations,
    model_panel.TRELLIS_PT_this_model,
    finish_panel.TRELLIS_PT_finish,
    blockout.TRELLIS_PT_blockout,
    finish_operator.TRELLIS_OT_finish,
    assets.TRELLIS_OT_save_asset,
    assets.TRELLIS_OT_add_library,
    orphan_placeholders.TRELLIS_OT_remove_placeholder,
    orphan_placeholders.TRELLIS_PT_strays,
    account.TRELLIS_PT_account,
)


ENDS = (
    monitor.stop,
    session.end,
    image_from_web.forget,
    panel.forget,
    thumbnails.forget,
    readiness.forget,
    cleanup.forget,
    background_removal.forget,
    concepts.forget,
    check.forget,
    decode_many.forget,
    decode_cache.forget,
    preview.forget,
    redraw.end,
)
"""What ends whatever was begun since the add-on was switched on, in this order."""

_ENDINGS = Endings()


def register() -> None:
    """Classes, settings, handlers, and a timer for the first look into the store. Reads nothing, asks nobody.

    Where another copy of the add-on is switched on, only a sentence about that.
    """
    # Blender also switches on what is on already.
    _ENDINGS.run()
    _ENDINGS.add(_forget_modules)
    _ENDINGS.add(logs.unregister)
    try:
        if first := second_copy.find(CLASSES):
            second_copy.register(_ENDINGS, first)
        else:
            _register()
    except BaseException:
        _ENDINGS.run()
        raise


def _register() -> None:
    _ENDINGS.add(configuration.KEY_FILE.forget)
    _ENDINGS.add(configuration.WEBHOOK_FILE.forget)
    for cls in CLASSES:
        bpy.utils.register_class(cls)
        _ENDINGS.add(bpy.utils.unregister_class, cls)
    for room in (settings, blockout, drag_and_drop, finish_operator, handlers):
        room.register(_ENDINGS)
    for end in reversed(ENDS):
        _ENDINGS.add(end)
    monitor.look_into_store()


def unregister() -> None:
    """Stops what runs and takes back what `register` did, however much of it is still there."""
    _ENDINGS.run()


def _forget_modules() -> None:
    """An updated add-on is enabled again under the same name: nothing of the old one may be found then."""
    package = __name__.rpartition(".")[0]
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        del sys.modules[name]
        child = name.removeprefix(f"{package}.")
        if "." not in child:
            vars(sys.modules[package]).pop(child, None)
