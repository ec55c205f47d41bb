# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel for printing, below the model's own, and the menu for any mesh."""

from typing import Any

import bpy

from ..text.layouts import IN_SIDEBAR, TrellisPanel, draw_fact, draw_text
from .print_settings import checked, mark_of, print_of
from .waiting import draw_waiting


class TRELLIS_PT_print(TrellisPanel, bpy.types.Panel):
    """Whether the active model can be printed, and what makes it so"""

    bl_label = "3D Printing"
    bl_parent_id = "TRELLIS_PT_this_model"
    bl_options = {'DEFAULT_CLOSED'}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        model = context.active_object
        return model is not None and model.type == 'MESH'

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        chosen = print_of(context.scene)
        column = layout.column()
        # Short, for a narrow sidebar.
        column.prop(chosen, "size_mm", text="Size mm")
        column.prop(chosen, "wall_mm", text="Wall mm")
        column.operator("trellis.check_print")
        model = context.active_object
        if model is not None and checked().mark == mark_of(model):
            _draw_findings(layout, context)
        column = layout.column()
        column.prop(chosen, "detail_mm", text="Detail mm")
        column.operator("trellis.make_printable")
        layout.operator("trellis.export_stl", text="Export STL…")
        draw_waiting(layout, context, "print")


class TRELLIS_MT_print(bpy.types.Menu):
    """What makes the active mesh printable, in the object's context menu"""

    bl_label = "3D Printing"

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.operator_context = 'INVOKE_DEFAULT'
        layout.operator("trellis.check_print")
        layout.operator("trellis.make_printable")
        layout.operator("trellis.export_stl", text="Export STL…")


def _draw_findings(layout: Any, context: bpy.types.Context) -> None:
    found: Any = checked()
    if found.problems:
        draw_text(layout, context, found.problems, 'ERROR')
    column = layout.column(align=True)
    column.label(text=" × ".join(f"{side:.1f}" for side in found.size_mm) + " mm")
    draw_fact(column, "Closed", "yes" if found.closed else "no", IN_SIDEBAR)
    draw_fact(column, "Volume", f"{found.volume_cm3:,.1f} cm³" if found.closed else "unknown", IN_SIDEBAR)
    draw_fact(column, "Shells", f"{found.shells:,}", IN_SIDEBAR)
    draw_fact(column, "Crossing", f"{found.crossing_faces:,} faces", IN_SIDEBAR)
    if found.wall_mm > 0:
        draw_fact(column, "Too Thin", f"{found.thin_faces:,} faces", IN_SIDEBAR)
