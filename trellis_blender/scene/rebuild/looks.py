# SPDX-License-Identifier: GPL-3.0-or-later
"""What materials look like, one quantity at a time: each can be shown as plain light, for a bake to take it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from .. import versions
from ..arrays import values
from .rebuild_options import CannotRebuild

PLAIN_COLOUR = (0.8, 0.8, 0.8, 1.0)
"""Of a surface without a material, as Blender shows it."""
BLACK = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Look:
    """A material's tree, its output, and the shader that gives its colour: Principled BSDF where it has one.

    `veil` is a Mix Shader of it and Transparent BSDF, where there is one.
    """

    tree: Any
    output: Any
    shader: Any
    veil: Any

    @property
    def is_principled(self) -> bool:
        """Whether it has all quantities; another shader has a colour only."""
        return self.shader.type == 'BSDF_PRINCIPLED'

    @property
    def is_unlit(self) -> bool:
        """Whether it shines by its colour alone."""
        return self.shader.type == 'EMISSION'

    def socket(self, *names: str) -> Any:
        """The shader's input that has one of these names; None for a shader that has not."""
        return next((self.shader.inputs[name] for name in names if name in self.shader.inputs), None)

    def emits(self) -> bool:
        """Whether it shines, beside what it reflects or alone."""
        if not (self.is_principled or self.is_unlit):
            return False
        colour, strength = self.light()
        is_black = not colour.is_linked and not any(list(colour.default_value)[:3])
        return not is_black and (strength.is_linked or strength.default_value > 0)

    def light(self) -> tuple[Any, Any]:
        """The sockets for the colour that shines, and for how strongly, of what `emits`."""
        names = ("Color", "Strength") if self.is_unlit else ("Emission Color", "Emission Strength")
        return self.socket(names[0]), self.socket(names[1])

    def fades(self) -> bool:
        """Whether it can be seen through."""
        alpha = self.socket("Alpha")
        if alpha is not None and (alpha.is_linked or alpha.default_value < 1):
            return True
        if self.veil is None:
            return False
        share = self.veil.inputs[0]
        return share.is_linked or share.default_value != float(self._is_behind_veil())

    def _is_behind_veil(self) -> bool:
        """Whether a share of 1 shows all of it, and not all of Transparent BSDF."""
        return _is_transparent(self.veil.inputs[1])

    def show_alpha(self) -> None:
        """Has the material emit how much of it there is to be seen."""
        times = self.tree.nodes.new('ShaderNodeMath')
        times.operation = 'MULTIPLY'
        self._pass_on(self.socket("Alpha") or 1.0, times.inputs[0])
        times.inputs[1].default_value = 1.0
        if self.veil is not None and self._is_behind_veil():
            self._pass_on(self.veil.inputs[0], times.inputs[1])
        elif self.veil is not None:
            rest = self.tree.nodes.new('ShaderNodeMath')
            rest.operation = 'SUBTRACT'
            rest.inputs[0].default_value = 1.0
            self._pass_on(self.veil.inputs[0], rest.inputs[1])
            self.tree.links.new(times.inputs[1], rest.outputs[0])
        emission = self.tree.nodes.new('ShaderNodeEmission')
        self.tree.links.new(emission.inputs["Color"], times.outputs[0])
        self.tree.links.new(self.output.inputs["Surface"], emission.outputs[0])

    def show(self, colour: Any) -> None:
        """Has the material emit what flows into or stands in the socket `colour`, or these three sockets' numbers."""
        emission = self.tree.nodes.new('ShaderNodeEmission')
        if isinstance(colour, tuple):
            combine = self.tree.nodes.new('ShaderNodeCombineColor')
            for into, out in zip(combine.inputs, colour, strict=True):
                self._pass_on(out, into)
            self.tree.links.new(emission.inputs["Color"], combine.outputs[0])
        else:
            self._pass_on(colour, emission.inputs["Color"])
        self.tree.links.new(self.output.inputs["Surface"], emission.outputs[0])

    def show_emission(self, factor: float) -> None:
        """Has the material emit what it shines, times `factor`, and nothing else."""
        emission = self.tree.nodes.new('ShaderNodeEmission')
        emission.inputs["Strength"].default_value = 0.0
        if self.is_principled or self.is_unlit:
            colour, strength = self.light()
            self._pass_on(colour, emission.inputs["Color"])
            times = self.tree.nodes.new('ShaderNodeMath')
            times.operation = 'MULTIPLY'
            self._pass_on(strength, times.inputs[0])
            times.inputs[1].default_value = factor
            self.tree.links.new(emission.inputs["Strength"], times.outputs[0])
        self.tree.links.new(self.output.inputs["Surface"], emission.outputs[0])

    def _pass_on(self, source: Any, into: Any) -> None:
        if isinstance(source, float):
            value: Any = source
        elif source.is_linked:
            self.tree.links.new(into, source.links[0].from_socket)
            return
        else:
            value = source.default_value
        if into.type == 'RGBA' and isinstance(value, float):
            value = (value, value, value, 1.0)
        into.default_value = value


