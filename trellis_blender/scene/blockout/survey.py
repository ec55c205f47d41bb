# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a selection is a box to put a model into, and what the model shall be."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import bpy

from ...piapi.models import has_words
from .. import custom_properties
from ..object_names import likeness, prompt_in
from ..placement import placeholder
from . import fit, swap

PROMPT, IMAGE = "trellis_prompt", "trellis_image"
"""An object's properties: what its model shall be, where the name does not say it, and the picture to make it from."""

_KINDS = {
    'ARMATURE': "an armature",
    'CAMERA': "a camera",
    'CURVE': "a curve",
    'CURVES': "hair curves",
    'EMPTY': "an Empty",
    'FONT': "a text",
    'LIGHT': "a light",
    'META': "a metaball",
    'SURFACE': "a surface",
}


class Wish(NamedTuple):
    """One generation: from `image` where there is one, else from the prompt. The first of `boxes` gets the model, the
    others linked duplicates of it.
    """

    boxes: list[bpy.types.Object]
    prompt: str
    image: str


class LeftOut(NamedTuple):
    """What no model is made for, and why as a sentence. `asks` where a prompt of its own would help."""

    item: bpy.types.Object
    said: str
    asks: bool = False


def survey(
    items: Sequence[bpy.types.Object], is_pending: Callable[[str], bool], *, needs_picture: bool
) -> tuple[list[Wish], list[LeftOut]]:
    """What to generate for `items`, in the order of their names, and what is left out.

    Objects that share a mesh become one wish, unless their names say different things, "Chair" and "Table", or they
    were given prompts or pictures of their own.
    `is_pending` tells of a generation's id whether its model may still come.
    """
    left_out: list[LeftOut] = []
    groups: dict[tuple[object, str, str], list[bpy.types.Object]] = {}
    for item in sorted(items, key=lambda each: each.name):
        if said := why_not(item, is_pending):
            left_out.append(LeftOut(item, said))
        else:
            groups.setdefault((item.data, _own(item, PROMPT), _own(item, IMAGE)), []).append(item)
    wishes: list[Wish] = []
    for (_, own, image), sharing in groups.items():
        alike = [(own or _said_by(sharing), sharing)] if own or image else _alike(sharing)
        for prompt, boxes in alike:
            if needs_picture and not image:
                left_out += [LeftOut(box, f"“{box.name}” has no picture, and this model needs one.") for box in boxes]
            elif not prompt and not image:
                left_out += [LeftOut(box, f"“{box.name}” does not say what it shall be.", asks=True) for box in boxes]
            else:
                wishes.append(Wish(boxes, prompt, image))
    return wishes, left_out


def why_not(item: bpy.types.Object, is_pending: Callable[[str], bool]) -> str:
    """Why no model can be put into an object, as a sentence; "" where one can."""
    name = f"“{item.name}”"
    if item.type != 'MESH':
        return f"{name} is {_KINDS.get(item.type, 'no mesh')}. Only a mesh can be a box."
    if item.library is not None:
        return f"{name} is linked from another file. Make it local first."
    if item.override_library is not None:
        return f"{name} is a library override. Make it local first."
    if custom_properties.ID_PROPERTY in item:
        return f"{name} is a generated model already."
    if is_pending(str(item.get(placeholder.ID_PROPERTY, ""))):
        return f"{name} is being made already."
    thin = fit.thin_sides(item)
    if thin == "XYZ":
        return f"{name} has no size."
    if thin:
        return f"{name} has no thickness along its {' and '.join(thin)}. Give it some."
    if fit.is_sheared(item):
        return f"{name} is sheared by its parent's scale. Apply that scale first."
    return ""


def _alike(sharing: Sequence[bpy.types.Object]) -> list[tuple[str, list[bpy.types.Object]]]:
    """What shares a mesh by what the names say, each with a prompt. A name that says nothing goes with the only one
    that does.
    """
    found: dict[str, list[bpy.types.Object]] = {}
    for item in sharing:
        found.setdefault(likeness(_said_by([item])), []).append(item)
    nameless = found.pop("", [])
    if len(found) == 1:
        nameless, found = [], {next(iter(found)): list(sharing)}
    return [(_said_by(items), items) for items in (*found.values(), nameless) if items]


def _said_by(items: Sequence[bpy.types.Object]) -> str:
    return next(filter(None, (prompt_in(swap.name_of(item)) for item in items)), "")


def _own(item: bpy.types.Object, name: str) -> str:
    said = str(getattr(item, name, "")).strip()
    return said if has_words(said) else ""
