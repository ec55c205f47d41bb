# SPDX-License-Identifier: GPL-3.0-or-later
"""What an object's name says of what it shall become."""

import re

import bpy

NUMBER = re.compile(r"\.\d{3,}$")
"""What Blender appends to a name that is taken."""
_PRIMITIVES = ("Circle", "Cone", "Cube", "Cylinder", "Grid", "Icosphere", "Plane", "Sphere", "Suzanne", "Torus")
SAY_NOTHING = (*_PRIMITIVES, "Box", "Mesh", "Object", "Round Cube", "Text", "Untitled", "Volume")
"""The names that Blender gives, and others that would make nothing worth its price."""


def prompt_in(name: str) -> str:
    """ "Old_Chair.003" → "Old Chair"; "" for a name that says nothing: "Cube.012", in any language of Blender's."""
    said = " ".join(NUMBER.sub("", name).replace("_", " ").split())
    bare = re.sub(r"[\W\d]+$", "", said).casefold()
    if not bare or bare in {each.casefold() for each in (*SAY_NOTHING, *_translated())}:
        return ""
    return said


def _translated() -> list[str]:
    return [bpy.app.translations.pgettext_data(each) for each in SAY_NOTHING]
