# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the selected objects from several sides, taken into the panel as views of one thing."""

from collections.abc import Sequence

import bpy

from ...scene import user_activity
from ...scene.images import sides
from ..state.settings import settings_of
from .capture import keep

COUNTS = {'TWO': 2, 'FOUR': 4, 'SIX': 6}
"""By the choice of the operator that takes them."""


def take(context: bpy.types.Context, viewport: bpy.types.Area | None, choice: str) -> str:
    """Makes the pictures the input; a sentence where there are fewer, else "". ValueError with a sentence where nothing
    can be taken or kept."""
    if mode := user_activity.other_mode():
        raise ValueError(f"An object is in {mode}. Switch to Object Mode first.")
    items = _with_children(context.selected_objects)
    if not items:
        raise ValueError("Nothing is selected. Select the object, then try again.")
    found = sides.of_objects(context, viewport, items, COUNTS[choice])
    name = context.active_object.name if context.active_object in items else items[0].name
    name = name.replace(".", "_")  # what follows a dot is no ending
    # The model is named after the first.
    names = [name, *(f"{name} {side}" for side, _ in found[1:])]
    paths = [str(keep(picture, each)) for each, (_, picture) in zip(names, found, strict=True)]
    settings = settings_of(context.scene)
    settings.use_pictures(paths)
    settings.source = 'IMAGE'
    if len(paths) == COUNTS[choice]:
        return ""
    return f"Seen from the other sides it shows nothing: {len(paths)} pictures were taken."


def _with_children(items: Sequence[bpy.types.Object]) -> list[bpy.types.Object]:
    """An Empty stands for what hangs on it."""
    found = dict.fromkeys(items)
    for item in items:
        if item.type == 'EMPTY':
            found.update(dict.fromkeys(item.children_recursive))
    return list(found)
