# SPDX-License-Identifier: GPL-3.0-or-later
"""A new model with a texture is grey in Solid mode, as Blender comes. Here is the button that shows the texture."""

from itertools import islice
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.states import State
from ..state import session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...generation.record.generation import Generation

ROWS_SHOWN = 8
"""Of the list, as it comes."""
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
    if _is_wanted(item):
        layout.operator("trellis.show_textures", text="Show Textures", icon='SHADING_TEXTURE')


def draw_once(layout: Any, item: bpy.types.Object) -> None:
    """The same, where no row of the list has the button."""
    last = last_placed(islice(_newest(), ROWS_SHOWN))
    if last is None or not _is_wanted(session.current().file.object_of(last)):
        draw_show_textures(layout, item)


def last_placed(shown: "Iterable[Generation]") -> "Generation | None":
    """The first of them that is in the open file: its row has the button."""
    found = session.current()
    return next((each for each in shown if each.state is State.PLACED and found.file.is_in_scene(each)), None)


_newest = session.per_revision(session.Session.newest_first)


def _is_wanted(item: bpy.types.Object | None) -> bool:
    from ...scene import solid_colour

    return item is not None and solid_colour.hides_textures() and solid_colour.has_texture(item)
