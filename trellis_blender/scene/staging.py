# SPDX-License-Identifier: GPL-3.0-or-later
"""A GLB into Blender without the artist's scene noticing: imported in a scene of its own, of which nothing stays."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from .importer import ImportFailed, import_glb

_HOLDERS = ("objects", "scenes")
"""What comes in with a file and is used by nobody else; a file of several scenes brings scenes of its own."""
_KINDS = (
    "meshes",
    "materials",
    "images",
    "armatures",
    "cameras",
    "lights",
    "actions",
    "curves",
    "node_groups",
    "collections",
)


@contextmanager
def staged_model(path: Path) -> Generator[bpy.types.Object]:
    """The model in the GLB at `path` as one mesh object, its transform applied to the mesh, parts joined.

    Inside the block the object is in the staging scene only: link it to where it shall stay. Afterwards the staging
    scene and everything else that the import brought is gone, and so is the object where the block raised.
    Raises as `importer.import_glb`, which says where this may be called.
    """
    before = _pointers()
    stage = bpy.data.scenes.new("Trellis import")
    kept: bpy.types.Object | None = None
    brought: dict[str, set[int]] | None = None
    try:
        import_glb(path, stage)
        model = _one_object(stage)
        # What the block makes is not the import's.
        brought = _new_since(before)
        yield model
        kept = model
    finally:
        _clear(kept, _new_since(before) if brought is None else brought)


def mesh_of(model: bpy.types.Object) -> bpy.types.Mesh:
    """The mesh of a mesh object; TypeError for any other object."""
    if not isinstance(model.data, bpy.types.Mesh):
        raise TypeError(f"{model.name} is no mesh object")
    return model.data


def is_linked(model: bpy.types.Object) -> bool:
    """True where the object or its data is another file's, overridden or not."""
    data: Any = model.data
    is_anothers = model.library is not None or model.override_library is not None
    return is_anothers or (data is not None and data.library is not None)


def _one_object(stage: bpy.types.Scene) -> bpy.types.Object:
    layer = stage.view_layers[0]
    layer.update()
    parts = [item for item in stage.collection.all_objects if item.type == 'MESH' and mesh_of(item).polygons]
    if not parts:
        raise ImportFailed("There is no surface in the model that Blender could show. Its file is kept.")
    for part in parts:
        matrix = part.matrix_world.copy()
        _free_of_rig(part)
        if mesh_of(part).users > 1:
            part.data = mesh_of(part).copy()
        part.parent = None
        mesh_of(part).transform(matrix)
        if matrix.determinant() < 0:
            mesh_of(part).flip_normals()
        part.matrix_world.identity()
        part.rotation_mode = 'XYZ'
    if len(parts) > 1:
        _join([mesh_of(part) for part in parts])
    return parts[0]


def _join(meshes: list[bpy.types.Mesh]) -> None:
    """All into the first, with their materials, UV maps and normals. Blender's operator for it would have to be called
    in an override, see `versions.OPERATORS_CRASH_IN_OVERRIDES`.
    """
    import bmesh
    import numpy as np

    materials: list[bpy.types.Material | None] = []
    whole = bmesh.new()
    try:
        for mesh in meshes:
            own = list(mesh.materials) or [None]
            materials += [material for material in dict.fromkeys(own) if material not in materials]
            slots = np.empty(len(mesh.polygons), np.int32)
            mesh.polygons.foreach_get("material_index", slots)
            place = np.array([materials.index(material) for material in own], np.int32)
            mesh.polygons.foreach_set("material_index", place[np.clip(slots, 0, len(own) - 1)])
            whole.from_mesh(mesh)
        whole.to_mesh(meshes[0])
    finally:
        whole.free()
    # Not cleared: with its last material a mesh forgets which face has which.
    of_all: Any = meshes[0].materials
    while len(of_all) < len(materials):
        of_all.append(None)
    for slot, material in enumerate(materials):
        of_all[slot] = material
    while len(of_all) > len(materials):
        of_all.pop()


def _free_of_rig(part: bpy.types.Object) -> None:
    """Nothing that moves it, so that the mesh alone is the model: the armature goes with the staging scene."""
    part.modifiers.clear()
    part.vertex_groups.clear()
    part.shape_key_clear()
    part.animation_data_clear()


def _pointers() -> dict[str, set[int]]:
    return {kind: {item.as_pointer() for item in getattr(bpy.data, kind)} for kind in (*_HOLDERS, *_KINDS)}


def _new_since(before: dict[str, set[int]]) -> dict[str, set[int]]:
    return {kind: pointers - before[kind] for kind, pointers in _pointers().items()}


def _clear(kept: bpy.types.Object | None, brought: dict[str, set[int]]) -> None:
    for kind in _HOLDERS:
        items = getattr(bpy.data, kind)
        for item in list(items):
            if item.as_pointer() in brought[kind] and item != kept:
                items.remove(item)
    # What the removed objects used loses its last user in the order of _KINDS: meshes, then materials, then images.
    for kind in _KINDS:
        items = getattr(bpy.data, kind)
        for item in list(items):
            if item.as_pointer() in brought[kind] and item.users == 0:
                items.remove(item)