def looks_of(mesh: bpy.types.Mesh) -> list[Look]:
    """That of each slot of the mesh that faces have; where it has no material it gets one. Raises CannotRebuild for a
    material that has no shader whose colour could be taken.
    """
    materials: Any = mesh.materials
    if not len(materials):
        materials.append(None)
    # Of faces with a higher number Blender shows the last one.
    numbers = values(mesh.polygons, "material_index", kind=np.int32).clip(0, len(materials) - 1)
    slots: list[int] = np.unique(numbers).tolist()
    for slot in slots:
        material = materials[slot]
        if material is None:
            materials[slot] = _plain(mesh)
        elif not versions.shows_nodes(material):
            materials[slot] = _flat(tuple(material.diffuse_color))
    return [_look(material) for material in dict.fromkeys(materials[slot] for slot in slots)]


def is_varied(sockets: Sequence[Any]) -> bool:
    """Whether a quantity is not one number everywhere."""
    if any(socket.is_linked for socket in sockets):
        return True
    return len({socket.default_value for socket in sockets}) > 1


def _look(material: bpy.types.Material) -> Look:
    tree: Any = material.node_tree
    output = tree.get_output_node('CYCLES')
    if output is None:
        return _look(_flat((0.0, 0.0, 0.0, 1.0)))
    reached = _before(output.inputs["Surface"])
    for is_it in (
        lambda node: node.type == 'BSDF_PRINCIPLED',
        lambda node: node.type == 'EMISSION',
        lambda node: node.type.startswith('BSDF_') and node.type != 'BSDF_TRANSPARENT' and "Color" in node.inputs,
    ):
        found = next(filter(is_it, reached), None)
        if found is not None:
            return Look(tree, output, found, next(filter(_is_veil, reached), None))
    raise CannotRebuild(
        f"The material “{material.name}” has no Principled BSDF, so its colours cannot be baked. "
        "Give it one, or remove the material."
    )


def _is_veil(node: Any) -> bool:
    """A file's unlit material mixes in Transparent BSDF too, for all rays but the camera's: that is none."""
    if node.type != 'MIX_SHADER' or not any(map(_is_transparent, node.inputs[1:3])):
        return False
    return all(link.from_node.type != 'LIGHT_PATH' for link in node.inputs[0].links)


def _is_transparent(socket: Any) -> bool:
    return any(link.from_node.type == 'BSDF_TRANSPARENT' for link in socket.links)


def _before(socket: Any) -> list[Any]:
    """The nodes that something flows from into the socket, the nearest first."""
    found: list[Any] = []
    to_do = [link.from_node for link in socket.links]
    while to_do:
        node = to_do.pop(0)
        if node not in found:
            found.append(node)
            to_do += [link.from_node for each in node.inputs for link in each.links]
    return found


def _plain(mesh: bpy.types.Mesh) -> bpy.types.Material:
    """For faces without a material: in the colours of the vertices, where there are any."""
    made = _flat(PLAIN_COLOUR)
    colours: Any = mesh.color_attributes
    if len(colours):
        tree: Any = made.node_tree
        shader = next(node for node in tree.nodes if node.type == 'BSDF_PRINCIPLED')
        name = (colours.active_color or colours[0]).name
        tree.links.new(shader.inputs["Base Color"], versions.add_colours_node(tree, name).outputs[0])
    return made


def _flat(colour: tuple[float, ...]) -> bpy.types.Material:
    made: Any = bpy.data.materials.new("Trellis plain")
    if made.node_tree is None:
        made.use_nodes = True  # from 5.0 on it has nodes from the start
    shader = next(node for node in made.node_tree.nodes if node.type == 'BSDF_PRINCIPLED')
    shader.inputs["Base Color"].default_value = colour
    return made
