# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies out of Blender what a thumbnail of a model is drawn from. Main thread only."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ...imaging.headers import read_header
from ...imaging.mesh_thumbnail import Snapshot
from ..arrays import pixels, values

if TYPE_CHECKING:
    from ...gltf.model import Model

TEXTURE_SIDE_PX = 512
"""A thumbnail of 128 pixels needs no finer texture."""
DECODED_HERE_PX = 1024 * 1024
"""Blender takes 10 ms to decode so many, and as many again to hand them out; for 4096 × 4096 it is a second."""


def prepare(model: bpy.types.Object) -> None:
    """Makes Blender decode the model's texture, if it is a small one."""
    image = _image(model.data) if isinstance(model.data, bpy.types.Mesh) else None
    if image is not None and not _large(image):
        _ = image.size[0]


def take(model: bpy.types.Object, read: "Model | None" = None, *, leaves_large: bool = False) -> Snapshot | None:
    """The model as it is now; None if it is not a mesh of triangles only, which it is until it is edited.

    Of one that has just been `read` nothing but its texture is copied. `leaves_large`: a packed texture that takes long
    comes as it is packed, in `Snapshot.picture`.
    """
    mesh = model.data
    if not isinstance(mesh, bpy.types.Mesh) or not mesh.polygons or len(mesh.loops) != 3 * len(mesh.polygons):
        return None
    image = _image(mesh)
    picture = _large(image) if image is not None and leaves_large else b""
    texture = _texture(image) if image is not None and not picture else None
    if read is not None:
        arrays = read.mesh
        return Snapshot(arrays.positions, arrays.corner_vertices, next(iter(arrays.uv_sets), None), texture, picture)
    # Through attributes each is one copy; through vertices and corners, one call for each of them.
    attributes: Any = mesh.attributes
    points = values(attributes["position"].data, "vector", 3)
    corners = values(attributes[".corner_vert"].data, "value", kind=np.int32)
    return Snapshot(points, corners, _uvs(mesh) if image is not None else None, texture, picture)


def _uvs(mesh: bpy.types.Mesh) -> "np.ndarray | None":
    layer = mesh.uv_layers.active
    return values(layer.uv, "vector", 2) if layer is not None else None


def _large(image: bpy.types.Image) -> bytes:
    """A packed picture's file where decoding it takes long; b"" for others."""
    if image.packed_file is None or image.is_dirty:
        return b""
    content = bytes(image.packed_file.data)
    width, height = read_header(BytesIO(content)).size or (0, 0)
    return content if width * height > DECODED_HERE_PX else b""


def _texture(image: bpy.types.Image) -> "np.ndarray | None":
    if image.channels < 3:
        return None
    width, height = image.size[0], image.size[1]
    if not width or not height:
        return None
    step = max(1, max(width, height) // TEXTURE_SIDE_PX)
    return pixels(image)[::step, ::step, :3].copy()


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
