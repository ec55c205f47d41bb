# SPDX-License-Identifier: GPL-3.0-or-later
"""All steps in their order, on a model that stands in a scene, and on one that arrives."""

from importlib import import_module
from typing import Protocol, cast

import bpy

from ..meshes import bounds, mesh_of, why_not_ours
from . import decimate, engine, heavy
from .background_finish import BackgroundFinish
from .options import STEPS, CannotFinish, Finish


class Step(Protocol):
    """A module of this folder. It takes its choices from the finish, and does nothing where they say so."""

    def check(self, model: bpy.types.Object, wanted: Finish) -> None:
        """Raises CannotFinish with a sentence where it cannot be done; changes nothing."""
        ...

    def apply(self, model: bpy.types.Object, wanted: Finish) -> list[str]:
        """Does it, and returns what the artist should know, in sentences."""
        ...


_STEPS = [cast("Step", import_module(f".{name}", __package__)) for name in STEPS]

AT_ONCE_TRIANGLES = 4_000
"""Larger meshes are reduced in a Blender of its own: these take 100 ms, at 26 µs for each triangle."""
LOOSE_AT_ONCE_TRIANGLES = 50_000
"""As above, for loose bits alone."""


def is_heavy(mesh: bpy.types.Mesh, finish: Finish) -> bool:
    """True where quads, LODs, loose bits and the budget would hold Blender up for more than about 100 ms."""
    if finish.faces or engine.wants(finish):
        return True
    count = decimate.triangles_of(mesh)
    reduces = 0 < finish.triangles < count and not finish.keeps_modifier
    return (reduces and count > AT_ONCE_TRIANGLES) or (finish.loose_share > 0 and count > LOOSE_AT_ONCE_TRIANGLES)


def is_more(finish: Finish) -> bool:
    """True where a finish does more than an arrival has time for."""
    return bool(finish.faces or finish.triangles or finish.loose_share or engine.wants(finish))


def check(model: bpy.types.Object, wanted: Finish) -> None:
    """Raises CannotFinish with a sentence where something of it cannot be done; changes nothing."""
    if reason := why_not_ours(model):
        raise CannotFinish(reason)
    if model.mode == 'EDIT':
        raise CannotFinish(f"“{model.name}” is in Edit Mode. Leave it first.")
    for step in _STEPS:
        step.check(model, wanted)


def finish(model: bpy.types.Object, wanted: Finish) -> list[str]:
    """Finishes a model where it stands, and returns what the artist should know, in sentences.

    Linked duplicates are finished along; unless it is rebuilt from quads, its mesh stays the same data-block. Quads are
    waited for, which another Blender makes. Pushes no undo step. Raises
    CannotFinish before anything is changed.
    """
    check(model, wanted)
    if not wanted.faces and not engine.wants(wanted):
        said = heavy.reduce(mesh_of(model), wanted)
        return [*said, *settle(model, wanted)]
    job = BackgroundFinish(model, wanted)
    try:
        job.wait()
        said = job.take(model)
    finally:
        job.cancel()
    return [*said, *settle(model, wanted)]


def settle(model: bpy.types.Object, wanted: Finish) -> list[str]:
    """All other steps, on a mesh that is reduced: 100 ms for 1,000,000 triangles."""
    before = bounds(mesh_of(model))
    said = [sentence for step in _STEPS for sentence in step.apply(model, wanted)]
    return [*said, *engine.fit(model, wanted, before)]
