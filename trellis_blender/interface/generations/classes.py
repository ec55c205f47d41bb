# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import panel, row_buttons, row_menu

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
    row_menu.TRELLIS_OT_show_folder,
    row_menu.TRELLIS_OT_copy_problem,
    row_menu.TRELLIS_OT_keep_only,
    panel.TRELLIS_OT_show_more,
    panel.TRELLIS_PT_generations,
)
