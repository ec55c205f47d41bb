# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels of the tab and the preferences have in common."""

from typing import Any

import bpy

from . import formats

IN_PREFERENCES = 0.4
"""Where Blender itself divides a row with a property."""
IN_SIDEBAR = 0.5
"""“Spent This Month” has room there in a sidebar that is as wide as it comes."""
BESIDE_A_WORD = 0.3
"""“Model” has room there in a narrow sidebar, and so has a date."""


ICON_PX = 20
"""The room that an icon takes before a text, at a resolution scale of 1."""


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
    scale = ui_scale(context)
    width = width_px * scale or context.region.width
    lines = formats.wrap(text, width - (50 if icon == 'NONE' else 50 + ICON_PX) * scale, scale)
    for number, line in enumerate(lines):
        column.label(text=line, icon=icon if number == 0 else ('BLANK1' if icon != 'NONE' else 'NONE'))


def ui_scale(context: bpy.types.Context) -> float:
    """How much larger than usual Blender draws; background Blender, which draws nothing, says 0."""
    return context.preferences.system.ui_scale or 1.0


def draw_fact(layout: Any, name: str, value: str, divided_at: float) -> None:
    """A row with the name to the left and the value to the right of a line at a share of the width."""
    split = layout.split(factor=divided_at)
    left = split.row()
    left.alignment = 'RIGHT'
    left.label(text=formats.plain(name))
    split.label(text=formats.plain(value))


def draw_section(layout: Any, name: str, title: str, state: str) -> Any:
    """The body of a foldable section; None while it is folded, and then its header says how it is set."""
    header, body = layout.panel(name, default_closed=True)
    header.label(text=title)
    if body is None and state:
        row = header.row()
        row.alignment = 'RIGHT'
        row.active = False
        row.label(text=state)
    return body
