# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel collects; kept in the scene, so that it is saved with the .blend. The key is not among it."""

from collections.abc import Mapping

import bpy

from ..generation.costs import price
from ..generation.variations import VARIATIONS_LIMIT
from ..piapi.models import MODELS, PROMPT_LIMIT, SEED, SEED_LIMIT, Parameter, find_model, preset_of
from ..piapi.picture_models import WORDING
from ..scene.finish.choices import Preset
from ..scene.grounding import Target
from .endings import Endings
from .finish_choices import PRESET_ITEMS

TRELLIS = MODELS["Qubico/trellis"]
PARAMETERS = tuple(parameter.name for parameter in TRELLIS.parameters)
CUSTOM = "CUSTOM"
PROMPT_TAKEN = 2 * PROMPT_LIMIT
"""Characters of a prompt from elsewhere: enough to say that it is too long."""
_DEFAULTS = {parameter.name: parameter.default for parameter in TRELLIS.parameters}

MODEL_ITEMS = [
    (model.id, f"{model.label} · {price(model.price_usd)}", f"{model.use}. {price(model.price_usd).capitalize()} each")
    for model in MODELS.values()
]
QUALITY_ITEMS = [
    (preset.id, preset.label, f"{preset.about}. The price is the same", number)
    for number, preset in enumerate(TRELLIS.presets)
] + [(CUSTOM, "Custom", "The numbers under Advanced are none of the presets'", len(TRELLIS.presets))]
TARGET_ITEMS = [
    (Target.CURSOR.value, "At the Cursor", "At the 3D cursor"),
    (
        Target.SURFACE.value,
        "On the Surface Below",
        "On what lies straight below the 3D cursor. What is displayed as wire or bounds does not count; where "
        "there is nothing, at the cursor",
    ),
    (Target.GROUND.value, "On the Ground", "Below or above the 3D cursor, at a height of zero"),
]
_NUMBER_OF_QUALITY = {item[0]: item[3] for item in QUALITY_ITEMS}


def _get_quality(settings: "TRELLIS_PG_settings") -> int:
    found = preset_of(TRELLIS, {name: getattr(settings, name) for name in TRELLIS.samplers})
    return _NUMBER_OF_QUALITY[found.id if found is not None else CUSTOM]


def _set_quality(settings: "TRELLIS_PG_settings", number: int) -> None:
    for preset in TRELLIS.presets[number : number + 1]:
        for name, value in preset.values:
            setattr(settings, name, type(getattr(settings, name))(value))


def _is_seed_random(settings: "TRELLIS_PG_settings") -> bool:
    return settings.seed == 0


