# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that Blender cannot decode, taken out of the materials that show them: Blender shows magenta for them."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import bpy

from ...imaging.damage import may_be_damaged
from ...imaging.kinds import kind_of

_NEUTRAL = {
    "EMISSIVE": (0.0, 0.0, 0.0, 1.0),
    "METALLIC ROUGHNESS": (1.0, 1.0, 0.0, 1.0),
}
"""By the labels of Blender's glTF importer, what a picture leaves that said where light, metal (blue) and roughness
(green) are: no light and no metal, because the factors beside it are mostly 1."""
_STRAIGHT = (0.5, 0.5, 1.0, 1.0)
"""A colour of a normal map that bends nothing."""
_WHITE = (1.0, 1.0, 1.0, 1.0)
"""What a factor is multiplied with, so that the factor's colour stays."""


class NewModel(NamedTuple):
    """A model as one mesh object in no collection, and sentences about what of its file it has not."""

    item: bpy.types.Object
    said: list[str]


def said_of(unreadable: int) -> list[str]:
    """About so many pictures that cannot be read."""
    if not unreadable:
        return []
    if unreadable == 1:
        return ["A texture of this model cannot be read. Its surface has the plain colour of its material there."]
    what = f"{unreadable} textures of this model cannot be read."
    return [f"{what} Its surface has the plain colours of its materials there."]


def suspects_in(materials: Iterable[bpy.types.Material | None]) -> set[bpy.types.Image]:
    """The packed pictures of imported materials that may be damaged."""
    return {image for image, content in _packed_in(materials).items() if may_be_damaged(content)}


def unproved_in(materials: Iterable[bpy.types.Material | None]) -> dict[bpy.types.Image, bytes]:
    """The packed pictures, and their files, of which only a decoder can tell whether they are damaged: every WebP."""
    return {image: content for image, content in _packed_in(materials).items() if kind_of(content[:16]) == "WebP"}


def damaged_in(materials: Iterable[bpy.types.Material | None]) -> set[bpy.types.Image]:
    """The packed pictures that Blender cannot decode, which it is made to do; what it has decoded is let go again."""
    from ..images.decoding_work import is_decoded

    unproved = unproved_in(materials)
    damaged = {image for image in unproved if not is_decoded(image)}
    for image in unproved.keys() - damaged:
        image.buffers_free()
    return damaged


def without_unreadable(
    materials: Iterable[bpy.types.Material | None], suspects: Collection[bpy.types.Image]
) -> set[bpy.types.Image]:
    """Takes those of the `suspects` that Blender cannot decode out of the materials, and returns them.

    Blender tries each of them, which ends at once for most that are damaged, but for WebP: up to 5.0 it shows one that
    breaks off, see `decoding_work.is_decoded`.
    """
    damaged = {image for image in suspects if _is_webp(image) or not image.size[0]}
    take_out(materials, damaged)
    return damaged


def take_out(materials: Iterable[bpy.types.Material | None], damaged: Collection[bpy.types.Image]) -> None:
    """Takes pictures out of the materials, whose plain colours are seen instead."""
    for material in materials if damaged else ():
        if material is not None and material.node_tree is not None:
            _take_out(material.node_tree, damaged)


def _packed_in(materials: Iterable[bpy.types.Material | None]) -> dict[bpy.types.Image, bytes]:
    trees: list[Any] = [material.node_tree for material in materials if material is not None and material.node_tree]
    images = {node.image for tree in trees for node in tree.nodes if node.bl_idname == 'ShaderNodeTexImage'} - {None}
    packed = {image: image.packed_file for image in images}
    return {image: bytes(file.data) for image, file in packed.items() if file is not None}


def _is_webp(image: bpy.types.Image) -> bool:
    packed = image.packed_file
    return packed is not None and kind_of(bytes(packed.data)[:16]) == "WebP"


def _take_out(tree: Any, damaged: Collection[bpy.types.Image]) -> None:
    # One that was removed is freed memory, which a list of nodes would lead to: the next one is searched each time.
    while node := _node_of(tree, damaged):
        for output in node.outputs:
            for into in [link.to_socket for link in output.links or ()]:
                _settle(into, node.label)
        _remove_with_what_feeds_it(tree, node)


def _node_of(tree: Any, images: Collection[bpy.types.Image]) -> Any | None:
    """The first node that shows one of the pictures."""
    return next((node for node in tree.nodes if node.bl_idname == 'ShaderNodeTexImage' and node.image in images), None)


def _settle(into: Any, label: str) -> None:
    """The value that a socket has instead of the picture."""
    neutral = _STRAIGHT if into.node.bl_idname == 'ShaderNodeNormalMap' else _NEUTRAL.get(label, _WHITE)
    if into.type == 'RGBA':
        into.default_value = neutral
    elif into.type == 'VECTOR':
        into.default_value = neutral[:3]
    else:
        into.default_value = 1.0  # alpha


def _remove_with_what_feeds_it(tree: Any, node: Any) -> None:
    feeding = {link.from_node.name for socket in node.inputs for link in socket.links}
    tree.nodes.remove(node)
    for name in feeding:
        other = tree.nodes.get(name)
        if other is not None and not any(output.is_linked for output in other.outputs):
            _remove_with_what_feeds_it(tree, other)
