# SPDX-License-Identifier: GPL-3.0-or-later
"""An object's origin elsewhere in its mesh, with the model, its children and its linked duplicates staying in place."""

from typing import Any

import bpy
from mathutils import Matrix, Vector

from .. import meshes
from .options import CannotFinish, Finish, Origin

_TRANSFORM = ("location", "rotation", "scale")
_INSTEAD = {
    'MIRROR': "mirror_object",
    'ARRAY': "offset_object",
    'SCREW': "object",
    'CAST': "object",
    'SIMPLE_DEFORM': "origin",
    'WAVE': "start_position_object",
    **dict.fromkeys(('HOOK', 'SURFACE_DEFORM', 'MESH_DEFORM', 'CORRECTIVE_SMOOTH', 'LAPLACIANDEFORM', 'NODES'), ""),
}
"""Types of modifiers that work from the object's origin, with the setting that names an object to work from instead. An
array works from its origin only where there is such an object.
"""
SMOOTH_BY_ANGLE = "Smooth by Angle"
"""Blender's own nodes for shading, which every smooth model may have."""


def check(model: bpy.types.Object, wanted: Finish) -> None:
    """Raises CannotFinish where there is no way from the world's origin into the object."""
    if wanted.origin is Origin.WORLD and abs(meshes.world_of(model).determinant()) < meshes.SMALLEST_SIDE:
        raise CannotFinish(f"“{model.name}” is scaled to zero: its origin cannot be the world's.")


def apply(model: bpy.types.Object, wanted: Finish) -> list[str]:
    """Puts the origin where it is wanted; a sentence where it has to stay."""
    mesh = meshes.mesh_of(model)
    if kept := why_kept(mesh, wanted.origin):
        return [kept]
    move_to(mesh, place_of(model, mesh, wanted.origin))
    return []


def why_kept(mesh: bpy.types.Mesh, origin: Origin) -> str:
    """A sentence where the origin has to stay, because animation or a constraint says where it is; else ""."""
    for item in _users(mesh) if origin is not Origin.KEEP else ():
        if reason := _why_bound(item):
            return f"The origin of “{item.name}” stays where it is, because the object {reason}."
    found = modifier_from_origin(mesh) if origin is not Origin.KEEP else None
    if found is not None:
        item, modifier = found
        return f"The origin of “{item.name}” stays where it is, because its modifier “{modifier}” works from there."
    return ""


def modifier_from_origin(mesh: bpy.types.Mesh) -> tuple[bpy.types.Object, str] | None:
    """An object of the mesh, and the name of a modifier of it that would make something else of it if the origin were
    elsewhere.
    """
    for item in _users(mesh):
        for modifier in item.modifiers:
            if _works_from_origin(modifier):
                return item, modifier.name
    return None


def _works_from_origin(modifier: Any) -> bool:
    if modifier.type not in _INSTEAD:
        return False
    if modifier.type == 'NODES':
        return modifier.node_group is not None and not modifier.node_group.name.startswith(SMOOTH_BY_ANGLE)
    other = _INSTEAD[modifier.type]
    has_other = bool(other) and getattr(modifier, other) is not None
    return modifier.use_object_offset and has_other if modifier.type == 'ARRAY' else not has_other


def place_of(model: bpy.types.Object, mesh: bpy.types.Mesh, origin: Origin) -> Vector:
    """Where the origin is to be, in the object's space as it is now."""
    if origin is Origin.KEEP:
        return Vector((0.0, 0.0, 0.0))
    if origin is Origin.WORLD:
        return meshes.world_of(model).inverted().translation
    low, high = meshes.bounds(mesh)
    middle = (low + high) / 2
    return middle if origin is Origin.CENTRE else Vector((middle.x, middle.y, low.z))


def move_to(mesh: bpy.types.Mesh, place: Vector) -> None:
    """Makes `place` (in the mesh's space) the origin of every object that has this mesh. Nothing seems to move."""
    if place.length == 0:
        return
    back = Matrix.Translation((-place.x, -place.y, -place.z))
    mesh.transform(back, shape_keys=True)
    mesh.update()
    for item in _users(mesh):
        item.location += item.matrix_basis.to_3x3() @ place
        for child in item.children:
            if child.parent_type == 'OBJECT' and child.library is None:
                child.matrix_parent_inverse = back @ child.matrix_parent_inverse


def _users(mesh: bpy.types.Mesh) -> list[bpy.types.Object]:
    return [item for item in bpy.data.objects if item.data == mesh and item.library is None]


def _why_bound(item: bpy.types.Object) -> str:
    """Whatever action there is: an origin elsewhere would be another path, or another point to turn about."""
    if any(not constraint.mute for constraint in item.constraints):
        return "has constraints"
    animation = item.animation_data
    if animation is None:
        return ""
    is_driven = any(driver.data_path.removeprefix("delta_").startswith(_TRANSFORM) for driver in animation.drivers)
    return "is animated" if animation.action is not None or len(animation.nla_tracks) or is_driven else ""
