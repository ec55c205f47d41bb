# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels of the tab have in common."""

from typing import Any

import bpy

from . import wording


class TrellisPanel:
    """A panel in the tab "Trellis" of the 3D viewport's sidebar."""

    bl_space_type = 'VIEW_3D'
    bl_region_type = 'UI'
    bl_category = "Trellis"


def draw_text(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: Any = 'NONE') -> None:
    """`text` as labels as wide as the sidebar: Blender's labels do not wrap."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    scale = context.preferences.system.ui_scale
    lines = wording.wrap(text, context.region.width - 50 * scale, scale)
    for number, line in enumerate(lines):
        column.label(text=line, icon=icon if number == 0 else ('BLANK1' if icon != 'NONE' else 'NONE'))
