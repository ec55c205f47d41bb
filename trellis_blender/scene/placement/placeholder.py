# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands where a model will: an Empty made at the press, a box of the artist's, or the model that it replaces.

It is known by a custom property with its generation's id, so it may be renamed, moved and saved. An Empty is ours and
goes when the model comes or is no longer wanted; a mesh is the artist's, and only loses the property. Looking through
all objects takes milliseconds in a large file, so it is done once and the objects are kept until something may have
changed them: `forget` must be called after undo, redo and opening a file.
"""

import re
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

import bpy
from mathutils import Matrix, Vector

from .. import object_names
from ..windows import layer_collections, shown_scene, view_layer_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...generation.record.request import Placement

ID_PROPERTY = "trellis_placeholder"
"""The custom property by which an object tells which generation it stands for."""

DELIVERED_HALF_M = 0.5
"""Half a side of the cube where the model's size is not known before it is there."""
FLAT = 1e-7
"""A scale that nothing can be seen at."""
KINDS = frozenset({'EMPTY', 'MESH'})


class _Known:
    """What the last look through the file has found; `originals` remembers the `session_uid` of every placeholder."""

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
    """An Empty in the shape of the model's box, its bottom centre at the placement's location.

    Touches neither selection nor mode, and pushes no undo step: the caller does, see `views.push_undo`.
    """
    half = (placement.longest_side_m / 2 or DELIVERED_HALF_M) / metres_per_unit
    empty = bpy.data.objects.new(name, None)
    empty.empty_display_type = 'CUBE'
    empty.empty_display_size = half
    x, y, z = placement.location
    empty[ID_PROPERTY] = generation_id
    collection.objects.link(empty)
    # Else its matrix stays that of the origin until Blender draws, and a model may arrive before that.
    empty.matrix_world = Matrix.Translation((x, y, z + half))
    _Known.originals[generation_id] = empty.session_uid
    forget()
    return empty


def mark(items: "Sequence[bpy.types.Object]", generation_id: str) -> None:
    """Has meshes stand for a generation, the first one for it alone. Pushes no undo step: the caller does."""
    for item in items:
        item[ID_PROPERTY] = generation_id
    _Known.originals[generation_id] = items[0].session_uid
    forget()


def unmark(items: "Sequence[bpy.types.Object]") -> None:
    """They stand for nothing any more. Pushes no undo step."""
    for item in items:
        del item[ID_PROPERTY]
    forget()


def find(generation_id: str) -> bpy.types.Object | None:
    """The placeholder of a generation in the open file, the first of several; None where it is gone."""
    return next(iter(find_all(generation_id)), None)


def find_all(generation_id: str) -> list[bpy.types.Object]:
    """Every mesh that stands for a generation, or its one Empty."""
    _look()
    found = _Known.placeholders.get(generation_id, [])
    if not all(is_alive(item) for item in found):
        forget()
        _look()
        found = _Known.placeholders.get(generation_id, [])
    return list(found)


def all_here() -> list[tuple[str, bpy.types.Object]]:
    """Every placeholder of the open file with its generation's id."""
    _look()
    return [(number, item) for number, items in _Known.placeholders.items() for item in items if is_alive(item)]


def copies_here() -> list[bpy.types.Object]:
    """What the artist duplicated: nothing arrives in a copy while its original stands."""
    _look()
    return [item for item in _Known.copies if is_alive(item)]


def is_alive(empty: bpy.types.Object) -> bool:
    """False for one that was deleted or is in no collection any more. Costs microseconds in any file."""
    with suppress(ReferenceError):
        return ID_PROPERTY in empty and empty.users > 0
    return False


def forget() -> None:
    """After undo, redo and opening a file: the next question looks through the file again."""
    _Known.is_stale = True
    _Known.placeholders = {}
    _Known.copies = []


def forget_if_changed() -> None:
    """Now and then: objects were added or deleted, so there may be copies. 0.3 ms with 10,000 objects."""
    if len(bpy.data.objects) != _Known.count:
        forget()


def wanted_name(item: bpy.types.Object, called: str, name: str) -> str:
    """What the artist `called` it; `name` where that is its name, give or take Blender's ".001", or it has none."""
    is_its_own = re.fullmatch(re.escape(name) + r"(\.\d{3,})?", called)
    is_nameless = item.type == 'MESH' and not object_names.prompt_in(called)
    return name if is_its_own or is_nameless else called


