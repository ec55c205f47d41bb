# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import batch_settings, operators, panel

CLASSES = (
    batch_settings.TRELLIS_PG_batch,
    operators.TRELLIS_OT_open_batch,
    operators.TRELLIS_OT_paste_batch,
    operators.TRELLIS_OT_read_batch,
    operators.TRELLIS_OT_close_batch,
    operators.TRELLIS_OT_run_batch,
    operators.TRELLIS_OT_stop_batch,
    operators.TRELLIS_OT_place_batch,
    operators.TRELLIS_OT_show_batch,
    panel.TRELLIS_PT_batch,
)
