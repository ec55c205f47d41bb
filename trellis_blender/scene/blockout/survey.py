# SPDX-License-Identifier: GPL-3.0-or-later
"""Which objects of a selection are boxes for models, and what to make for each."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import bpy

from ...piapi.input_checks import has_words
from ..custom_properties import ID_PROPERTY, IMAGE, PLACEHOLDER, PROMPT
from ..object_names import comparable, prompt_in
from . import fit, swap

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
    """One generation to make: from `image` if there is one, else from the prompt. The first of `boxes` gets the model,
    the others get linked duplicates of it.
    """

    boxes: list[bpy.types.Object]
    prompt: str
    image: str


class LeftOut(NamedTuple):
    """An object that gets no model, with the reason as a sentence. `asks` is true if a prompt would help."""

    item: bpy.types.Object
    said: str
    asks: bool = False


def survey(
    items: Sequence[bpy.types.Object], is_pending: Callable[[str], bool], *, needs_picture: bool
) -> tuple[list[Wish], list[LeftOut]]:
    """What to generate for `items`, in the order of their names, and what is left out.

    Objects that share a mesh become one wish, unless their names mean different things ("Chair" and "Table") or they
    have prompts or pictures of their own. `is_pending` says for a generation's id whether its model may still arrive.
    """
    left_out: list[LeftOut] = []
    groups: dict[tuple[object, str, str], list[bpy.types.Object]] = {}
    for item in sorted(items, key=lambda each: each.name):
        if said := why_not(item, is_pending):
            left_out.append(LeftOut(item, said))
        else:
            groups.setdefault((item.data, _property(item, PROMPT), _property(item, IMAGE)), []).append(item)
    wishes: list[Wish] = []
    for (_, own, image), sharing in groups.items():
        alike = [(own or _prompt_of(sharing), sharing)] if own or image else _grouped_by_name(sharing)
        for prompt, boxes in alike:
            if needs_picture and not image:
                left_out += [LeftOut(box, f"“{box.name}” has no picture, and this model needs one.") for box in boxes]
            elif not prompt and not image:
                left_out += [
                    LeftOut(box, f"The name “{box.name}” does not say what to make.", asks=True) for box in boxes
                ]
            else:
                wishes.append(Wish(boxes, prompt, image))
    return wishes, left_out


def why_not(item: bpy.types.Object, is_pending: Callable[[str], bool]) -> str:
    """A sentence that says why an object cannot be a box; "" if it can."""
    name = f"“{item.name}”"
    if item.type != 'MESH':
        return f"{name} is {_KINDS.get(item.type, 'no mesh')}. Only a mesh can be a box."
    if item.library is not None:
        return f"{name} is linked from another file. Make it local first."
    if item.override_library is not None:
        return f"{name} is a library override. Make it local first."
    if ID_PROPERTY in item:
        return f"{name} is a generated model already."
    if is_pending(str(item.get(PLACEHOLDER, ""))):
        return f"{name} is being made already."
    thin = fit.thin_sides(item)
    if thin == "XYZ":
        return f"{name} has no size. Scale it up."
    if thin:
        return f"{name} has no thickness along {' and '.join(thin)}. Give it some."
    if fit.is_sheared(item):
        return f"{name} is sheared by its parent's scale. Apply that scale first."
    return ""


def _grouped_by_name(sharing: Sequence[bpy.types.Object]) -> list[tuple[str, list[bpy.types.Object]]]:
    """Groups objects that share a mesh by what their names mean, each group with its prompt. Objects with default names
    join the other group if there is only one.
    """
    found: dict[str, list[bpy.types.Object]] = {}
    for item in sharing:
        found.setdefault(comparable(_prompt_of([item])), []).append(item)
    nameless = found.pop("", [])
    if len(found) == 1:
        nameless, found = [], {next(iter(found)): list(sharing)}
    return [(_prompt_of(items), items) for items in (*found.values(), nameless) if items]


def _prompt_of(items: Sequence[bpy.types.Object]) -> str:
    return next(filter(None, (prompt_in(swap.name_of(item)) for item in items)), "")


def _property(item: bpy.types.Object, name: str) -> str:
    said = str(getattr(item, name, "")).strip()
    return said if has_words(said) else ""
