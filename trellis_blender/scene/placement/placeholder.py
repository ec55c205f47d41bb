# SPDX-License-Identifier: GPL-3.0-or-later
"""Placeholders: the object that marks where a model will be. It is an Empty that the add-on adds, a box of the
artist's, or the model that will be replaced.

A placeholder has a custom property with the id of its generation, so it can be renamed, moved and saved. An Empty is
removed when the model arrives or is no longer wanted; a mesh is the artist's and only loses the property. Searching all
objects takes milliseconds in a large file, so the result is cached: call `forget` after undo, redo and opening a file.
"""

import re
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

import bpy
from mathutils import Matrix, Vector

from .. import object_names
from ..custom_properties import PLACEHOLDER
from ..windows import layer_collections, shown_scene, view_layer_of, where_it_is

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...generation.record.request import Placement

DELIVERED_HALF_M = 0.5
"""Half a side of the cube if the size of the model is not known yet."""
FLAT = 1e-7
"""A smaller scale counts as zero."""
KINDS = frozenset({'EMPTY', 'MESH'})


class _Known:
    """The result of the last search; `originals` has the `session_uid` of the placeholder of each generation."""

    is_stale: ClassVar = True
    count: ClassVar = 0
    placeholders: ClassVar[dict[str, list[bpy.types.Object]]] = {}
    copies: ClassVar[list[bpy.types.Object]] = []
    originals: ClassVar[dict[str, int]] = {}


def stand(
    name: str,
    generation_id: str,
    placement: "Placement",
    collection: bpy.types.Collection,
    metres_per_unit: float = 1.0,
) -> bpy.types.Object:
    """Adds an Empty in the shape of the model's box, its bottom centre at the placement's location.

    Does not change selection or mode, and pushes no undo step: the caller does, see `windows.push_undo`.
    """
    half = (placement.longest_side_m / 2 or DELIVERED_HALF_M) / metres_per_unit
    empty = bpy.data.objects.new(name, None)
    empty.empty_display_type = 'CUBE'
    empty.empty_display_size = half
    x, y, z = placement.location
    empty[PLACEHOLDER] = generation_id
    collection.objects.link(empty)
    # `location` would reach the matrix only when Blender draws, and a model may arrive before that.
    empty.matrix_world = Matrix.Translation((x, y, z + half))
    _Known.originals[generation_id] = empty.session_uid
    forget()
    return empty


def mark(items: "Sequence[bpy.types.Object]", generation_id: str) -> None:
    """Makes meshes the placeholders of a generation; the first one is the original. Pushes no undo step: the caller
    does.
    """
    for item in items:
        item[PLACEHOLDER] = generation_id
    _Known.originals[generation_id] = items[0].session_uid
    forget()


def unmark(items: "Sequence[bpy.types.Object]") -> None:
    """Makes them placeholders no longer. Pushes no undo step."""
    for item in items:
        del item[PLACEHOLDER]
    forget()


def find(generation_id: str) -> bpy.types.Object | None:
    """The placeholder of a generation in the open file, the first of several; None if there is none."""
    return next(iter(find_all(generation_id)), None)


def find_all(generation_id: str) -> list[bpy.types.Object]:
    """All meshes that are placeholders of a generation, or its one Empty."""
    _refresh()
    found = _Known.placeholders.get(generation_id, [])
    if not all(is_alive(item) for item in found):
        forget()
        _refresh()
        found = _Known.placeholders.get(generation_id, [])
    return list(found)


def all_here() -> list[tuple[str, bpy.types.Object]]:
    """All placeholders of the open file, each with its generation's id."""
    _refresh()
    return [(number, item) for number, items in _Known.placeholders.items() for item in items if is_alive(item)]


def copies_here() -> list[bpy.types.Object]:
    """Duplicates of Empties: nothing arrives in a duplicate while its original exists."""
    _refresh()
    return [item for item in _Known.copies if is_alive(item)]


def is_alive(empty: bpy.types.Object) -> bool:
    """False if it was deleted or is in no collection any more. Takes microseconds in any file."""
    with suppress(ReferenceError):
        return PLACEHOLDER in empty and empty.users > 0
    return False


def forget() -> None:
    """Drops the cache, after undo, redo and opening a file."""
    _Known.is_stale = True
    _Known.placeholders = {}
    _Known.copies = []


def forget_if_changed() -> None:
    """Drops the cache if objects were added or deleted, which may be duplicates. 0.3 ms with 10,000 objects."""
    if len(bpy.data.objects) != _Known.count:
        forget()


def wanted_name(item: bpy.types.Object, called: str, name: str) -> str:
    """The name for the model: what the artist `called` the placeholder, or `name` if it has that name (with or without
    Blender's ".001") or a default name.
    """
    is_its_own = re.fullmatch(re.escape(name) + r"(\.\d{3,})?", called)
    is_nameless = item.type == 'MESH' and not object_names.prompt_in(called)
    return name if is_its_own or is_nameless else called


def hand_over(empty: bpy.types.Object, model: bpy.types.Object) -> tuple[bpy.types.Scene, str]:
    """Gives the model the Empty's transform, parent, collections and children, and removes the Empty.

    The model's origin is at the bottom of the box. Returns the scene, and a sentence if the transform could not be kept
    or the artist cannot see the model. Pushes no undo step.
    """
    scene = scene_of(empty) or shown_scene()
    for collection in empty.users_collection:
        collection.objects.link(model)
    where = _take_transform(empty, model) or why_unseen(model, scene)
    down = Matrix.Translation((0, 0, -empty.empty_display_size))
    for child in empty.children:
        if child.library is None:
            inverse = child.matrix_parent_inverse.copy()
            child.parent = model
            child.matrix_parent_inverse = down.inverted() @ inverse
    for collection in empty.users_collection:
        collection.objects.unlink(empty)  # else the remap below would put the model into each of them twice
    empty.user_remap(model)  # constraints and drivers that used it
    bpy.data.objects.remove(empty)
    forget()
    return scene, where


