# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes of a material as Blender's own glTF importer arranges them, those of a texture among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, sin
from typing import Any

import bpy

from ...gltf.model import Material, Texture, TextureTransform

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Nodes:
    """A material's node tree, and what goes into it. `colours` is "" where no vertex colours are shown.

    Colours and numbers flow from the right to the left here: each function gets the socket that its result goes into.
    """

    tree: Any
    material: Material
    images: Sequence[bpy.types.Image]
    colours: str

    def add(self, kind: str, place: Place, label: str = "") -> Any:
        """A new node."""
        node = self.tree.nodes.new(kind)
        node.location = place
        node.label = label
        return node

    def link(self, into: Any, out: Any) -> None:
        """From the socket `out` to the socket `into`."""
        self.tree.links.new(into, out)

    def calculate(self, operation: str, into: Any, place: Place, label: str = "") -> Any:
        """A Math node whose result goes `into` a socket."""
        node = self.add('ShaderNodeMath', place, label)
        node.operation = operation
        self.link(into, node.outputs[0])
        return node

    def multiply(self, into: Any, factor: float, place: Place, label: str) -> Any:
        """What comes out of the socket that is returned goes `into` the other one, times `factor`."""
        node = self.calculate('MULTIPLY', into, place, label)
        node.inputs[1].default_value = factor
        return node.inputs[0]

    def mix(self, into: Any, place: Place, label: str, blend: str = 'MULTIPLY', factor: float = 1.0) -> tuple[Any, Any]:
        """The two colour sockets of a Mix Color node whose result goes `into` a socket."""
        node = self.add('ShaderNodeMix', place, label)
        node.data_type = 'RGBA'
        node.blend_type = blend
        self.link(into, node.outputs[2])
        node.inputs[0].default_value = factor
        return node.inputs[6], node.inputs[7]


def add_texture(
    nodes: Nodes, texture: Texture, place: Place, label: str, colour: Any, *, alpha: Any = None, is_data: bool = False
) -> None:
    """An Image Texture node whose upper right corner is at `place`, and what its coordinates need."""
    x, y = place
    node = nodes.add('ShaderNodeTexImage', (x - 240, y), label)
    node.image = nodes.images[texture.picture]
    if is_data:
        node.image.colorspace_settings.is_data = True
    node.interpolation = texture.sampler.interpolation
    nodes.link(colour, node.outputs["Color"])
    if alpha is not None:
        nodes.link(alpha, node.outputs["Alpha"])
    x -= 340
    across, up = texture.sampler.extension
    node.extension = across if across == up else 'EXTEND'
    coordinates = node.inputs[0]
    if across != up:
        coordinates = _wrapped(nodes, (across, up), (x, y), coordinates)
        x -= 600
    if texture.transform is not None:
        coordinates = _transformed(nodes, texture.transform, (x, y), coordinates)
        x -= 260
    if texture.uv_set or across != up or texture.transform is not None:
        uv_map = nodes.add('ShaderNodeUVMap', (x - 160, y - 70))
        uv_map.uv_map = uv_map_name(texture.uv_set)
        nodes.link(coordinates, uv_map.outputs[0])


def _wrapped(nodes: Nodes, extension: tuple[str, str], place: Place, coordinates: Any) -> Any:
    """Each coordinate wrapped in its own way; the socket that they have to go into."""
    x, y = place
    combine = nodes.add('ShaderNodeCombineXYZ', (x - 140, y - 100))
    nodes.link(coordinates, combine.outputs[0])
    sockets = []
    for axis, way in enumerate(extension):
        socket = combine.inputs[axis]
        if way != 'EXTEND':  # the Image Texture node does that itself
            operation = 'WRAP' if way == 'REPEAT' else 'PINGPONG'
            node = nodes.calculate(operation, socket, (x - 340, y + 30 - axis * 200))
            node.inputs[1].default_value = 0 if way == 'REPEAT' else 1
            if way == 'REPEAT':
                node.inputs[2].default_value = 1
            socket = node.inputs[0]
        sockets.append(socket)
    separate = nodes.add('ShaderNodeSeparateXYZ', (x - 540, y - 100))
    for axis, socket in enumerate(sockets):
        nodes.link(socket, separate.outputs[axis])
    return separate.inputs[0]


def _transformed(nodes: Nodes, transform: TextureTransform, place: Place, coordinates: Any) -> Any:
    """glTF's transform in Blender's UV space, in which v is the other way round."""
    x, y = place
    node = nodes.add('ShaderNodeMapping', (x - 160, y + 30))
    node.vector_type = 'POINT'
    nodes.link(coordinates, node.outputs[0])
    (across, down), (width, height), turn = transform.offset, transform.scale, transform.rotation
    node.inputs["Location"].default_value[0] = across + height * sin(turn)
    node.inputs["Location"].default_value[1] = 1 - down - height * cos(turn)
    node.inputs["Rotation"].default_value[2] = turn
    node.inputs["Scale"].default_value[0] = width
    node.inputs["Scale"].default_value[1] = height
    return node.inputs[0]


def uv_map_name(number: int) -> str:
    """As Blender's importer calls TEXCOORD_`number`."""
    return f"UVMap.{number:03}" if number else "UVMap"
