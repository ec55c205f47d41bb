# SPDX-License-Identifier: GPL-3.0-or-later
"""A material out of baked pictures, arranged as Blender's glTF importer arranges one of such a file."""

import bpy

from ...gltf.model import Material, Texture
from ..importing.materials import make_material
from .bake import Baked


def surface(baked: Baked, name: str, *, is_double_sided: bool, is_blended: bool) -> bpy.types.Material:
    """A new material that shows the pictures. Where it `is_blended`, EEVEE draws what can be seen through sorted by
    objects, and faces of one object that lie behind each other in any order.
    """
    found = (baked.colour, baked.normal, baked.metallic_roughness, baked.emission)
    images = [image for image in found if image is not None]

    def texture(image: bpy.types.Image | None) -> Texture | None:
        return Texture(images.index(image)) if image is not None else None

    has_both = baked.metallic_roughness is not None
    wanted = Material(
        name,
        base_texture=texture(baked.colour),
        metallic=1.0 if has_both else baked.metallic,
        roughness=1.0 if has_both else baked.roughness,
        metallic_roughness_texture=texture(baked.metallic_roughness),
        normal_texture=texture(baked.normal),
        emission=(1.0, 1.0, 1.0) if baked.emission is not None else (0.0, 0.0, 0.0),
        emission_texture=texture(baked.emission),
        emission_strength=baked.emission_strength if baked.emission is not None else 1.0,
        alpha_mode='BLEND' if baked.has_alpha else 'OPAQUE',
        is_double_sided=is_double_sided,
        is_unlit=baked.is_unlit,
    )
    made = make_material(wanted, images, "")
    made.surface_render_method = 'BLENDED' if baked.has_alpha and is_blended else 'DITHERED'
    return made
