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


def draw_text(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: Any = 'NONE', width_px: float = 0.0
) -> None:
    """`text` as labels as wide as the sidebar, or as a dialog of `width_px`: Blender's labels do not wrap."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    scale = context.preferences.system.ui_scale
    width = width_px * scale or context.region.width
    lines = wording.wrap(text, width - 50 * scale, scale)
    for number, line in enumerate(lines):
        column.label(text=line, icon=icon if number == 0 else ('BLANK1' if icon != 'NONE' else 'NONE'))
