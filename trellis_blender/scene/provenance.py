# SPDX-License-Identifier: GPL-3.0-or-later
"""How a model was made, stored on its object as one group of custom properties: copies and other files keep it."""

from dataclasses import fields
from itertools import islice
from typing import Any

import bpy

from ..generation.record.provenance import PARAMETERS_LIMIT, Made, from_group, to_group
from .custom_properties import MADE_BY


def write(item: bpy.types.Object, made: Made) -> None:
    """Writes the group; an earlier one is replaced."""
    item[MADE_BY] = to_group(made)


def read(item: bpy.types.Object | None) -> Made | None:
    """How the object was made; None if it has no such group."""
    group: Any = item.get(MADE_BY) if item is not None else None
    if not hasattr(group, "to_dict"):
        return None
    # Only the known fields are copied: the group of an untrusted file may be huge.
    known = {each.name: group.get(each.name) for each in fields(Made)}
    numbers: Any = known["parameters"]
    if hasattr(numbers, "to_dict"):
        known["parameters"] = {name: numbers.get(name) for name in islice(iter(numbers), PARAMETERS_LIMIT)}
    return from_group(known)
