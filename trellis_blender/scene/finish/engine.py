# SPDX-License-Identifier: GPL-3.0-or-later
"""What a game engine wants beside a model: levels of detail and a collision shape, under the names it knows them by.

Their meshes are made in a second Blender, see `heavy`, before the other steps have given the model its size and origin.
"""

from collections.abc import Mapping
from typing import Any

import bpy
from mathutils import Matrix

from .. import meshes, new_mesh, windows
from ..custom_properties import ENGINE_PART, NEW_ENGINE_PART
from ..meshes import mesh_of
from . import shading
from .options import CannotFinish, Collision, CollisionShape, Finish

LOD = "LOD"
COLLISION = "COLLISION"
"""The roles of meshes in what the second Blender has made; LOD is followed by the level."""
_UNREAL_PREFIX = {CollisionShape.HULL: "UCX", CollisionShape.BOX: "UBX"}


def wants(finish: Finish) -> bool:
    """Whether anything of it is wanted."""
    return finish.lods > 0 or finish.collision is not Collision.NONE


def check(model: bpy.types.Object, wanted: Finish) -> None:
    """Raises CannotFinish where they would not fit the model as it is shown."""
    if not wants(wanted):
        return
    if len(model.modifiers) or wanted.keeps_modifier:
        raise CannotFinish(
            f"“{model.name}” has modifiers, which LODs and collision shapes would not have. Apply or remove them first."
        )
    if mesh_of(model).shape_keys is not None:
        raise CannotFinish(f"“{model.name}” has shape keys, which LODs cannot have. Remove them first.")


def apply(_: bpy.types.Object, __: Finish) -> list[str]:
    """It is done before and after the other steps, by `give` and `fit`."""
    return []


def collision_name(name: str, wanted: Finish) -> str:
    """What the collision shape of a model of this name is called.

    Unreal: UCX_ for a convex hull, UBX_ for a box. Godot: with "-convcol" it would be shown as well, with
    "-convcolonly" it is a collision shape only.
    """
    if wanted.collision is Collision.UNREAL:
        return new_mesh.name_of_another(f"{_UNREAL_PREFIX[wanted.collision_shape]}_", name, "_00")
    return new_mesh.name_of_another("", name, "-convcolonly" if wanted.collision is Collision.GODOT else "_collision")


def give(model: bpy.types.Object, made: Mapping[str, bpy.types.Mesh]) -> None:
    """Objects for the meshes of the second Blender by their roles, as children of the model. Those of an earlier finish
    go.
    """
    kinds = {_kind(role) for role in made}
    homes: list[Any] = []
    for old in [part for part in parts_of(model) if _kind(part[ENGINE_PART]) in kinds]:
        mesh: Any = old.data
        homes += [home for home in old.users_collection if ENGINE_PART in home and home not in homes]
        bpy.data.objects.remove(old)
        if not mesh.users:
            bpy.data.meshes.remove(mesh)
    roles = {f"{LOD}0": mesh_of(model), **made} if LOD in kinds else dict(made)
    for role, mesh in roles.items():
        part: Any = bpy.data.objects.new(role, mesh)
        part[ENGINE_PART], part[NEW_ENGINE_PART] = role, True
        part.parent = model
        for home in homes if _kind(role) == LOD else ():
            home.objects.link(part)


def fit(model: bpy.types.Object, wanted: Finish, before: tuple[Any, Any]) -> list[str]:
    """Has all parts follow a model whose mesh had the bounds `before` and is finished now; names and shows those that
    `give` has made. Sentences for the artist.
    """
    after = meshes.bounds(mesh_of(model))
    parts = [part for part in parts_of(model) if NEW_ENGINE_PART in part or before != after]
    for part in parts:
        if mesh_of(part) != mesh_of(model):
            mesh_of(part).transform(_from_to(before, after))
        part.matrix_basis.identity()
        part.matrix_parent_inverse.identity()
    return [said for part in parts if NEW_ENGINE_PART in part and (said := _settle(part, model, wanted))]


def parts_of(model: bpy.types.Object) -> list[bpy.types.Object]:
    """The LODs and the collision shape that a model has."""
    return [child for child in model.children if ENGINE_PART in child and child.type == 'MESH' and not child.library]


def _kind(role: Any) -> str:
    return LOD if str(role).startswith(LOD) else COLLISION


def _settle(part: Any, model: bpy.types.Object, wanted: Finish) -> str:
    del part[NEW_ENGINE_PART]
    role, mesh = str(part[ENGINE_PART]), mesh_of(part)
    is_lod = _kind(role) == LOD
    lod_name = new_mesh.name_of_another("", model.name, f"_{role}")
    name = lod_name if is_lod else collision_name(model.name, wanted)
    part.hide_render = True
    part.name = name
    if is_lod:
        _put_with_lods(part, model)
    else:
        part.display_type = 'WIRE'
        for home in model.users_collection:
            home.objects.link(part)
    if mesh == mesh_of(model):
        # Its own, so that the model has its mesh for itself. Blender copies no arrays before one of them is edited.
        part.data = mesh = mesh.copy()
    elif is_lod:
        _dress(mesh, mesh_of(model))
        shading.shade(mesh, wanted)
    mesh.name = name
    if part.name != name:
        return f"Another object is called “{name}” already, so this one is “{part.name}”."
    if not is_lod and model.name not in name:
        return (
            f"“{model.name}” is too long a name for its collision shape, which is “{name}”: an engine may not know "
            f"whose it is. Choose a shorter name."
        )
    return ""


def _from_to(before: tuple[Any, Any], after: tuple[Any, Any]) -> Matrix:
    """How the mesh was scaled and moved in its own space."""
    was, now = before[1] - before[0], after[1] - after[0]
    longest = max(range(3), key=lambda axis: was[axis])
    scale = now[longest] / was[longest] if was[longest] > meshes.SMALLEST_SIDE else 1.0
    return Matrix.Translation(after[0]) @ Matrix.Scale(scale, 4) @ Matrix.Translation(-before[0])


def _dress(mesh: Any, as_in: Any) -> None:
    """The materials of another mesh. Appended and not cleared first: then a mesh forgets which face has which."""
    while len(mesh.materials) < len(as_in.materials):
        mesh.materials.append(None)
    for slot, material in enumerate(as_in.materials):
        mesh.materials[slot] = material


def _put_with_lods(part: bpy.types.Object, model: bpy.types.Object) -> None:
    """Into the collection of the model's LODs, made beside the model where there is none. They stand where the model
    stands, so its eye is closed.
    """
    name = new_mesh.name_of_another("", model.name, "_LODs")
    others = (home for each in parts_of(model) for home in each.users_collection if ENGINE_PART in home)
    home: Any = next(others, None)
    if home is None:
        home = bpy.data.collections.new(name)
        home[ENGINE_PART] = LOD
        parents = model.users_collection or (bpy.context.scene.collection,)
        parents[0].children.link(home)
    home.name = name
    if part.name not in home.objects:
        home.objects.link(part)
    for scene in bpy.data.scenes:
        for layer in scene.view_layers:
            for each in windows.layer_collections(layer.layer_collection, home):
                each.hide_viewport = True
