# SPDX-License-Identifier: GPL-3.0-or-later
"""Materials out of what `gltf` has read, their nodes arranged as Blender's own glTF importer arranges them.

Kinds of nodes, links, labels and places are those of `io_scene_gltf2/blender/imp` (pbrMetallicRoughness,
material_utils, KHR_materials_unlit), so that an artist, Blender's exporter and other add-ons find what they know.
"""

from collections.abc import Sequence
from typing import Any

import bpy

from ...gltf.model import Material, Texture
from .. import versions
from .material_nodes import Nodes, Place, add_texture, uv_map_name

GLTF_IOR = 1.5
OUTPUT_GROUP = "glTF Material Output"
"""The node group from which Blender's exporter takes occlusion; one for all materials of a file."""
BLOCK_HEIGHT = 460
"""Of the nodes of one texture."""


def make_material(material: Material, images: Sequence[bpy.types.Image], colours: str) -> bpy.types.Material:
    """A material that shows `images` as `material` says; `colours` is the name of the mesh's vertex colours."""
    made = bpy.data.materials.new(material.name)
    if made.node_tree is None:
        made.use_nodes = True  # from 5.0 on it has nodes from the start
    made.use_backface_culling = not (material.is_double_sided or material.is_default)
    made.surface_render_method = 'BLENDED' if material.alpha_mode == 'BLEND' else 'DITHERED'
    if material.base_texture is None and not material.uses_vertex_colours:
        made.diffuse_color = material.base_colour  # pyright: ignore[reportAttributeAccessIssue]
    tree: Any = made.node_tree
    tree.nodes.clear()
    nodes = Nodes(tree, material, images, colours if material.uses_vertex_colours else "")
    if material.is_default:
        _default(nodes)
    elif material.is_unlit:
        _unlit(nodes)
    else:
        _principled(nodes)
    return made


def _default(nodes: Nodes) -> None:
    """For colours of vertices that the file gives no material."""
    output = nodes.add('ShaderNodeOutputMaterial', (0, 0))
    shader = nodes.add('ShaderNodeBsdfPrincipled', (-200, 0))
    nodes.link(output.inputs[0], shader.outputs[0])
    if nodes.colours:
        colours = versions.add_colours_node(nodes.tree, nodes.colours)
        colours.location = (-400, 0)
        nodes.link(shader.inputs[0], colours.outputs[0])


def _unlit(nodes: Nodes) -> None:
    """Emission that only the camera sees, so that it lights nothing in Cycles."""
    emission = nodes.add('ShaderNodeEmission', (10, 126))
    path = nodes.add('ShaderNodeLightPath', (10, 600))
    transparent = nodes.add('ShaderNodeBsdfTransparent', (10, 240))
    seen = nodes.add('ShaderNodeMixShader', (260, 320))
    nodes.link(seen.inputs[0], path.outputs["Is Camera Ray"])
    nodes.link(seen.inputs[1], transparent.outputs[0])
    nodes.link(seen.inputs[2], emission.outputs[0])
    alpha = None
    if nodes.material.alpha_mode == 'OPAQUE':
        output = nodes.add('ShaderNodeOutputMaterial', (490, 290))
        nodes.link(output.inputs[0], seen.outputs[0])
    else:
        faded = nodes.add('ShaderNodeMixShader', (490, -50))
        output = nodes.add('ShaderNodeOutputMaterial', (700, -70))
        alpha = faded.inputs[0]
        nodes.link(faded.inputs[1], transparent.outputs[0])
        nodes.link(faded.inputs[2], seen.outputs[0])
        nodes.link(output.inputs[0], faded.outputs[0])
    _base_colour(nodes, (-200, 380), emission.inputs["Color"], alpha)


