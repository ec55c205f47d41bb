# SPDX-License-Identifier: GPL-3.0-or-later
"""For scripts, which go on with what they have asked for: in background Blender nothing arrives by itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import bpy

from ...generation.states import State
from ..placed_model import assets
from ..state import session
from ..text import rows
from . import arrival

if TYPE_CHECKING:
    from ...generation.record.generation import Generation


def wait_and_place(generation_ids: Sequence[str]) -> str:
    """Blocks until nobody works on the generations any more, and puts each model that has come into the scene.

    Returns "" where all are there, else sentences that name each one that is not. All stand where they belong then.
    """
    outcomes = [_place(session.current().wait_for(number)) for number in generation_ids]
    # What was moved is where it was until Blender looks.
    bpy.context.view_layer.update()
    return rows.outcome(outcomes)


def _place(generation: "Generation") -> "Generation":
    if generation.state is not State.READY:
        return generation
    placed = arrival.place(generation)
    assets.arrived(placed.id)
    return placed
