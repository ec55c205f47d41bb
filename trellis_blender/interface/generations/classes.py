# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import panel, row_menu, rows

CLASSES = (
    row_menu.TRELLIS_OT_use_pictures,
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
    panel.TRELLIS_PT_generations,
)
