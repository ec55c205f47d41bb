# SPDX-License-Identifier: GPL-3.0-or-later
"""The model into the artist's scene: where it was meant to go, as one undo step, touching nothing else."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import bpy

from ...generation.record.request import Placement
from ...generation.record.variations import GAP
from .. import provenance, user_activity
from ..blockout import fit, swap
from ..custom_properties import ID_PROPERTY
from ..finish import defaults, origin, shading
from ..finish.options import PRESETS, Finish, Origin, Preset, Shading
from ..importing import reading
from ..importing.build import built_model
from ..importing.damaged import NewModel
from ..importing.staging import staged_model
from ..meshes import mesh_of
from ..placement import placeholder
from ..placement import target as grounding
from ..placement.target import Target
from ..units import metres_per_unit
from ..windows import push_undo, select_only, shown_scene, view_layer_of, viewports_of
from . import replace as replacing
from .destination import destination_of
from .hidden import hidden_in

if TYPE_CHECKING:
    from ...generation.record.provenance import Made


class NotNow(Exception):
    """What the model is to stand in is being edited. `str(error)` is a sentence for the artist."""


class Placed(NamedTuple):
    """The object's name, and where it went in words where that is not the place it was meant for, or what of it
    Blender cannot show.
    """

    object_name: str
    where: str


def here(
    context: bpy.types.Context,
    longest_side_m: float,
    blend_load: str,
    *,
    target: Target = Target.CURSOR,
    beside_m: float = 0.0,
    finish: Preset = Preset.SCENE,
) -> Placement:
    """The place that the artist means now: the active collection, and the 3D cursor or what is below it.

    `beside_m` further along X, for those that stand in a row. What is left as delivered keeps its size, too.
    """
    collection = context.collection
    chosen = None if collection == context.scene.collection else collection
    return Placement(
        scene=context.scene.name,
        scene_uid=context.scene.session_uid,
        collection=chosen.name if chosen is not None else "",
        collection_uid=chosen.session_uid if chosen is not None else 0,
        location=grounding.stand_at(context, target, beside_m / metres_per_unit(context.scene)),
        longest_side_m=0.0 if finish is Preset.AS_DELIVERED else longest_side_m,
        blend_file=bpy.data.filepath,
        blend_load=blend_load,
        finish=finish.value,
    )


def beside(context: bpy.types.Context, model: bpy.types.Object, blend_load: str, finish: Preset) -> Placement:
    """To the right of `model`, in its collection and as large as it is, whatever the preset."""
    frame = fit.frame_of(model)
    placement = here(context, 0.0, blend_load, finish=finish)
    x, y, z = placeholder.spot(model)
    across: Any = frame.matrix.row[0]
    width = sum(abs(turn) * side for turn, side in zip(across[:3], frame.size, strict=True))
    longest_side_m = max(frame.size) * metres_per_unit(context.scene)
    placement = replace(placement, location=(x + GAP * width, y, z), longest_side_m=longest_side_m)
    collection = next(iter(model.users_collection), None)
    if collection is None or collection == context.scene.collection or collection.library is not None:
        return placement
    return replace(placement, collection=collection.name, collection_uid=collection.session_uid)


def place(
    glb: Path,
    name: str,
    generation_id: str,
    placement: Placement,
    stand_in: bpy.types.Object | None = None,
    *,
    smooth_up_to: float = defaults.SHARP_ANGLE,
    made: "Made | None" = None,
    read: reading.Reading | None = None,
) -> Placed:
    """Puts the model of a generation into the scene: selected and active where the artist is idle in Object Mode.

    It takes the place of `stand_in` where there is one: its placeholder, the model that it replaces, or the boxes that
    wait for it, which get linked duplicates. Edges are sharp where faces meet at more than `smooth_up_to` radians. What
    of its preset may take long is left out, see `steps.is_more`. `made` is written on the object. `read` is
    what a thread has read of the file; it is read here where the file has changed since, or for None. Exactly one
    object, mesh and material come in, and one undo step. Raises importer.ImportFailed, NotNow and
    gltf.errors.ModelUnusable; then nothing is left behind.
    """
    stand_ins = placeholder.find_all(generation_id) if stand_in is not None else []
    _check_modes(stand_ins)
    if stand_in is not None:
        name = placeholder.wanted_name(stand_in, swap.name_of(stand_in), name)
    arriving = _Arriving(name, generation_id, placement, made)
    finish = PRESETS[Preset(placement.finish)]._replace(sharp_angle=smooth_up_to)
    with _shaded_model(glb, finish, read) as (model, said):
        unit_m = metres_per_unit(_scene_of(placement, stand_in))
        delivered = defaults.stand(mesh_of(model), placement.longest_side_m, unit_m).translation
        defaults.name_all(model, mesh_of(model), name)
        for collection in list(model.users_collection):
            collection.objects.unlink(model)
        if stand_in is None:
            arrived = _in_free_place(model, arriving)
        elif stand_in.type == 'EMPTY':
            arrived = _for_placeholder(model, arriving, stand_in)
        elif ID_PROPERTY in stand_in:
            arrived = _for_model(model, arriving, stand_in)
        else:
            arrived = _in_boxes(model, arriving, stand_ins)
        if arrived.has_own_place:
            if finish.origin is Origin.KEEP:
                origin.move_to(mesh_of(model), delivered)
            _show(model, arrived.scene)
            if not arrived.where:
                said.append(hidden_in(model, arrived.scene, view_layer_of(arrived.scene)))
        where = " ".join(filter(None, (arrived.where, *said)))
    if arrived.model != model:
        bpy.data.objects.remove(model)
    object_name = arrived.model.name
    push_undo(arrived.scene, f"{arrived.verb} “{name}”")
    return Placed(object_name, where)


class _Arriving(NamedTuple):
    """What the four ways of arriving need to know of a generation."""

    name: str
    generation_id: str
    placement: Placement
    made: "Made | None"

    def sign(self, model: bpy.types.Object) -> None:
        """Writes on the model what it is and what made it."""
        model[ID_PROPERTY] = self.generation_id
        if self.made is not None:
            provenance.write(model, self.made)


class _Arrived(NamedTuple):
    """The object that the artist has now, its scene, and where it went in words, "" for where it was meant to go.

    `has_own_place`: where it stands is no other object's place, so it is selected, and may keep its file's origin.
    """

    model: bpy.types.Object
    scene: bpy.types.Scene
    where: str
    has_own_place: bool
    verb: str = "Add"


@contextmanager
def _shaded_model(glb: Path, finish: Finish, read: reading.Reading | None) -> Generator[NewModel]:
    """Out of what was read of the file, where that is all of it; else as Blender's importer brings it."""
    given = read if read is not None and read.is_of(glb) else reading.read(glb)
    model, keeps = given.model(), finish.shading is Shading.KEEP
    if model is not None and not (keeps and model.has_normals):
        with built_model(model, None if keeps else finish.sharp_angle) as built:
            yield built
        return
    with staged_model(glb, keeps_normals=keeps) as staged:
        shading.shade(mesh_of(staged.item), finish)
        yield staged


