# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import assets, finish_operator, finish_panel

CLASSES = (
    finish_panel.TRELLIS_PT_finish,
    finish_operator.TRELLIS_OT_finish,
    assets.TRELLIS_OT_save_asset,
    assets.TRELLIS_OT_add_library,
)
