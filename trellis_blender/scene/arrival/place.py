# SPDX-License-Identifier: GPL-3.0-or-later
"""The model into the artist's scene: where it was meant to go, as one undo step, touching nothing else."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import bpy

from ...generation.record.request import Placement
from ...generation.record.variations import GAP
from .. import provenance, user_activity
from ..blockout import fit, swap
from ..custom_properties import ID_PROPERTY
from ..finish import defaults, origin, steps, textures
from ..finish.options import PRESETS, Origin, Preset, Shading
from ..importing.staging import staged_model
from ..meshes import mesh_of
from ..placement import placeholder
from ..placement import target as grounding
from ..placement.target import Target
from ..units import metres_per_unit
from ..windows import layer_collections, push_undo, shown_scene, view_layer_of, viewports_of, window_of
from . import replace as replacing

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


class _Destination(NamedTuple):
    scene: bpy.types.Scene
    collection: bpy.types.Collection
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
) -> Placed:
    """Puts the model of a generation into the scene: selected and active where the artist is idle in Object Mode.

    It takes the place of `stand_in`, its placeholder, where there is one. Edges are sharp where faces meet at more than
    `smooth_up_to` radians. What of its preset would hold a window up is left out, see `steps.is_heavy`. `made` is
    written on the object. Exactly one object, mesh and material come in, and one undo
    step; where several boxes wait for the model, linked duplicates as well. Raises staging.ImportFailed, NotNow and
    generation.problems.ModelUnusable; then nothing is left behind.
    """
    stand_ins = placeholder.find_all(generation_id) if stand_in is not None else []
    _check_modes(stand_ins)
    has_own_place = stand_in is None or stand_in.type == 'EMPTY'
    if stand_in is None:
        placeholder.remove_remains(generation_id)
    else:
        name = placeholder.wanted_name(stand_in, swap.name_of(stand_in), name)
    finish = replace(PRESETS[Preset(placement.finish)], sharp_angle=smooth_up_to)
    with staged_model(glb, keeps_normals=finish.shading is Shading.KEEP) as model:
        mesh = mesh_of(model)
        if bpy.app.background or not steps.is_heavy(mesh, finish):
            steps.reduce(mesh, finish)
        delivered = defaults.stand(mesh, placement.longest_side_m, metres_per_unit(_scene_of(placement, stand_in)))
        steps.shade(mesh, finish)
        defaults.name_all(model, mesh, name)
        for collection in list(model.users_collection):
            collection.objects.unlink(model)
        _sign(model, generation_id, made)
        if stand_in is None:
            destination = _destination(placement)
            model.location = placement.location
            destination.collection.objects.link(model)
            scene, where = destination.scene, destination.where
        elif stand_in.type == 'EMPTY':
            scene, where = placeholder.hand_over(stand_in, model)
            model.name = name  # it was the placeholder's until now
        elif ID_PROPERTY in stand_in:
            scene, where = replacing.replace(stand_in, mesh)
            _sign(stand_in, generation_id, made)
        else:
            scene, where = fit.fill(stand_ins, model, stretch=placement.stretch)
        where = " ".join(filter(None, (where, *textures.unseen(mesh, at_a_glance=True))))
        if has_own_place:
            if finish.origin is Origin.KEEP:
                origin.move_to(mesh, delivered.translation)
            _show(model, scene)
    if not model.users_collection:
        bpy.data.objects.remove(model)  # its mesh is the artist's object's
        model = stand_in
    object_name = model.name
    push_undo(scene, f"{'Replace' if model == stand_in else 'Add'} “{name}”")
    return Placed(object_name, where)


def stand_in(name: str, generation_id: str, placement: Placement) -> bpy.types.Scene:
    """Puts a placeholder where the model will stand; the scene it is in. Pushes no undo step."""
    # The artist sees it where they pressed; local view is told of it below.
    destination = _destination(placement, arrives=False)
    unit_m = metres_per_unit(destination.scene)
    empty = placeholder.stand(name, generation_id, placement, destination.collection, unit_m)
    for viewport in viewports_of(destination.scene):
        if viewport.local_view is not None:
            empty.local_view_set(viewport, True)
    return destination.scene


def _scene_of(placement: Placement, stand_in: bpy.types.Object | None) -> bpy.types.Scene:
    if stand_in is None:
        return _destination(placement).scene
    return placeholder.scene_of(stand_in) or shown_scene()


def _check_modes(stand_ins: list[bpy.types.Object]) -> None:
    for item in stand_ins:
        if item.mode != 'OBJECT':
            mode = user_activity.MODE_NAMES.get(item.mode, "another mode")
            raise NotNow(f"“{item.name}” is in {mode}. Leave it, then press Place.")


def _sign(model: bpy.types.Object, generation_id: str, made: "Made | None") -> None:
    model[ID_PROPERTY] = generation_id
    if made is not None:
        provenance.write(model, made)


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


def _destination(placement: Placement, *, arrives: bool = True) -> _Destination:
    shown = shown_scene()
    by_number = (item for item in bpy.data.scenes if item.session_uid == placement.scene_uid)
    scene = next(by_number, None) or bpy.data.scenes.get(placement.scene)
    if scene is None or scene.library is not None:
        where = f"In the scene “{shown.name}”, because “{placement.scene}” is gone."
        return _Destination(shown, shown.collection, where)
    collection = _collection(placement)
    reason = (_why_unseen(scene) if arrives else "") or _why_not_there(scene, placement, collection)
    if reason:
        return _Destination(scene, scene.collection, f"In the scene's own collection, because {reason}.")
    if scene != shown and window_of(scene) is None:
        return _Destination(scene, collection or scene.collection, f"In the scene “{scene.name}”.")
    return _Destination(scene, collection or scene.collection, "")


def _collection(placement: Placement) -> bpy.types.Collection | None:
    """By its number in this session, which outlives renaming; else by name, which outlives reopening the file."""
    if not placement.collection:
        return None
    by_number = (item for item in bpy.data.collections if item.session_uid == placement.collection_uid)
    return next(by_number, None) or bpy.data.collections.get(placement.collection)


def _why_unseen(scene: bpy.types.Scene) -> str:
    if window_of(scene) is None:
        return ""
    viewports = list(viewports_of(scene))
    if not viewports:
        return "no 3D viewport is open"
    if any(viewport.local_view is not None for viewport in viewports):
        return "a 3D viewport is in local view"
    return ""


def _why_not_there(scene: bpy.types.Scene, placement: Placement, collection: bpy.types.Collection | None) -> str:
    if not placement.collection:
        return ""
    if collection is None:
        return f"the collection “{placement.collection}” is gone"
    if collection.library is not None or collection.override_library is not None:
        return f"the collection “{collection.name}” is linked from another file"
    layers = list(layer_collections(view_layer_of(scene).layer_collection, collection))
    if not layers:
        return f"the collection “{collection.name}” is no longer in the scene"
    if all(layer.exclude for layer in layers):
        return f"the collection “{collection.name}” is excluded from the view layer"
    if not any(layer.is_visible for layer in layers):
        return f"the collection “{collection.name}” is hidden"
    return ""


def _show(model: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Makes the model visible and, for an artist idle in Object Mode, the selected and active object."""
    layer = view_layer_of(scene)
    for viewport in viewports_of(scene):
        if viewport.local_view is not None and layer.objects.get(model.name) is not None:
            model.local_view_set(viewport, True)
    if not model.visible_get(view_layer=layer):
        return
    if not user_activity.other_mode():
        for item in list(layer.objects.selected):
            item.select_set(False, view_layer=layer)
        model.select_set(True, view_layer=layer)
        layer.objects.active = model
    else:
        model.select_set(False, view_layer=layer)
