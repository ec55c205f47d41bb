# SPDX-License-Identifier: GPL-3.0-or-later
"""A new model with a texture is grey in Solid mode, as Blender comes. Here is the button that shows the texture."""

from typing import Any

import bpy

REPORT = "3D viewports now show textures in Solid mode. That is Viewport Shading → Color; nothing else was changed."


class TRELLIS_OT_show_textures(bpy.types.Operator):
    """Show textures in Solid mode: sets Viewport Shading → Color to Texture in all 3D viewports, and nothing else"""

    bl_idname = "trellis.show_textures"
    bl_label = "Show Textures"
    bl_options = {'INTERNAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene import solid_colour

        solid_colour.show_textures()
        self.report({'INFO'}, REPORT)
        return {'FINISHED'}


def draw_show_textures(layout: Any, item: bpy.types.Object | None) -> None:
    """The button, where `item` has a texture that no 3D viewport shows."""
    from ...scene import solid_colour

    if item is not None and solid_colour.hides_textures() and solid_colour.has_texture(item):
        layout.operator("trellis.show_textures", icon='SHADING_TEXTURE')
