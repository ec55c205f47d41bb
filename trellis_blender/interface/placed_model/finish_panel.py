# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with the model that is selected."""

from typing import Any

import bpy

from ..state.settings import settings_of
from ..text.layouts import TrellisPanel
from .waiting import draw_waiting


class TRELLIS_PT_finish(TrellisPanel, bpy.types.Panel):
    """Size and triangles of the active model, and what brings it into another form"""

    bl_label = "Finish"
    bl_parent_id = "TRELLIS_PT_this_model"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        from ...scene.custom_properties import ID_PROPERTY

        model = context.active_object
        return model is not None and model.type == 'MESH' and ID_PROPERTY in model

    def draw(self, context: bpy.types.Context) -> None:
        from ...scene.finish.decimate import triangles_of
        from ...scene.meshes import mesh_of
        from ...scene.units import metres_per_unit_of

        layout: Any = self.layout
        model: Any = context.active_object
        lengths = [side * metres_per_unit_of(model) for side in model.dimensions]
        sides = [bpy.utils.units.to_string('METRIC', 'LENGTH', length, precision=3) for length in lengths]
        column = layout.column(align=True)
        column.label(text=f"{triangles_of(mesh_of(model)):,} triangles")
        column.label(text=" × ".join(sides))
        column = layout.column(align=True)
        chosen = settings_of(context.scene)
        column.prop(chosen, "finish_again", text="")
        column.operator("trellis.finish").preset = chosen.finish_again or 'SCENE'  # "" is one of a later version
        draw_waiting(layout, context, "finish")
        layout.operator("trellis.save_asset")
