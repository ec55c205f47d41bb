# SPDX-License-Identifier: GPL-3.0-or-later
"""An object gets another mesh: what it was is kept as an object of its own, hidden, and its children stay in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import bpy

from .custom_properties import IN_BOX, PLACEHOLDER, WAS_HIDDEN


def keep(old: bpy.types.Object) -> bpy.types.Object:
    """A copy of the object as it is now, put away in the same collections."""
    kept: Any = old.copy()
    for collection in old.users_collection:
        collection.objects.link(kept)
    put_away(kept, old.name)
    return kept


def put_away(model: bpy.types.Object, name: str) -> None:
    """Keeps a model that was replaced: hidden, named "`name` (before)", and no longer the model of a box."""
    model.name = name_before(name)
    for mark in (PLACEHOLDER, IN_BOX):
        if mark in model:
            del model[mark]
    hide(model)


def name_before(name: str) -> str:
    """ "Chair (before)"."""
    return name_of_another("", name, " (before)")


def name_of_another(before: str, name: str, after: str) -> str:
    """The three together, for an object beside the one of that name. Of a long name the end goes, before Blender would
    cut off what says which one it is.
    """
    longest: Any = bpy.types.ID.bl_rna.properties["name"]
    room = longest.length_max - 1 - len(f"{before}{after}.001".encode())
    return f"{before}{name.encode()[:room].decode(errors='ignore')}{after}"


def hide(item: bpy.types.Object) -> None:
    """Hides an object in all viewports and renders. Hidden in the view layer only, it would become visible again when
    its collection is excluded and included.
    """
    if WAS_HIDDEN not in item:
        item[WAS_HIDDEN] = [item.hide_viewport, item.hide_render]
    item.hide_viewport = item.hide_render = True


def unhide(item: bpy.types.Object) -> None:
    """Undoes `hide`."""
    known: Any = item.get(WAS_HIDDEN)
    if known is not None:
        was = [bool(each) for each in islice(known, 2)] if hasattr(known, "to_list") else []
        item.hide_viewport, item.hide_render = (*was, False, False)[:2]
        del item[WAS_HIDDEN]


@contextmanager
def children_unmoved(old: bpy.types.Object) -> Iterator[None]:
    """What hangs on vertices of the old mesh hangs on the object from then on: the new mesh has others."""
    places = [
        (child, child.matrix_world.copy())
        for child in old.children
        if child.parent_type.startswith('VERTEX') and child.library is None
    ]
    yield
    for child, place in places:
        child.parent_type = 'OBJECT'
        child.matrix_parent_inverse = old.matrix_world.inverted_safe() @ place @ child.matrix_basis.inverted_safe()
