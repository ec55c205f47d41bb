# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import orphan_placeholders, show_textures

CLASSES = (
    orphan_placeholders.TRELLIS_OT_remove_placeholder,
    orphan_placeholders.TRELLIS_PT_strays,
    show_textures.TRELLIS_OT_show_textures,
)
