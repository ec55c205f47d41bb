# SPDX-License-Identifier: GPL-3.0-or-later
"""Placeholders in which nothing will arrive: copies, and those that came with a .blend from another computer."""

from typing import Any

import bpy

from ..text.layouts import TrellisPanel, draw_text

ROWS_SHOWN = 8


class TRELLIS_OT_remove_placeholder(bpy.types.Operator):
    """Remove this placeholder from the scene. Nothing is submitted, cancelled or charged"""

    bl_idname = "trellis.remove_placeholder"
    bl_label = "Remove Placeholder"
    bl_options = {'INTERNAL'}

    name: bpy.props.StringProperty(
        options={'SKIP_SAVE', 'HIDDEN'}, description="Name of the Empty; by default the active object"
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene import user_activity, windows
        from ...scene.custom_properties import PLACEHOLDER
        from ...scene.placement import placeholder
        from . import redraw

        item = bpy.data.objects.get(self.name) if self.name else context.active_object
        if item is None or PLACEHOLDER not in item:
            self.report({'ERROR'}, "This is no placeholder of a generation.")
            return {'CANCELLED'}
        if item.library is not None:
            self.report({'ERROR'}, "This placeholder is linked from another file. Remove it there.")
            return {'CANCELLED'}
        if job := user_activity.job_that_reads_the_scene():
            self.report({'ERROR'}, f"Press this again when {job}.")
            return {'CANCELLED'}
        placeholder.release(item)
        windows.push_undo(context.scene, "Remove Placeholder")
        redraw.refresh()
        return {'FINISHED'}


class TRELLIS_PT_strays(TrellisPanel, bpy.types.Panel):
    """Shown only where there are some"""

    bl_label = "Placeholders Left Over"
    bl_order = 10

    @classmethod
    def poll(cls, _: bpy.types.Context) -> bool:
        from . import overlay

        return bool(overlay.orphans())

    def draw(self, context: bpy.types.Context) -> None:
        from . import overlay

        layout: Any = self.layout
        found = overlay.orphans()
        for item, said in found[:ROWS_SHOWN]:
            column = layout.column(align=True)
            row = column.row()
            row.label(text=item.name, translate=False)
            row.operator("trellis.remove_placeholder", text="", icon='X').name = item.name
            draw_text(column, context, said.said)
        if len(found) > ROWS_SHOWN:
            layout.label(text=f"{len(found) - ROWS_SHOWN} more")
