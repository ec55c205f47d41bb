# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on installed twice: Blender knows a class by its name, so two copies would take each other's away."""

import sys
from collections.abc import Sequence

import bpy

from ..state import background, configuration, logs
from ..text.layouts import draw_text


class TRELLIS_AP_second_copy(bpy.types.AddonPreferences):
    """The preferences of a copy that rests."""

    bl_idname = configuration.PACKAGE

    first = ""

    def draw(self, context: bpy.types.Context) -> None:
        draw_text(self.layout, context, sentence(self.first), 'ERROR')


def find(classes: Sequence[type]) -> str:
    """The add-on that has classes with these names and is switched on, "" for none.

    What an add-on that is switched off, or an earlier registration of this one, has left of them is taken away.
    """
    for cls in classes:
        there = getattr(bpy.types, cls.__name__, None)
        if there is None:
            continue
        owner = _add_on_of(there.__module__)
        if owner not in {configuration.PACKAGE, ""}:
            return owner
        bpy.utils.unregister_class(there)
    return ""


def register(first: str) -> None:
    """Nothing but the sentence, in the preferences and in the log."""
    TRELLIS_AP_second_copy.first = first
    bpy.utils.register_class(TRELLIS_AP_second_copy)
    background.at_end(bpy.utils.unregister_class, TRELLIS_AP_second_copy)
    logs.logger(__name__).warning("%s", sentence(first))


def sentence(first: str) -> str:
    """Why this copy does nothing, and what to do."""
    return (
        f"Trellis for Blender is switched on twice. “{first}” was first, so this copy, “{configuration.PACKAGE}”, does "
        "nothing. Keep one of them: switch the other one off, then this one off and on again."
    )


def _add_on_of(module: str) -> str:
    """The add-on that a module belongs to, "" for one that is switched off; Blender marks them."""
    name = module
    while name:
        is_on = getattr(sys.modules.get(name), "__addon_enabled__", None)
        if is_on is not None:
            return name if is_on else ""
        name = name.rpartition(".")[0]
    return module.partition(".interface.")[0]