def _principled(nodes: Nodes) -> None:
    material = nodes.material
    shader = nodes.add('ShaderNodeBsdfPrincipled', (10, 300))
    output = nodes.add('ShaderNodeOutputMaterial', (300, 300))
    nodes.link(output.inputs[0], shader.outputs[0])
    blocks = {
        "base colour": material.base_texture is not None or bool(nodes.colours),
        "metallic and roughness": material.metallic_roughness_texture is not None,
        "normal": material.normal_texture is not None,
        "emission": material.emission_texture is not None,
        "occlusion": material.occlusion_texture is not None,
    }
    places = _places(blocks)
    _emission(nodes, places["emission"], shader.inputs["Emission Color"], shader.inputs["Emission Strength"])
    _base_colour(nodes, places["base colour"], shader.inputs["Base Color"], shader.inputs["Alpha"])
    _metallic_and_roughness(
        nodes, places["metallic and roughness"], shader.inputs["Metallic"], shader.inputs["Roughness"]
    )
    _normal(nodes, places["normal"], shader.inputs["Normal"])
    if material.occlusion_texture is not None:
        group = nodes.add('ShaderNodeGroup', (40, -370))
        group.node_tree = _output_group()
        group.width = 180
        _occlusion(nodes, material.occlusion_texture, places["occlusion"], group.inputs["Occlusion"])
    shader.inputs["IOR"].default_value = GLTF_IOR


def _places(blocks: dict[str, bool]) -> dict[str, Place]:
    """One below the other as far as they have nodes, all together beside the shader."""
    height = sum(BLOCK_HEIGHT for has_nodes in blocks.values() if has_nodes)
    y = height / 2 - 20
    places: dict[str, Place] = {}
    for name, has_nodes in blocks.items():
        places[name] = (-200, y)
        y -= BLOCK_HEIGHT if has_nodes else 0
    return places


def _base_colour(nodes: Nodes, place: Place, colour: Any, alpha: Any) -> None:
    """Texture × vertex colours × factor, and the same for alpha, into the sockets `colour` and `alpha`."""
    x, y = place
    material = nodes.material
    *tint, opacity = material.base_colour
    if material.base_texture is None and not nodes.colours:
        colour.default_value = (*tint, 1)
        if alpha is not None and material.alpha_mode != 'MASK':
            alpha.default_value = opacity if material.alpha_mode == 'BLEND' else 1
        elif alpha is not None:
            alpha.default_value = float(opacity >= material.alpha_cutoff)
        return
    alpha, x = _clipped(nodes, (x, y), alpha)
    is_tinted = tint != [1, 1, 1]
    is_faded = opacity != 1 and alpha is not None
    if is_tinted:
        colour, factor = nodes.mix(colour, (x - 140, y), "Color Factor")
        factor.default_value = (*tint, 1)
    if is_faded:
        alpha = nodes.multiply(alpha, opacity, (x - 140, y - 230), "Alpha Factor")
    x -= 200 if is_tinted or is_faded else 0
    of_vertices = colour, alpha
    if material.base_texture is not None and nodes.colours:
        colour, vertex_colour = nodes.mix(colour, (x - 140, y), "Mix Vertex Color")
        of_vertices = vertex_colour, None
        if alpha is not None:
            node = nodes.calculate('MULTIPLY', alpha, (x - 140, y - 230), "Mix Vertex Alpha")
            alpha, of_vertices = node.inputs[0], (vertex_colour, node.inputs[1])
        x -= 200
    if nodes.colours:
        node = versions.add_colours_node(nodes.tree, nodes.colours)
        node.location = x - 250, y - 240
        nodes.link(of_vertices[0], node.outputs["Color"])
        if of_vertices[1] is not None:
            nodes.link(of_vertices[1], node.outputs["Alpha"])
        x -= 280
    if material.base_texture is not None:
        add_texture(nodes, material.base_texture, (x, y), "BASE COLOR", colour, alpha=alpha)


def _clipped(nodes: Nodes, place: Place, alpha: Any) -> tuple[Any, float]:
    """The socket that alpha has to go into, None where it is the same everywhere; and how far to the left all goes on.

    There is no "greater or equal": 1 - (alpha < cutoff).
    """
    x, y = place
    cutoff = nodes.material.alpha_cutoff
    if alpha is None or nodes.material.alpha_mode == 'BLEND':
        return alpha, x
    if nodes.material.alpha_mode == 'OPAQUE' or cutoff == 0 or cutoff > 1:
        alpha.default_value = 0 if nodes.material.alpha_mode == 'MASK' and cutoff > 1 else 1
        return None, x
    frame = nodes.tree.nodes.new('NodeFrame')
    frame.label = "Alpha Clip"
    kept = nodes.calculate('SUBTRACT', alpha, (x - 140, y - 230))
    kept.parent = frame
    kept.inputs[0].default_value = 1
    clipped = nodes.calculate('LESS_THAN', kept.inputs[1], (x - 340, y - 230))
    clipped.parent = frame
    clipped.inputs[1].default_value = cutoff
    return clipped.inputs[0], x - 400


