# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import assets, finish_operator, finish_panel, print_operators, print_panel, print_settings

CLASSES = (
    finish_panel.TRELLIS_PT_finish,
    finish_operator.TRELLIS_OT_finish,
    assets.TRELLIS_OT_save_asset,
    assets.TRELLIS_OT_add_library,
    print_settings.TRELLIS_PG_print,
    print_settings.TRELLIS_PG_print_check,
    print_operators.TRELLIS_OT_check_print,
    print_operators.TRELLIS_OT_make_printable,
    print_operators.TRELLIS_OT_export_stl,
    print_panel.TRELLIS_PT_print,
    print_panel.TRELLIS_MT_print,
)
