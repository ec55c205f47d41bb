# SPDX-License-Identifier: GPL-3.0-or-later
"""What made a model, on its object: one group of custom properties, which goes where the object goes."""

from collections.abc import Mapping
from typing import Any

import bpy

from ..generation.provenance import Made, from_group, to_group

GROUP = "trellis"
"""The name of the group; in glTF it is one of the node's extras."""


def write(item: bpy.types.Object, made: Made) -> None:
    """Writes the group, in place of what there was."""
    item[GROUP] = to_group(made)


def read(item: bpy.types.Object | None) -> Made | None:
    """What made the object; None where it does not say so."""
    group: Any = item.get(GROUP) if item is not None else None
    if group is None or not hasattr(group, "to_dict"):
        return None
    plain = group.to_dict()
    return from_group(plain) if isinstance(plain, Mapping) else None
