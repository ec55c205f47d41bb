# SPDX-License-Identifier: GPL-3.0-or-later
"""What 3D viewports take for a surface's colour in Solid mode: as Blender comes, not its texture."""

from collections.abc import Iterator
from typing import Any

import bpy

from .windows import viewports


def hides_textures() -> bool:
    """Whether all 3D viewports that are open are in Solid mode, or show lines, and none shows textures. Takes
    microseconds.
    """
    shadings = list(_shadings())
    is_solid = [shading.type == 'SOLID' for shading in shadings]
    has_others = any(shading.type not in {'SOLID', 'WIREFRAME'} for shading in shadings)
    return any(is_solid) and not has_others and all(shading.color_type != 'TEXTURE' for shading in shadings)


def show_textures() -> None:
    """In all 3D viewports that are open, whenever they are in Solid mode; nothing else changes."""
    for shading in _shadings():
        shading.color_type = 'TEXTURE'


def has_texture(item: bpy.types.Object) -> bool:
    """Whether a material of a mesh shows a picture."""
    mesh = item.data
    materials = mesh.materials if isinstance(mesh, bpy.types.Mesh) else ()
    trees: list[Any] = [material.node_tree for material in materials if material is not None]
    return any(node.bl_idname == 'ShaderNodeTexImage' for tree in trees if tree is not None for node in tree.nodes)


def _shadings() -> Iterator[Any]:
    return (viewport.shading for _, viewport in viewports())
