# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a model that has arrived, of which only a decoder can tell whether they are damaged: WebP.

A second Blender decodes them while the artist goes on, because that takes half a second for 4096 × 4096 pixels. One
that it cannot decode is taken out of the model's materials, where Blender would show magenta, and the row says so.
"""

from functools import partial
from typing import TYPE_CHECKING

import bpy

from ..state import background, session
from ..viewport import redraw

if TYPE_CHECKING:
    import numpy as np

    from ...generation.record.generation import Generation

AFTER_ARRIVAL_S = 0.1
AGAIN_AFTER_S = 0.5


def arrived(generation_id: str) -> None:
    """Has the pictures of a model decoded that has just arrived."""
    background.later(partial(_begin, generation_id), AFTER_ARRIVAL_S)


def checked(generation: "Generation") -> "Generation":
    """As `arrived`, here and now, for a script that goes on with the model; the generation with what there is to say.

    Sees to it that the queue keeps that.
    """
    from ...scene.importing.damaged import damaged_in

    model = session.current().model_of(generation.id)
    return _left_out(generation, damaged_in(_materials_of(model)) if model is not None else set())


def _begin(generation_id: str) -> None:
    from ...scene.images.decoding import decode
    from ...scene.importing.damaged import unproved_in
    from ...scene.second_blender import this_blender

    model = session.current().model_of(generation_id)
    unproved = unproved_in(_materials_of(model)) if model is not None else {}
    if unproved:
        names = [image.name for image in unproved]
        work = partial(decode, list(unproved.values()), this_blender(bpy.app.binary_path), background.go_on)
        background.in_thread(f"decode {generation_id}", work, partial(_judge, generation_id, names))


def _judge(generation_id: str, names: list[str], found: "list[np.ndarray | None]") -> None:
    damaged = {name for name, pixels in zip(names, found, strict=True) if pixels is not None and not pixels.size}
    if damaged:
        background.later(partial(_leave_out, generation_id, damaged))


def _leave_out(generation_id: str, names: set[str]) -> float | None:
    """When the artist's hands are free: as a step that can be undone."""
    from ...scene import user_activity, windows
    from ...scene.importing.damaged import unproved_in

    if user_activity.other_mode() or user_activity.job_that_reads_the_scene():
        return AGAIN_AFTER_S
    model = session.current().model_of(generation_id)
    if model is None:
        return None
    damaged = {image for image in unproved_in(_materials_of(model)) if image.name in names}
    if damaged:
        _left_out(session.current().generations[generation_id], damaged)
        scene = next(iter(model.users_scene), bpy.context.scene)
        windows.push_undo(scene, f"Leave Out Textures of “{model.name}”")
        redraw.everything()
    return None


def _left_out(generation: "Generation", damaged: "set[bpy.types.Image]") -> "Generation":
    from dataclasses import replace

    from ...scene.importing.damaged import said_of, take_out

    model = session.current().model_of(generation.id)
    if model is None or not damaged:
        return generation
    take_out(_materials_of(model), damaged)
    for image in damaged:
        if not image.users:
            bpy.data.images.remove(image)
    found = session.current()
    changed = replace(generation, where=" ".join(filter(None, (generation.where, *said_of(len(damaged))))))
    found.take_over(changed)
    found.queue.keep(changed)
    return changed


def _materials_of(model: bpy.types.Object) -> "list[bpy.types.Material | None]":
    return list(model.data.materials) if isinstance(model.data, bpy.types.Mesh) else []
