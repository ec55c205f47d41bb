# SPDX-License-Identifier: GPL-3.0-or-later
"""What made a model, on its object: one group of custom properties, which goes where the object goes."""

from dataclasses import fields
from itertools import islice
from typing import Any

import bpy

from ..generation.record.provenance import PARAMETERS_LIMIT, Made, from_group, to_group

GROUP = "trellis"
"""The name of the group; in glTF it is one of the node's extras."""


def write(item: bpy.types.Object, made: Made) -> None:
    """Writes the group, in place of what there was."""
    item[GROUP] = to_group(made)


def read(item: bpy.types.Object | None) -> Made | None:
    """What made the object; None where it does not say so."""
    group: Any = item.get(GROUP) if item is not None else None
    if not hasattr(group, "to_dict"):
        return None
    # What of it is not asked for is not copied: it may be huge.
    known = {each.name: group.get(each.name) for each in fields(Made)}
    numbers: Any = known["parameters"]
    if hasattr(numbers, "to_dict"):
        known["parameters"] = {name: numbers.get(name) for name in islice(iter(numbers), PARAMETERS_LIMIT)}
    return from_group(known)
