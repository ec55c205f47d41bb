# SPDX-License-Identifier: GPL-3.0-or-later
"""A model rebuilt from quads: what of it can be, what the second Blender has to know, and what the model gets.

The quads themselves are made by the room `rebuild`.
"""

from typing import Any

import bpy

from .. import new_mesh
from ..custom_properties import ID_PROPERTY
from ..meshes import mesh_of, world_of
from . import decimate, textures
from .options import CannotFinish, Finish

TRIANGLES_LIMIT = 1_500_000
"""Handing more over would hold Blender up, and making quads of them takes minutes."""


def check(model: bpy.types.Object, wanted: Finish) -> None:
    """Raises CannotFinish where it cannot be rebuilt, or something of it would be lost."""
    if not wanted.faces:
        return
    name, mesh = model.name, mesh_of(model)
    if wanted.triangles:
        raise CannotFinish("Choose a number of quads or of triangles, not both: set one of them to 0.")
    if mesh.shape_keys is not None:
        raise CannotFinish(f"“{name}” has shape keys, which new faces cannot have. Remove them first.")
    if len(model.modifiers):
        raise CannotFinish(f"“{name}” has modifiers. Apply or remove them first: its faces are rebuilt.")
    count = decimate.triangles_of(mesh)
    if count > TRIANGLES_LIMIT:
        raise CannotFinish(
            f"“{name}” has {count:,} triangles. Quads can be made of up to {TRIANGLES_LIMIT:,}: reduce it first."
        )
    for image in _images_of(model):
        if image.is_dirty:
            raise CannotFinish(f"The texture “{image.name}” has changes that are not saved. Save or pack it first.")
        if textures.is_missing(image):
            raise CannotFinish(f"{textures.said_missing(image)} It would be baked as magenta.")


def apply(_: bpy.types.Object, __: Finish) -> list[str]:
    """It was done before, see `heavy`."""
    return []


def seen_by(model: bpy.types.Object) -> dict[str, Any]:
    """What the second Blender has to know of the object: quads are to be squares as it is scaled."""
    return {"scale": [abs(each) for each in world_of(model).to_scale()]}


def give(model: bpy.types.Object, mesh: bpy.types.Mesh) -> bpy.types.Object:
    """The model, and all that share its mesh, get `mesh` instead; what the model was is kept, and returned."""
    old = mesh_of(model)
    users = [item for item in bpy.data.objects if item.data == old and item.library is None]
    kept: Any = new_mesh.keep(model)
    if ID_PROPERTY in kept:
        del kept[ID_PROPERTY]  # the generation's model is the other one
    name, old.name = old.name, new_mesh.name_before(old.name)
    mesh.name = name
    for user in users:
        with new_mesh.children_unmoved(user):
            user.data = mesh
        for slot in user.material_slots:
            slot.link = 'DATA'
    return kept


def _images_of(model: bpy.types.Object) -> list[bpy.types.Image]:
    found: dict[str, bpy.types.Image] = {}
    for slot in model.material_slots:
        if slot.material is not None:
            found |= {image.name: image for image in textures.images_in(slot.material)}
    return list(found.values())