def _set_seed_random(settings: "TRELLIS_PG_settings", value: bool) -> None:  # noqa: FBT001 (Blender calls it)
    from ..generation.request import draw_seed

    if value != _is_seed_random(settings):
        settings.seed = 0 if value else draw_seed()


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
    concept_wording: bpy.props.StringProperty(
        name="Wording",
        description="What Flux is told behind the prompt, so that a model can come of the pictures",
        default=WORDING,
    )
    show_concepts: bpy.props.BoolProperty(name="Concept Images", options={'HIDDEN'})
    image: bpy.props.StringProperty(
        name="Image",
        description="A picture of one thing on a plain or transparent background",
        subtype='FILE_PATH',
    )
    image_before: bpy.props.StringProperty(subtype='FILE_PATH', options={'HIDDEN'})
    """The artist's own, where `image` is `image_after`: what a remedy has made of it."""
    image_after: bpy.props.StringProperty(subtype='FILE_PATH', options={'HIDDEN'})
    model: bpy.props.EnumProperty(name="Model", description="Which model makes it", items=MODEL_ITEMS)
    variations: bpy.props.IntProperty(
        name="Variations",
        description="How many models of the same input, side by side. Each is a generation with a seed and a price of "
        "its own",
        default=1,
        min=1,
        max=VARIATIONS_LIMIT,
    )
    quality: bpy.props.EnumProperty(
        name="Quality",
        description="How much time goes into shape and detail. The price is the same",
        items=QUALITY_ITEMS,
        get=_get_quality,
        set=_set_quality,
    )
    is_seed_random: bpy.props.BoolProperty(
        name="Random Each Time",
        description="Draw a new seed at every press, so that every model is a new one",
        get=_is_seed_random,
        set=_set_seed_random,
    )
    seed: bpy.props.IntProperty(
        name="Seed",
        description="The same seed and settings make the same model again, another seed another one. Variations take "
        "the seeds that follow. 0 draws a new one each time",
        min=0,
        max=SEED_LIMIT,
    )
    ss_sampling_steps: bpy.props.IntProperty(
        name="Shape Steps",
        description="Sparse structure: first the coarse shape is found, a cloud of little cubes with the silhouette "
        "and proportions of the thing. More steps make it more certain of itself and take longer",
        default=int(_DEFAULTS["ss_sampling_steps"]),
        min=1,
        max=50,
        soft_min=10,
    )
    ss_guidance_strength: bpy.props.FloatProperty(
        name="Shape Guidance",
        description="How strictly the coarse shape follows the prompt or picture. Lower is freer and often rounder; "
        "very high can look forced and break up",
        default=_DEFAULTS["ss_guidance_strength"],
        min=0,
        max=10,
    )
    slat_sampling_steps: bpy.props.IntProperty(
        name="Detail Steps",
        description="Structured latents: then surface and detail, form as well as colour, are laid over the little "
        "cubes. More steps make them cleaner and take longer",
        default=int(_DEFAULTS["slat_sampling_steps"]),
        min=1,
        max=50,
        soft_min=10,
    )
    slat_guidance_strength: bpy.props.FloatProperty(
        name="Detail Guidance",
        description="How strictly surface and colour follow the prompt or picture. Lower is calmer; very high can "
        "make colours harsh and surfaces rough",
        default=_DEFAULTS["slat_guidance_strength"],
        min=0,
        max=10,
    )
    target: bpy.props.EnumProperty(
        name="Place",
        description="Where the model will stand, as it is when you press Generate",
        items=TARGET_ITEMS,
    )
    finish: bpy.props.EnumProperty(
        name="Finish",
        description="How the model is made ready when it arrives. “Finish” changes that later",
        items=PRESET_ITEMS,
        default=Preset.SCENE.value,
    )
    longest_side: bpy.props.FloatProperty(
        name="Longest Side",
        description="The size of the model's longest side. 0 keeps the size as delivered",
        default=1.0,
        min=0,
        soft_max=100,
        subtype='DISTANCE',
    )
    fit: bpy.props.EnumProperty(
        name="Fit",
        description="How a model fills the object that was selected for it",
        items=[
            ('EVEN', "Evenly", "As large as fits in there, in its own proportions"),
            ('STRETCH', "Stretched", "All of it, stretched along its three sides"),
        ],
    )
    renewal: bpy.props.EnumProperty(
        name="New One",
        description="Where a model goes that is made after this one",
        items=[
            ('BESIDE', "Beside It", "To the right of this one"),
            (
                'REPLACE',
                "In Its Place",
                "This object gets the new mesh and keeps transform, parent, collections, constraints and modifiers. "
                "What it is now is kept in a hidden copy",
            ),
        ],
    )

    def take_up(self, model: str, prompt: str, image: str, parameters: Mapping[str, float]) -> list[str]:
        """Sets what something was made with: from `image` where there is one, else from the prompt.

        Returns sentences about what the panel does not take. Raises InputUnusable, and sets nothing, for a model that
        is not known here.
        """
        self.model = find_model(model).id
        if image:
            self.source, self.image = 'IMAGE', image
        else:
            self.source, self.prompt = 'TEXT', prompt[:PROMPT_TAKEN].encode("utf-8", "replace").decode()
        return [said for parameter in TRELLIS.parameters if (said := self._take_number(parameter, parameters))]

    def _take_number(self, parameter: Parameter, given: Mapping[str, float]) -> str:
        """A sentence where the number that was given is none that can be sent."""
        name = parameter.name
        if name not in given:
            return ""
        if (value := usable(parameter, given[name])) is not None:
            setattr(self, name, value)
            return ""
        if name != SEED.name:
            return f"Its {label_of_parameter(name)} is none that can be sent, so yours stays."
        self.seed = 0
        return "Its seed is none that can be sent again, so a new one is drawn."


QUALITY_NAMES = {identifier: label for identifier, label, _, _ in QUALITY_ITEMS}


def settings_of(scene: bpy.types.Scene) -> TRELLIS_PG_settings:
    """The settings of a scene."""
    return scene.trellis  # pyright: ignore[reportAttributeAccessIssue]


def usable(parameter: Parameter, value: object) -> float | None:
    """A number from elsewhere as the panel takes it; None for one that cannot be sent, or is none at all."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # NaN is not between them either.
    if not parameter.low <= value <= parameter.high:
        return None
    return int(value) if parameter.whole else float(value)


def label_of_parameter(name: str) -> str:
    """What the panel calls a parameter; its own name where the panel has none."""
    known = TRELLIS_PG_settings.bl_rna.properties
    return known[name].name if name in known else name


def register(endings: Endings) -> None:
    """Gives every scene its settings."""
    bpy.types.Scene.trellis = bpy.props.PointerProperty(  # pyright: ignore[reportAttributeAccessIssue]
        type=TRELLIS_PG_settings
    )
    endings.add(delattr, bpy.types.Scene, "trellis")
