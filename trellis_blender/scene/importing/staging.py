# SPDX-License-Identifier: GPL-3.0-or-later
"""A GLB into Blender without the artist's scene noticing: imported in a scene of its own, of which nothing stays."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from ...gltf.model import Material
from ..meshes import mesh_of
from .damaged import NewModel, said_of, suspects_in, without_unreadable
from .importer import ImportFailed, import_glb
from .materials import make_material

_SCENES = "scenes"
"""The staging scene, and those that a file of several scenes brings."""
_KINDS = (
    "objects",
    "meshes",
    "materials",
    "images",
    "armatures",
    "cameras",
    "lights",
    "actions",
    "curves",
    "pointclouds",
    "node_groups",
    "collections",
)
"""What an import may bring; whatever of it the model does not use goes again."""


@contextmanager
def staged_model(path: Path, *, keeps_normals: bool = True) -> Generator[NewModel]:
    """The model in the GLB at `path` as one mesh object, as Blender shows it: posed, transforms applied, parts joined.

    In metres. Inside the block it is in the staging scene only: link it to where it is to stay. Afterwards the
    staging scene and everything else that the import brought is gone, and so is the object where the block raised.
    Raises as `importer.import_glb`, which says where this may be called, and what `keeps_normals` is.
    """
    before = _pointers()
    stage = bpy.data.scenes.new("Trellis import")
    kept: bpy.types.Object | None = None
    brought: dict[str, set[int]] | None = None
    try:
        with _windows_kept():
            imported = import_glb(path, stage, keeps_normals=keeps_normals)
        for material in imported.saying_nothing_of_metal:
            _unmetal(material)
        model = _one_object(stage)
        materials = list(mesh_of(model).materials)
        damaged = without_unreadable(materials, suspects_in(materials))
        # What the block makes is not the import's.
        brought = _new_since(before)
        yield NewModel(model, [*said_of(len(damaged)), *imported.said])
        kept = model
    finally:
        _clear(kept, _new_since(before) if brought is None else brought)


@contextmanager
def _windows_kept() -> Generator[None]:
    """For bones the importer shows its scene in a window: the artist gets theirs back."""
    shown = [(window, window.scene, window.view_layer) for window in bpy.context.window_manager.windows]
    try:
        yield
    finally:
        for window, scene, layer in shown:
            if window.scene != scene:
                window.scene = scene
                window.view_layer = layer


def _one_object(stage: bpy.types.Scene) -> bpy.types.Object:
    layer = stage.view_layers[0]
    layer.update()
    shown = [item for item in stage.collection.all_objects if item.type == 'MESH' and mesh_of(item).polygons]
    meshes = [mesh for item in shown if (mesh := _mesh_as_shown(item, layer)).polygons]
    if not meshes:
        raise ImportFailed("The model has no surface that Blender can show. Its file is kept.")
    for mesh in meshes:
        _show_colours(mesh)
    if len(meshes) > 1:
        _join(meshes)
    whole = bpy.data.objects.new("Trellis import", meshes[0])
    stage.collection.objects.link(whole)
    whole.vertex_groups.clear()  # which bone moves what; the bones go with the staging scene
    return whole


def _mesh_as_shown(part: bpy.types.Object, layer: bpy.types.ViewLayer) -> bpy.types.Mesh:
    """A mesh of its own for an object of the import, in world space: bones, shape keys and animation have done to it
    what they do.
    """
    mesh: Any = mesh_of(part)
    if len(part.modifiers) or mesh.shape_keys is not None:
        graph: Any = layer.depsgraph
        mesh = bpy.data.meshes.new_from_object(
            part.evaluated_get(graph), preserve_all_data_layers=True, depsgraph=graph
        )
    elif mesh.users > 1:
        mesh = mesh.copy()
    matrix = part.matrix_world
    mesh.transform(matrix)
    if matrix.determinant() < 0:
        mesh.flip_normals()
    return mesh


def _show_colours(mesh: bpy.types.Mesh) -> None:
    """Colours of vertices that no material shows: Blender's importer makes one from 5.0 on, glTF wants them seen."""
    of_mesh: Any = mesh.materials
    without = [slot for slot, material in enumerate(of_mesh) if material is None]
    if not mesh.color_attributes or (len(of_mesh) and not without):
        return
    material = make_material(
        Material("DefaultMaterial", uses_vertex_colours=True, is_default=True), [], mesh.color_attributes[0].name
    )
    if not len(of_mesh):
        of_mesh.append(material)
    for slot in without:
        of_mesh[slot] = material


def _unmetal(material: bpy.types.Material) -> None:
    """Metallic 0 where the file says nothing of it.

    glTF reads a missing factor as 1.0, so TRELLIS's painted surfaces would show as dark metal.
    """
    for node in material.node_tree.nodes if material.node_tree else ():
        if isinstance(node, bpy.types.ShaderNodeBsdfPrincipled) and not node.inputs["Metallic"].is_linked:
            node.inputs["Metallic"].default_value = 0.0  # pyright: ignore[reportAttributeAccessIssue]


def _join(meshes: list[bpy.types.Mesh]) -> None:
    """All into the first, with their materials, UV maps and normals. Blender's operator for it would have to be called
    in an override, see `versions.OPERATORS_CRASH_IN_OVERRIDES`.
    """
    import bmesh
    import numpy as np

    from ..arrays import values

    materials: list[bpy.types.Material | None] = []
    whole = bmesh.new()
    try:
        for mesh in meshes:
            own = list(mesh.materials) or [None]
            materials += [material for material in dict.fromkeys(own) if material not in materials]
            slots = values(mesh.polygons, "material_index", kind=np.int32)
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


def _pointers() -> dict[str, set[int]]:
    return {kind: {item.as_pointer() for item in getattr(bpy.data, kind)} for kind in (_SCENES, *_KINDS)}


def _new_since(before: dict[str, set[int]]) -> dict[str, set[int]]:
    return {kind: pointers - before[kind] for kind, pointers in _pointers().items()}


def _clear(kept: bpy.types.Object | None, brought: dict[str, set[int]]) -> None:
    """By what the model uses and not by numbers of users, in which Blender 5.3 counts a mesh's shape keys."""
    used = _used_by(kept) if kept is not None else set()
    for scene in list(bpy.data.scenes):
        if scene.as_pointer() in brought[_SCENES]:
            bpy.data.scenes.remove(scene)
    bpy.data.batch_remove(
        [
            item
            for kind in _KINDS
            for item in getattr(bpy.data, kind)
            if item.as_pointer() in brought[kind] and item not in used
        ]
    )


def _used_by(model: bpy.types.Object) -> set[bpy.types.ID]:
    mesh = mesh_of(model)
    materials = list(filter(None, mesh.materials))
    used: set[bpy.types.ID] = {model, mesh, *materials}
    waiting: list[Any] = [material.node_tree for material in materials]
    while waiting:
        tree = waiting.pop()
        for node in tree.nodes if tree is not None else ():
            found: Any = getattr(node, "image", None) or getattr(node, "node_tree", None)
            if found is not None and found not in used:
                used.add(found)
                if isinstance(found, bpy.types.NodeTree):
                    waiting.append(found)
    return used
