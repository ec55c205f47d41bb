# SPDX-License-Identifier: GPL-3.0-or-later
"""What a generation does to the scene when it has come, or is submitted again."""

from typing import TYPE_CHECKING

import bpy

from ...generation.states import State
from ...scene import user_activity
from ...scene.finish.options import Preset
from ..placed_model import assets, finish_operator
from ..state import configuration, logs, session
from ..text import rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ...generation.record.generation import Generation
    from ...generation.record.request import Placement
    from ...scene.arrival.place import Placed
    from ...scene.importing.reading import Reading


def submit_again(generation: "Generation") -> None:
    """Submits one that failed as a new task, with another placeholder where the artist deleted the one it had.

    Raises configuration.NotReady.
    """
    from ...scene import windows
    from ...scene.arrival.place import stand_in

    found = session.current()
    request = generation.request
    found.queue.submit_again(generation, found.service_for(request.model))
    if found.file.misses_placeholder(generation) and not user_activity.job_that_reads_the_scene():
        scene = stand_in(request.name, generation.id, request.placement)
        windows.push_undo(scene, f"Placeholder “{request.name}”")
    found.drain()


def place(generation: "Generation", read: "Reading | None" = None) -> "Generation":
    """Puts a generation's model, of which a thread may have `read` the file, into the scene, and tells the queue. Never
    raises: the outcome is in the result.

    Does nothing where the model is in the scene already.
    """
    from dataclasses import replace

    from ...generation.problems import told
    from ...gltf.errors import ModelUnusable
    from ...scene.arrival.place import NotNow
    from ...scene.importing.importer import ImportFailed
    from ...scene.placement import placeholder

    found = session.current()
    glb = _glb(generation)
    request = generation.request
    if generation.state is State.PLACED and found.file.object_of(generation):
        return generation
    try:
        if not glb.is_file():
            raise ModelUnusable(f"its file {glb} is gone")
        stand_in = placeholder.find(generation.id)
        placement = _placement(found, generation, stand_in)
        placed = _build(glb, generation, placement, stand_in, read)
    except NotNow as reason:
        changed = replace(generation, problem=str(reason), parked=True)
    except (ImportFailed, ModelUnusable) as error:
        changed = replace(generation, problem=told(str(error)), parked=True)
    except Exception as error:
        logs.logger(__name__).exception("placing of generation %s", generation.id)
        problem = f"The model could not be placed ({type(error).__name__}: {told(str(error))}). Its file is kept."
        changed = replace(generation, problem=problem, parked=True)
    else:
        changed = replace(
            generation,
            request=replace(request, placement=placement),
            state=State.PLACED,
            object_name=placed.object_name,
            where=placed.where,
            problem="",
            parked=False,
            wanted=True,
        )
    found.file.look_again()
    found.take_over(changed)
    found.queue.keep(changed)
    return changed


def is_read(generation: "Generation") -> bool:
    """Whether its model has been read in a thread, so that `place` need not; has it read from now on where not. Of what
    is in the scene already there is nothing to read.
    """
    from . import early_reading

    is_there = generation.state is State.PLACED and session.current().file.object_of(generation) is not None
    return is_there or early_reading.is_done(generation.id, _glb(generation))


def wait_and_place(generation_ids: "Sequence[str]") -> str:
    """For scripts, which go on with what they have asked for: in background Blender nothing arrives by itself.

    Blocks until the generations are no longer worked on, and puts each model that has come into the scene. Returns ""
    where all are there, else sentences that name each one that is not. All stand where they belong then.
    """
    outcomes = [_place_for_script(session.current().wait_for(number)) for number in generation_ids]
    # What was moved is where it was until Blender looks.
    bpy.context.view_layer.update()
    return rows.outcome(outcomes)


def _place_for_script(generation: "Generation") -> "Generation":
    if generation.state is not State.READY:
        return generation
    placed = finished(place(generation))
    assets.arrived(placed.id)
    return placed


def finished(placed: "Generation") -> "Generation":
    """Where nobody works meanwhile: does at once what takes long, the check of its pictures and of its preset."""
    from dataclasses import replace

    from . import picture_check

    if placed.state is not State.PLACED:
        return placed
    placed = picture_check.checked(placed)
    said = finish_operator.finish_now(placed.object_name, placed.request.placement.finish)
    if not said:
        return placed
    changed = replace(placed, where=f"{placed.where} {said}".strip())
    session.current().take_over(changed)
    session.current().queue.keep(changed)
    return changed


def remove_abandoned() -> None:
    """Removes the placeholders of what was cancelled: one undo step, none where there was nothing to remove."""
    from ...scene import windows
    from ...scene.placement import placeholder

    found = session.current()
    abandoned, found.abandoned = found.abandoned, set()
    removed = [scene for number in abandoned if (scene := placeholder.remove(number)) is not None]
    if removed:
        windows.push_undo(removed[0], "Remove Placeholder")


def _glb(generation: "Generation") -> "Path":
    from ...generation.files import MODEL_NAME

    return session.current().queue.folder / generation.folder_name / MODEL_NAME


def _build(
    glb: "Path",
    generation: "Generation",
    placement: "Placement",
    stand_in: bpy.types.Object | None,
    read: "Reading | None",
) -> "Placed":
    from ...generation.record.provenance import made_by
    from ...scene.arrival import place

    return place.place(
        glb,
        generation.request.name,
        generation.id,
        placement,
        stand_in,
        smooth_up_to=configuration.smooth_up_to(),
        made=made_by(generation, configuration.own_version()),
        read=read,
    )


def _placement(found: session.Session, generation: "Generation", stand_in: bpy.types.Object | None) -> "Placement":
    """Where it goes now; where it is from now on, so that it can be placed there again."""
    from dataclasses import replace

    from ...scene.arrival.place import here
    from ...scene.placement import placeholder

    placement = generation.request.placement
    if stand_in is not None:
        spot = placeholder.spot(stand_in)
        return replace(placement, location=spot, blend_load=found.file.blend_load, blend_file=bpy.data.filepath)
    if found.file.belongs_here(generation):
        return placement
    finish = Preset(placement.finish)
    return here(bpy.context, placement.longest_side_m, found.file.blend_load, finish=finish)
