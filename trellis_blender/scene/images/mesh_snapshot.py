# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies out of Blender what a thumbnail of a model is drawn from. Main thread only."""

from typing import Any

import bpy
import numpy as np

from ...imaging.mesh_thumbnail import Snapshot

TEXTURE_SIDE_PX = 512
"""A thumbnail of 128 pixels needs no finer texture."""


def prepare(model: bpy.types.Object) -> None:
    """Makes Blender decode the model's texture."""
    image = _image(model.data) if isinstance(model.data, bpy.types.Mesh) else None
    if image is not None:
        _ = image.size[0]


def take(model: bpy.types.Object) -> Snapshot | None:
    """The model as it is now; None if it is not a mesh of triangles only, which it is until somebody edits it."""
    mesh = model.data
    if not isinstance(mesh, bpy.types.Mesh) or not mesh.polygons or len(mesh.loops) != 3 * len(mesh.polygons):
        return None
    # Through attributes each is one copy; through vertices and corners, one call for each of them.
    attributes: Any = mesh.attributes
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    attributes["position"].data.foreach_get("vector", points)
    corners = np.empty(len(mesh.loops), np.int32)
    attributes[".corner_vert"].data.foreach_get("value", corners)
    texture = _texture(mesh)
    return Snapshot(
        corners=points.reshape(-1, 3)[corners].reshape(-1, 3, 3),
        uvs=_uvs(mesh) if texture is not None else None,
        texture=texture,
    )


def _uvs(mesh: bpy.types.Mesh) -> "np.ndarray | None":
    layer = mesh.uv_layers.active
    if layer is None:
        return None
    found = np.empty(len(mesh.loops) * 2, np.float32)
    layer.uv.foreach_get("vector", found)
    return found.reshape(-1, 3, 2)


def _texture(mesh: bpy.types.Mesh) -> "np.ndarray | None":
    image = _image(mesh)
    if image is None or image.channels < 3:
        return None
    width, height = image.size[0], image.size[1]
    if not width or not height:
        return None
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    step = max(1, max(width, height) // TEXTURE_SIDE_PX)
    return pixels.reshape(height, width, image.channels)[::step, ::step, :3].copy()


def _image(mesh: bpy.types.Mesh) -> bpy.types.Image | None:
    return next(filter(None, map(_base_colour, filter(None, mesh.materials))), None)


def _base_colour(material: bpy.types.Material) -> bpy.types.Image | None:
    tree = material.node_tree
    for node in tree.nodes if tree is not None else ():
        if isinstance(node, bpy.types.ShaderNodeBsdfPrincipled):
            for link in node.inputs["Base Color"].links or ():
                if isinstance(link.from_node, bpy.types.ShaderNodeTexImage):
                    return link.from_node.image
    return None
