# SPDX-License-Identifier: GPL-3.0-or-later
"""Generations as they come out of the store, and those that could not be stored."""

from collections.abc import Callable
from dataclasses import replace

from ..record import costs
from ..record.generation import Generation
from ..states import AT_THE_SERVICE, UNFINISHED, State


def as_found(generation: Generation, owner_id: str, is_another: Callable[[str], bool]) -> Generation:
    """A generation as the store has it: nothing goes on by itself, and what another Blender works on says so."""
    if generation.state not in UNFINISHED:
        return generation
    if is_another(owner_id):
        return replace(generation, elsewhere=True)
    return replace(generation, parked=True, interrupted=not generation.parked)


def not_taken(generation: Generation, problem: str) -> Generation:
    """One that could not be started, because its folder cannot be used; the sentence says what it has cost."""
    if generation.state in AT_THE_SERVICE:
        return replace(generation, problem=f"{problem} {costs.paid(generation)}", parked=True)
    if generation.state is State.SUBMITTING:
        return replace(generation, state=State.OUTCOME_UNKNOWN, problem=f"{problem} {costs.unknown(generation)}")
    return replace(generation, state=State.FAILED, problem=f"{problem} {costs.NOTHING_SENT}")
