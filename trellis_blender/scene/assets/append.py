# SPDX-License-Identifier: GPL-3.0-or-later
"""Models that were saved in .blend files of their own, brought into a scene beside each other."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy

GAP = 1.2
"""Between the middles of two models, as a multiple of the widest."""


def append(path: Path, collection: bpy.types.Collection) -> list[bpy.types.Object]:
    """The objects of a .blend file, in the collection. Raises OSError where it is no .blend file, or is not there."""
    found = load(path)
    for item in found:
        collection.objects.link(item)
    return found


def load(path: Path) -> list[bpy.types.Object]:
    """The objects of a .blend file, in no scene; they are assets of the file that they came from alone.

    Raises OSError where it is no .blend file, or is not there.
    """
    libraries: Any = bpy.data.libraries
    with libraries.load(str(path), link=False) as (there, here):
        here.objects = list(there.objects)
    found = [item for item in here.objects if isinstance(item, bpy.types.Object)]
    for item in found:
        if item.asset_data is not None:
            item.asset_clear()
    return found


def set_in_grid(models: Sequence[Sequence[bpy.types.Object]], corner: Sequence[float]) -> None:
    """Moves models, each of one or more objects, to the places of a square grid that begins at a corner, in metres."""
    if not models:
        return
    cell = GAP * max(max(item.dimensions[0], item.dimensions[1]) for model in models for item in model)
    columns = math.ceil(math.sqrt(len(models)))
    for number, model in enumerate(models):
        for item in model:
            if item.parent is None:
                item.location[0] += corner[0] + cell * (number % columns)
                item.location[1] += corner[1] + cell * (number // columns)
                item.location[2] += corner[2]
