# SPDX-License-Identifier: GPL-3.0-or-later
"""What an object's name says of what it shall become."""

import re
from functools import cache

import bpy

TAIL = re.compile(r"(\.\d{3,}|[._-](L|R)|[ ._-](left|right|copy)([ ._-]?\d+)?)+$", re.IGNORECASE)
"""What Blender and artists append to the name of one more of the same thing, or of its mirrored twin."""
_WORD = re.compile(r"[^\W\d_]+")
_PRIMITIVES = (
    *("Circle", "Cone", "Cube", "Cylinder", "Grid", "Icosphere", "Monkey", "Plane", "Sphere", "Suzanne", "Torus"),
    *("Ico Sphere", "UV Sphere", "Round Cube", "Mball", "Empty", "Text", "Volume", "BezierCurve", "BezierCircle"),
)
SAY_NOTHING = (
    *_PRIMITIVES,
    *("Box", "Component", "Geometry", "Group", "Item", "Mesh", "Model", "Node", "Object", "Part", "Placeholder"),
    *("Primitive", "Shape", "Unnamed", "Untitled", "pCube", "pCylinder", "pPlane", "pSphere", "polySurface"),
)
"""The names that Blender, other programs and formats give; they would make nothing worth its price."""
_FILLERS = frozenset({"big", "copy", "high", "l", "left", "low", "new", "poly", "r", "right", "small"})
_CONTEXTS = ("*", "Mesh", "Curve", "ID")
"""Of Blender's translations, from which it takes the names of what is added."""


def prompt_in(name: str) -> str:
    """ "Old_Chair.003" → "Old Chair"; "" for a name that says nothing: "Cube.012", in English or Blender's language."""
    said = " ".join(TAIL.sub("", name).replace("_", " ").split())
    words = likeness(said)
    nothing = _nothing(bpy.app.translations.locale)
    return said if words and not {words, words.removesuffix("s")} & nothing else ""


def likeness(name: str) -> str:
    """What is the same for names that say the same, "Chair 1" and "chair_02": the letters without what says nothing
    beside another word.
    """
    return "".join(word for word in _WORD.findall(name.casefold()) if word not in _FILLERS)


@cache
def _nothing(_: str) -> set[str]:
    """In English and in the language that Blender speaks."""
    translate = bpy.app.translations.pgettext
    return {likeness(said) for each in SAY_NOTHING for said in (each, *(translate(each, about) for about in _CONTEXTS))}
