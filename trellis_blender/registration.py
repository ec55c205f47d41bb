# SPDX-License-Identifier: GPL-3.0-or-later
"""The one ordered list of what is registered, and the one list of how it ends."""

import sys

import bpy

from .interface import (
    access,
    account,
    assets,
    blockout,
    buttons,
    checking,
    concepts,
    decoding,
    dropping,
    finishing,
    from_web,
    generate,
    handlers,
    improving,
    input_panels,
    inputs,
    logs,
    model_panel,
    monitor,
    panel,
    pictures,
    preferences,
    prompts,
    reading,
    redraw,
    removing,
    report,
    row_menu,
    rows,
    second_copy,
    session,
    settings,
    spending,
    strays,
    taking,
    this_model,
    thumbnails,
)
from .interface.endings import Endings

CLASSES = (
    preferences.TRELLIS_AP_preferences,
    settings.TRELLIS_PG_settings,
    generate.TRELLIS_OT_generate,
    buttons.TRELLIS_OT_generate_from_panel,
    buttons.TRELLIS_OT_try_offline,
    buttons.TRELLIS_OT_new_seed,
    taking.TRELLIS_OT_take_picture,
    taking.TRELLIS_OT_use_image,
    taking.TRELLIS_MT_pictures,
    from_web.TRELLIS_OT_take_from_web,
    reading.TRELLIS_OT_read_pictures,
    dropping.TRELLIS_OT_generate_from_files,
    dropping.TRELLIS_OT_generate_from_editor,
    dropping.TRELLIS_OT_set_down,
    dropping.TRELLIS_FH_image,
    improving.TRELLIS_OT_check_image,
    improving.TRELLIS_OT_improve_image,
    improving.TRELLIS_OT_use_original_image,
    concepts.TRELLIS_OT_make_concepts,
    concepts.TRELLIS_OT_choose_concept,
    concepts.TRELLIS_OT_generate_from_concepts,
    concepts.TRELLIS_OT_show_concepts,
    concepts.TRELLIS_MT_concepts,
    removing.TRELLIS_OT_remove_background,
    removing.TRELLIS_OT_use_pictures,
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
    this_model.TRELLIS_OT_generate_again,
    this_model.TRELLIS_OT_vary_seed,
    this_model.TRELLIS_OT_use_model_settings,
    this_model.TRELLIS_OT_show_source,
    blockout.TRELLIS_OT_generate_for_selection,
    blockout.TRELLIS_OT_pictures_for_boxes,
    blockout.TRELLIS_OT_show_boxes,
    panel.TRELLIS_PT_generations,
    this_model.TRELLIS_PT_this_model,
    model_panel.TRELLIS_PT_finish,
    blockout.TRELLIS_PT_blockout,
    finishing.TRELLIS_OT_finish,
    assets.TRELLIS_OT_save_asset,
    assets.TRELLIS_OT_add_library,
    strays.TRELLIS_OT_remove_placeholder,
    strays.TRELLIS_PT_strays,
    account.TRELLIS_PT_account,
)


ENDS = (
    monitor.stop,
    session.end,
    from_web.forget,
    panel.forget,
    thumbnails.forget,
    inputs.forget,
    improving.forget,
    removing.forget,
    concepts.forget,
    checking.forget,
    reading.forget,
    decoding.forget,
    pictures.forget,
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
    _ENDINGS.add(access.KEY_FILE.forget)
    _ENDINGS.add(access.WEBHOOK_FILE.forget)
    for cls in CLASSES:
        bpy.utils.register_class(cls)
        _ENDINGS.add(bpy.utils.unregister_class, cls)
    for room in (settings, blockout, dropping, finishing, handlers):
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