def box_matrix(item: bpy.types.Object) -> Matrix:
    """The matrix that transforms the cube from -1 to 1 into the placeholder's box, in world space."""
    if item.type == 'EMPTY':
        return item.matrix_world @ Matrix.Scale(item.empty_display_size, 4)
    low, high = local_bounds(item)
    middle, half = (low + high) / 2, (high - low) / 2
    return item.matrix_world @ Matrix.Translation(middle.to_tuple()) @ Matrix.Diagonal((*half, 1))


def local_bounds(item: bpy.types.Object) -> tuple[Vector, Vector]:
    """Lowest and highest corner of an object's bounding box in its own space, modifiers included."""
    axes = list(zip(*item.bound_box, strict=True))
    return Vector([min(axis) for axis in axes]), Vector([max(axis) for axis in axes])


def spot(item: bpy.types.Object) -> tuple[float, float, float]:
    """The middle of the box's bottom, in world space."""
    x, y, z = box_matrix(item) @ Vector((0, 0, -1))
    return x, y, z


def remove_remains(generation_id: str) -> None:
    """Removes the placeholder of a generation if it is in no scene any more. Blender keeps such an object, and with it
    the name that the model should get.
    """
    found = [item for item in bpy.data.objects if item.get(PLACEHOLDER) == generation_id and item.library is None]
    for item in found:
        if not item.users_scene and item.type == 'EMPTY':
            bpy.data.objects.remove(item)
            forget()


def remove(generation_id: str) -> bpy.types.Scene | None:
    """Removes the placeholders of a generation. Returns the scene, None if there were none.

    Pushes no undo step: the caller does.
    """
    found = find_all(generation_id)
    if not found:
        return None
    scene = scene_of(found[0]) or shown_scene()
    for item in found:
        release(item)
    return scene


def release(item: bpy.types.Object) -> None:
    """Removes an Empty; a mesh only loses the property."""
    if item.type == 'EMPTY':
        bpy.data.objects.remove(item)
    else:
        del item[PLACEHOLDER]
    forget()


def _refresh() -> None:
    if not _Known.is_stale:
        return
    _Known.is_stale = False
    _Known.count = len(bpy.data.objects)
    found: dict[str, list[bpy.types.Object]] = {}
    for item in bpy.data.objects:
        # Objects that are linked from another file, overridden or not, cannot be replaced.
        is_anothers = item.library is not None or item.override_library is not None
        if PLACEHOLDER in item and item.type in KINDS and not is_anothers and scene_of(item) is not None:
            found.setdefault(str(item[PLACEHOLDER]), []).append(item)
    for number, items in found.items():
        # The object that was added at the press. After the file is opened again it is the first by name: a duplicate's
        # name comes later.
        original = next((item for item in items if item.session_uid == _Known.originals.get(number)), items[0])
        _Known.originals[number] = original.session_uid
        # A duplicated box gets the model as well, at no cost.
        copies = [item for item in items if item != original and item.type == 'EMPTY']
        _Known.placeholders[number] = [original, *(item for item in items if item not in (original, *copies))]
        _Known.copies += copies


def scene_of(item: bpy.types.Object) -> bpy.types.Scene | None:
    """The shown scene if it contains the object, else any scene that does."""
    scenes = [scene for scene in bpy.data.scenes if scene.objects.get(item.name) == item]
    shown = shown_scene()
    return shown if shown in scenes else next(iter(scenes), None)


def _take_transform(empty: bpy.types.Object, model: bpy.types.Object) -> str:
    world = empty.matrix_world.copy()
    down = Matrix.Translation((0, 0, -empty.empty_display_size))
    parent = empty.parent
    if _is_flat(world):
        model.location = world.translation
        if parent is not None and _is_flat(parent.matrix_world):
            return f"It has no parent any more, because “{parent.name}” is scaled to zero."
        return "It has its own size, because its placeholder is scaled to zero."
    take_parent(model, empty)
    if empty.constraints:
        model.matrix_world = world @ down
    else:
        model.matrix_basis = empty.matrix_basis @ down
    return ""


def take_parent(model: bpy.types.Object, item: bpy.types.Object) -> None:
    """Gives the model the way to rotate of what it takes the place of, and its parent."""
    model.rotation_mode = item.rotation_mode
    if item.parent is not None:
        model.parent = item.parent
        for name in ("parent_type", "parent_bone", "parent_vertices", "matrix_parent_inverse"):
            setattr(model, name, getattr(item, name))


def _is_flat(matrix: Matrix) -> bool:
    return not min(abs(scale) for scale in matrix.to_scale()) > FLAT


def why_unseen(model: bpy.types.Object, scene: bpy.types.Scene) -> str:
    """A sentence that says why the artist cannot see the model; "" if they can."""
    if scene != shown_scene():
        return where_it_is(scene)
    collections = list(model.users_collection)
    root = view_layer_of(scene).layer_collection
    layers = [layer for collection in collections for layer in layer_collections(root, collection)]
    if layers and all(layer.exclude for layer in layers):
        return f"Its collection “{collections[0].name}” is excluded from the view layer."
    if layers and not any(layer.is_visible for layer in layers if not layer.exclude):
        return f"Its collection “{collections[0].name}” is hidden."
    return ""