def _metallic_and_roughness(nodes: Nodes, place: Place, metallic: Any, roughness: Any) -> None:
    x, y = place
    material = nodes.material
    if material.metallic_roughness_texture is None:
        metallic.default_value = material.metallic
        roughness.default_value = material.roughness
        return
    if material.metallic != 1:
        metallic = nodes.multiply(metallic, material.metallic, (x - 140, y), "Metallic Factor")
    if material.roughness != 1:
        roughness = nodes.multiply(roughness, material.roughness, (x - 140, y - 200), "Roughness Factor")
    x -= 200 if material.metallic != 1 or material.roughness != 1 else 0
    separate = nodes.add('ShaderNodeSeparateColor', (x - 150, y - 75))
    nodes.link(metallic, separate.outputs["Blue"])
    nodes.link(roughness, separate.outputs["Green"])
    texture = material.metallic_roughness_texture
    add_texture(nodes, texture, (x - 200, y), "METALLIC ROUGHNESS", separate.inputs[0], is_data=True)


def _normal(nodes: Nodes, place: Place, normal: Any) -> None:
    texture = nodes.material.normal_texture
    if texture is None:
        return
    x, y = place
    node = nodes.add('ShaderNodeNormalMap', (x - 150, y - 40))
    node.uv_map = uv_map_name(texture.uv_set)
    node.inputs["Strength"].default_value = nodes.material.normal_scale
    nodes.link(normal, node.outputs["Normal"])
    add_texture(nodes, texture, (x - 200, y), "NORMAL MAP", node.inputs["Color"], is_data=True)


def _emission(nodes: Nodes, place: Place, colour: Any, strength: Any) -> None:
    x, y = place
    factor, power = list(nodes.material.emission), nodes.material.emission_strength
    if factor[0] == factor[1] == factor[2]:
        factor, power = [1.0, 1.0, 1.0], power * factor[0]
    strength.default_value = power
    texture = nodes.material.emission_texture
    if texture is None:
        colour.default_value = (*factor, 1)
        return
    if factor != [1, 1, 1]:
        colour, other = nodes.mix(colour, (x - 140, y), "Emissive Factor")
        other.default_value = (*factor, 1)
        x -= 200
    add_texture(nodes, texture, (x, y), "EMISSIVE", colour)


def _occlusion(nodes: Nodes, texture: Texture, place: Place, occlusion: Any) -> None:
    x, y = place
    strength = nodes.material.occlusion_strength
    if strength != 1:
        white, occlusion = nodes.mix(occlusion, (x - 140, y), "Occlusion Strength", 'MIX', strength)
        white.default_value = (1, 1, 1, 1)
        x -= 200
    separate = nodes.add('ShaderNodeSeparateColor', (x - 150, y - 75))
    nodes.link(occlusion, separate.outputs["Red"])
    add_texture(nodes, texture, (x - 200, y), "OCCLUSION", separate.inputs[0], is_data=True)


def _output_group() -> bpy.types.NodeTree:
    """The file's own where it has one."""
    found = bpy.data.node_groups.get(OUTPUT_GROUP)
    if found is not None:
        return found
    made: Any = bpy.data.node_groups.new(OUTPUT_GROUP, 'ShaderNodeTree')  # pyright: ignore[reportArgumentType]
    for name, value in versions.GLTF_OUTPUTS:
        socket = made.interface.new_socket(name, socket_type="NodeSocketFloat")
        socket.default_value = value
    made.nodes.new('NodeGroupOutput')
    made.nodes.new('NodeGroupInput').location = (-200, 0)
    return made
