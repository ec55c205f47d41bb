# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel collects; kept in the scene, so that it is saved with the .blend. The key is not among it."""

import bpy

from ..generation.costs import price
from ..piapi.models import MODELS, SEED_LIMIT

TRELLIS = MODELS["Qubico/trellis"]
_DEFAULTS = {parameter.name: parameter.default for parameter in TRELLIS.parameters}

MODEL_ITEMS = [(model.id, f"{model.label} · {price(model.price_usd)}", model.use) for model in MODELS.values()]


class TRELLIS_PG_settings(bpy.types.PropertyGroup):
    """The settings of the next generation. The parameters have PiAPI's names."""

    source: bpy.props.EnumProperty(
        name="From",
        items=[
            ('TEXT', "Text", "Describe the model in words"),
            ('IMAGE', "Image", "Make the model after a picture"),
        ],
    )
    prompt: bpy.props.StringProperty(name="Prompt", description="What the model should be, in a few words")
    image: bpy.props.StringProperty(
        name="Image",
        description="A picture of one thing on a plain or transparent background",
        subtype='FILE_PATH',
    )
    model: bpy.props.EnumProperty(name="Model", description="Which model makes it", items=MODEL_ITEMS)
    seed: bpy.props.IntProperty(
        name="Seed",
        description="The same seed and settings make the same model. 0 draws a new one each time",
        min=0,
        max=SEED_LIMIT,
    )
    ss_sampling_steps: bpy.props.IntProperty(
        name="Shape Steps",
        description="Steps spent on the sparse structure, the coarse shape. More is finer and slower, same price",
        default=int(_DEFAULTS["ss_sampling_steps"]),
        min=1,
        max=50,
        soft_min=10,
    )
    slat_sampling_steps: bpy.props.IntProperty(
        name="Detail Steps",
        description="Steps spent on the structured latents, detail and surface. More is finer and slower, same price",
        default=int(_DEFAULTS["slat_sampling_steps"]),
        min=1,
        max=50,
        soft_min=10,
    )
    ss_guidance_strength: bpy.props.FloatProperty(
        name="Shape Guidance",
        description="How closely the coarse shape keeps to the prompt or image",
        default=_DEFAULTS["ss_guidance_strength"],
        min=0,
        max=10,
    )
    slat_guidance_strength: bpy.props.FloatProperty(
        name="Detail Guidance",
        description="How closely detail and surface keep to the prompt or image",
        default=_DEFAULTS["slat_guidance_strength"],
        min=0,
        max=10,
    )
    longest_side: bpy.props.FloatProperty(
        name="Longest Side",
        description="The size of the model's longest side. 0 keeps the size as delivered",
        default=1.0,
        min=0,
        soft_max=100,
        subtype='DISTANCE',
    )


def settings_of(scene: bpy.types.Scene) -> TRELLIS_PG_settings:
    """The settings of a scene."""
    return scene.trellis  # pyright: ignore[reportAttributeAccessIssue]


def register() -> None:
    """Gives every scene its settings."""
    bpy.types.Scene.trellis = bpy.props.PointerProperty(  # pyright: ignore[reportAttributeAccessIssue]
        type=TRELLIS_PG_settings
    )


def unregister() -> None:
    """Takes them away again."""
    del bpy.types.Scene.trellis  # pyright: ignore[reportAttributeAccessIssue]