def hand_over(empty: bpy.types.Object, model: bpy.types.Object) -> tuple[bpy.types.Scene, str]:
    """The model takes the Empty's transform, parent, collections and children, and the Empty goes.

    Returns the scene, and in words what is not as the artist left it, or why they do not see the model. It stands where
    the box stood, on its bottom. Pushes no undo step.
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
        collection.objects.unlink(empty)  # else each would have the model twice
    empty.user_remap(model)  # constraints that aimed at it, drivers
    bpy.data.objects.remove(empty)
    forget()
    return scene, where


def volume(item: bpy.types.Object) -> Matrix:
    """What takes the cube from -1 to 1 to where the placeholder is, in world space."""
    if item.type == 'EMPTY':
        return item.matrix_world @ Matrix.Scale(item.empty_display_size, 4)
    low, high = local_bounds(item)
    middle, half = (low + high) / 2, (high - low) / 2
    return item.matrix_world @ Matrix.Translation(middle.to_tuple()) @ Matrix.Diagonal((*half, 1))


def local_bounds(item: bpy.types.Object) -> tuple[Vector, Vector]:
    """Lowest and highest corner of an object in its own space, modifiers included."""
    axes = list(zip(*item.bound_box, strict=True))
    return Vector([min(axis) for axis in axes]), Vector([max(axis) for axis in axes])


def spot(item: bpy.types.Object) -> tuple[float, float, float]:
    """The middle of the box's bottom, in world space."""
    x, y, z = volume(item) @ Vector((0, 0, -1))
    return x, y, z


def remove_remains(generation_id: str) -> None:
    """Removes the placeholder of a generation where it is in no scene any more: Blender keeps it, and with it the name
    that its model shall have.
    """
    found = [item for item in bpy.data.objects if item.get(ID_PROPERTY) == generation_id and item.library is None]
    for item in found:
        if not item.users_scene and item.type == 'EMPTY':
            bpy.data.objects.remove(item)
            forget()


def remove(generation_id: str) -> bpy.types.Scene | None:
    """Removes the placeholder of a generation; the scene it was in, None where there was none.

    Pushes no undo step: the caller does.
    """
    found = find_all(generation_id)
    if not found:
        return None
    scene = scene_of(found[0]) or shown_scene()
    for item in found:
        let_go(item)
    return scene


def let_go(item: bpy.types.Object) -> None:
    """Removes an Empty; a mesh stays and is no placeholder any more."""
    if item.type == 'EMPTY':
        bpy.data.objects.remove(item)
    else:
        del item[ID_PROPERTY]
    forget()


def _look() -> None:
    if not _Known.is_stale:
        return
    _Known.is_stale = False
    _Known.count = len(bpy.data.objects)
    found: dict[str, list[bpy.types.Object]] = {}
    for item in bpy.data.objects:
        # What is linked from another file cannot be replaced, and is theirs.
        if ID_PROPERTY in item and item.type in KINDS and item.library is None and scene_of(item) is not None:
            found.setdefault(str(item[ID_PROPERTY]), []).append(item)
    for number, items in found.items():
        # The one that was made at the press; after reopening the file nothing tells, but a copy's name comes later.
        original = next((item for item in items if item.session_uid == _Known.originals.get(number)), items[0])
        _Known.originals[number] = original.session_uid
        # A copied box is a box like the other: its model comes there as well, at no cost.
        copies = [item for item in items if item != original and item.type == 'EMPTY']
        _Known.placeholders[number] = [original, *(item for item in items if item not in (original, *copies))]
        _Known.copies += copies


def scene_of(item: bpy.types.Object) -> bpy.types.Scene | None:
    """The scene the artist sees it in, else any that has it."""
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
            return f"Without its parent “{parent.name}”, which is scaled to zero."
        return "At its own size, because its placeholder is scaled to zero."
    model.rotation_mode = empty.rotation_mode
    if parent is not None:
        model.parent = parent
        model.parent_type = empty.parent_type
        model.parent_bone = empty.parent_bone
        model.parent_vertices = empty.parent_vertices
        model.matrix_parent_inverse = empty.matrix_parent_inverse
    if empty.constraints:
        model.matrix_world = world @ down
    else:
        model.matrix_basis = empty.matrix_basis @ down
    return ""


def _is_flat(matrix: Matrix) -> bool:
    return not min(abs(scale) for scale in matrix.to_scale()) > FLAT


def why_unseen(model: bpy.types.Object, scene: bpy.types.Scene) -> str:
    """Why the artist does not see the model, as a sentence; "" where they do."""
    if scene != shown_scene():
        return f"In the scene “{scene.name}”."
    collections = list(model.users_collection)
    root = view_layer_of(scene).layer_collection
    layers = [layer for collection in collections for layer in layer_collections(root, collection)]
    where = f"In the collection “{collections[0].name}”, which is" if collections else ""
    if layers and all(layer.exclude for layer in layers):
        return f"{where} excluded from the view layer."
    if layers and not any(layer.is_visible for layer in layers if not layer.exclude):
        return f"{where} hidden."
    return ""
