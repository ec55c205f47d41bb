# SPDX-License-Identifier: GPL-3.0-or-later
"""Leads the artist to a model that is in the scene already."""

from collections.abc import Sequence

import bpy

from ..user_activity import other_mode
from ..windows import select_only


def show(context: bpy.types.Context, items: Sequence[bpy.types.Object]) -> str:
    """Selects `items` and brings them into view, as one undo step; what is in the way as a sentence, "" for nothing."""
    if mode := other_mode():
        return f"An object is in {mode}. Switch to Object Mode first."
    layer = context.view_layer
    seen = [item for item in items if item.name in layer.objects]
    for item in seen:
        item.hide_set(False, view_layer=layer)
    seen = [item for item in seen if item.visible_get(view_layer=layer)]
    if not seen:
        name, places = items[0].name, items[0].users_collection
        return f"“{name}” is hidden, in the collection “{places[0].name}”." if places else "It is in no collection."
    select_only(layer, seen)
    _frame(context)
    bpy.ops.ed.undo_push(message="Show It")
    return ""


def _frame(context: bpy.types.Context) -> None:
    if context.area is not None and context.area.type == 'VIEW_3D':
        bpy.ops.view3d.view_selected('EXEC_REGION_WIN')
