# SPDX-License-Identifier: GPL-3.0-or-later
"""Prompts from the names of objects."""

import re
from functools import cache

import bpy

TAIL = re.compile(r"(\.\d{3,}|[._-](L|R)|[ ._-](left|right|copy)([ ._-]?\d+)?)+$", re.IGNORECASE)
"""What Blender and artists append to the name of a copy, or of a mirrored twin."""
_WORD = re.compile(r"[^\W\d_]+")
_PRIMITIVES = (
    *("Circle", "Cone", "Cube", "Cylinder", "Grid", "Icosphere", "Monkey", "Plane", "Sphere", "Suzanne", "Torus"),
    *("Ico Sphere", "UV Sphere", "Round Cube", "Mball", "Empty", "Text", "Volume", "BezierCurve", "BezierCircle"),
)
MEANINGLESS = (
    *_PRIMITIVES,
    *("Box", "Component", "Geometry", "Group", "Item", "Mesh", "Model", "Node", "Object", "Part", "Placeholder"),
    *("Primitive", "Shape", "Unnamed", "Untitled", "pCube", "pCylinder", "pPlane", "pSphere", "polySurface"),
)
"""Default names in Blender, other programs and file formats: as prompts they would be a waste of money."""
_FILLERS = frozenset({"big", "copy", "high", "l", "left", "low", "new", "poly", "r", "right", "small"})
_CONTEXTS = ("*", "Mesh", "Curve", "ID")
"""The contexts of Blender's translations in which it looks up the names of new objects."""


def prompt_in(name: str) -> str:
    """ "Old_Chair.003" → "Old Chair"; "" for a default name, "Cube.012", in English or in Blender's language."""
    said = " ".join(TAIL.sub("", name).replace("_", " ").split())
    words = comparable(said)
    nothing = _meaningless(bpy.app.translations.locale)
    return said if words and not {words, words.removesuffix("s")} & nothing else ""


def comparable(name: str) -> str:
    """The same text for names that mean the same, "Chair 1" and "chair_02": the letters, without words such as "left"
    that mean nothing by themselves.
    """
    return "".join(word for word in _WORD.findall(name.casefold()) if word not in _FILLERS)


@cache
def _meaningless(_: str) -> set[str]:
    """Default names in English and in the language of Blender's interface."""
    translate = bpy.app.translations.pgettext
    return {
        comparable(said) for each in MEANINGLESS for said in (each, *(translate(each, about) for about in _CONTEXTS))
    }
