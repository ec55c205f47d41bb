# SPDX-License-Identifier: GPL-3.0-or-later
"""Data-blocks out of what `gltf` has read: no importer, no operator, no scene.

Arrays go into a mesh through its attributes, each in one copy; through vertices, corners and edges it is a call for
each of them. Edges and their angles have been found in the thread that read the file.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import bpy

from ...gltf.model import MeshArrays, Model, Picture
from .damaged import NewModel, said_of, without_unreadable
from .material_nodes import uv_map_name
from .materials import make_material

if TYPE_CHECKING:
    import numpy as np

FALLBACK_NAME = "Model"


@contextmanager
def built_model(model: Model, smooth_up_to: float | None) -> Generator[NewModel]:
    """The model as one mesh object: link it to where it is to stay.

    Its edges are sharp where faces meet at more than `smooth_up_to` radians; None for flat faces, as glTF wants them
    where the file has no normals. Where the block raises, all of it goes.
    """
    made: list[bpy.types.ID] = []
    groups = {group.as_pointer() for group in bpy.data.node_groups}
    try:
        images = [_kept(made, _image(picture)) for picture in model.pictures]
        colours = model.mesh.colours[0][0] if model.mesh.colours else ""
        materials = [material and _kept(made, make_material(material, images, colours)) for material in model.materials]
        suspects = {image for image, picture in zip(images, model.pictures, strict=True) if picture.may_be_damaged}
        damaged = without_unreadable(materials, suspects)
        mesh = _kept(made, bpy.data.meshes.new(model.name or FALLBACK_NAME))
        _fill(mesh, model.mesh, smooth_up_to)
        slots: Any = mesh.materials
        for material in materials:
            slots.append(material)
        made = [item for item in made if item not in damaged]
        bpy.data.batch_remove(list(damaged))
        yield NewModel(
            _kept(made, bpy.data.objects.new(mesh.name, mesh)), said_of(len(damaged)) + model.left_out.said()
        )
    except BaseException:
        made += [group for group in bpy.data.node_groups if group.as_pointer() not in groups]
        bpy.data.batch_remove(made)
        raise


def _kept(made: list[bpy.types.ID], item: Any) -> Any:
    made.append(item)
    return item


def _image(picture: Picture) -> bpy.types.Image:
    """Packed as the file has it; Blender decodes it when it is drawn."""
    image = bpy.data.images.new(picture.name, 8, 8)
    image.pack(data=picture.content, data_len=len(picture.content))  # pyright: ignore[reportArgumentType]
    image.source = 'FILE'
    image.alpha_mode = 'CHANNEL_PACKED'
    return image


def _fill(mesh: Any, arrays: MeshArrays, smooth_up_to: float | None) -> None:
    import numpy as np

    corners = len(arrays.corner_vertices)
    mesh.vertices.add(len(arrays.positions))
    mesh.edges.add(len(arrays.edges))
    mesh.loops.add(corners)
    mesh.polygons.add(corners // 3)
    mesh.polygons.foreach_set("loop_start", np.arange(0, corners, 3, dtype=np.int32))
    _set(mesh, "position", "vector", arrays.positions)
    _set(mesh, ".edge_verts", "value", arrays.edges)
    _set(mesh, ".corner_vert", "value", arrays.corner_vertices)
    _set(mesh, ".corner_edge", "value", arrays.corner_edges)
    if smooth_up_to is None:
        mesh.shade_flat()
    else:
        mesh.attributes.new("sharp_edge", 'BOOLEAN', 'EDGE')
        _set(mesh, "sharp_edge", "value", arrays.edge_angles > smooth_up_to)
    if arrays.material_indices.any():
        mesh.attributes.new("material_index", 'INT', 'FACE')
        _set(mesh, "material_index", "value", arrays.material_indices)
    for number, coordinates in enumerate(arrays.uv_sets):
        mesh.attributes.new(uv_map_name(number), 'FLOAT2', 'CORNER')
        _set(mesh, uv_map_name(number), "vector", coordinates)
    if arrays.uv_sets:
        mesh.uv_layers.active_index = 0
        mesh.uv_layers[0].active_render = True
    for name, colours in arrays.colours:
        # As Blender's importer keeps them: eight bits each.
        mesh.attributes.new(name, 'BYTE_COLOR', 'CORNER')
        _set(mesh, name, "color", colours)
    if arrays.colours:
        mesh.color_attributes.active_color_index = 0
        mesh.color_attributes.render_color_index = 0
    mesh.update()


def _set(mesh: Any, name: str, of_each: str, values: "np.ndarray[Any, Any]") -> None:
    mesh.attributes[name].data.foreach_set(of_each, values.ravel())