def _in_free_place(model: bpy.types.Object, arriving: _Arriving) -> _Arrived:
    placeholder.remove_remains(arriving.generation_id)
    model.name = arriving.name  # which what was removed may have had
    destination = destination_of(arriving.placement)
    model.location = arriving.placement.location
    destination.collection.objects.link(model)
    arriving.sign(model)
    return _Arrived(model, destination.scene, destination.where, has_own_place=True)


def _for_placeholder(model: bpy.types.Object, arriving: _Arriving, empty: bpy.types.Object) -> _Arrived:
    arriving.sign(model)
    scene, where = placeholder.hand_over(empty, model)
    model.name = arriving.name  # it was the placeholder's until now
    return _Arrived(model, scene, where, has_own_place=True)


def _for_model(model: bpy.types.Object, arriving: _Arriving, old: bpy.types.Object) -> _Arrived:
    """The artist's object gets the mesh; the object that came with it is in no collection."""
    scene, where = replacing.replace(old, mesh_of(model))
    arriving.sign(old)
    return _Arrived(old, scene, where, has_own_place=False, verb="Replace")


def _in_boxes(model: bpy.types.Object, arriving: _Arriving, boxes: list[bpy.types.Object]) -> _Arrived:
    arriving.sign(model)
    scene, where = fit.fill(boxes, model, stretch=arriving.placement.stretch)
    return _Arrived(model, scene, where, has_own_place=False)


def stand_in(name: str, generation_id: str, placement: Placement) -> bpy.types.Scene:
    """Puts a placeholder where the model will stand; the scene it is in. Pushes no undo step."""
    # The artist sees it where they pressed; it is added to the local view below.
    destination = destination_of(placement, arrives=False)
    unit_m = metres_per_unit(destination.scene)
    empty = placeholder.stand(name, generation_id, placement, destination.collection, unit_m)
    for viewport in viewports_of(destination.scene):
        if viewport.local_view is not None:
            empty.local_view_set(viewport, True)
    return destination.scene


def _scene_of(placement: Placement, stand_in: bpy.types.Object | None) -> bpy.types.Scene:
    if stand_in is None:
        return destination_of(placement).scene
    return placeholder.scene_of(stand_in) or shown_scene()


def _check_modes(stand_ins: list[bpy.types.Object]) -> None:
    for item in stand_ins:
        if item.mode != 'OBJECT':
            mode = user_activity.MODE_NAMES.get(item.mode, "another mode")
            raise NotNow(f"“{item.name}” is in {mode}. Leave that mode, then press Place.")


def models_here() -> dict[str, list[bpy.types.Object]]:
    """The objects of the open file that generations made, by their ids. Takes milliseconds in a large file."""
    found: dict[str, list[bpy.types.Object]] = {}
    for item in bpy.data.objects:
        if ID_PROPERTY in item:
            found.setdefault(str(item[ID_PROPERTY]), []).append(item)
    return found


def is_alive(model: bpy.types.Object) -> bool:
    """False for one that was deleted or taken out of its collections. Costs microseconds in any file."""
    with suppress(ReferenceError):
        return ID_PROPERTY in model and model.users > model.use_fake_user
    return False


def _show(model: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Makes the model visible and, for an artist idle in Object Mode, the selected and active object."""
    layer = view_layer_of(scene)
    for viewport in viewports_of(scene):
        if viewport.local_view is not None and layer.objects.get(model.name) is not None:
            model.local_view_set(viewport, True)
    if not model.visible_get(view_layer=layer):
        return
    if not user_activity.other_mode():
        select_only(layer, [model])
    else:
        model.select_set(False, view_layer=layer)
