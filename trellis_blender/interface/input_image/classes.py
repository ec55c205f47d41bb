# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import capture, cleanup, decode_many, views

CLASSES = (
    capture.TRELLIS_OT_take_picture,
    capture.TRELLIS_OT_use_image,
    capture.TRELLIS_OT_take_views,
    capture.TRELLIS_MT_pictures,
    views.TRELLIS_OT_add_views,
    views.TRELLIS_OT_show_view,
    views.TRELLIS_OT_remove_view,
    views.TRELLIS_OT_move_view,
    views.TRELLIS_OT_try_views_again,
    decode_many.TRELLIS_OT_read_pictures,
    cleanup.TRELLIS_OT_check_image,
    cleanup.TRELLIS_OT_improve_image,
    cleanup.TRELLIS_OT_use_original_image,
)
