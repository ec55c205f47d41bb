# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import compare, extras, panel, queue_buttons, row_buttons, row_menu, search

CLASSES = (
    row_menu.TRELLIS_OT_use_pictures,
    row_buttons.TRELLIS_OT_cancel,
    row_buttons.TRELLIS_OT_place,
    row_buttons.TRELLIS_OT_resume,
    row_buttons.TRELLIS_OT_submit_again,
    row_buttons.TRELLIS_OT_submit_paused,
    row_buttons.TRELLIS_OT_remove,
    row_menu.TRELLIS_OT_show,
    row_menu.TRELLIS_OT_more,
    row_menu.TRELLIS_OT_move_here,
    row_menu.TRELLIS_OT_use_settings,
    compare.TRELLIS_OT_compare,
    extras.TRELLIS_OT_watch,
    extras.TRELLIS_OT_use_cutout,
    row_menu.TRELLIS_OT_show_folder,
    row_menu.TRELLIS_OT_copy_problem,
    row_menu.TRELLIS_OT_keep_only,
    queue_buttons.TRELLIS_OT_pause,
    queue_buttons.TRELLIS_OT_cancel_all,
    search.TRELLIS_PG_search,
    search.TRELLIS_OT_favourite,
    panel.TRELLIS_OT_show_more,
    panel.TRELLIS_PT_generations,
)
