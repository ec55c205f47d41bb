# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel collects; kept in the scene, so that it is saved with the .blend. The key is not among it."""

from collections.abc import Mapping, Sequence
from itertools import islice

import bpy

from ...generation.providers import find_model, models
from ...generation.record.costs import price
from ...generation.record.variations import VARIATIONS_LIMIT
from ...piapi.models import (
    CONCEPT_MODELS,
    CONCEPT_WORDING,
    CONCEPTS_AT_ONCE,
    PROMPT_LIMIT,
    SEED,
    SEED_LIMIT,
    VIEWS_LIMIT,
    Model,
    Parameter,
    preset_of,
)
from ...scene.finish.options import PRESET_ITEMS, Preset
from ...scene.placement.target import Target
from ...scene.units import shown_length
from ...scene.versions import RELATIVE_PATH
from . import background
from .parameters import KNOWN, MODEL_ITEMS, QUALITY_ITEMS, ParameterProperties, label_of_parameter

PROMPT_TAKEN = 2 * PROMPT_LIMIT
"""Characters of a prompt from elsewhere: enough to say that it is too long."""

CONCEPT_ITEMS = [
    (each.id, f"{each.label} · {price(CONCEPTS_AT_ONCE * each.price_usd)}", f"{each.use}. It draws {CONCEPTS_AT_ONCE}")
    for each in CONCEPT_MODELS.values()
]
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
LONGEST_SIDE = "The size of the model's longest side, in metres for scripts. 0 keeps the size as delivered"


def _quality_items(settings: "TRELLIS_PG_settings", _: object) -> list[tuple[str, str, str, int]]:
    return QUALITY_ITEMS[model_of(settings).id]


def _get_quality(settings: "TRELLIS_PG_settings") -> int:
    model = model_of(settings)
    found = preset_of(model, {name: getattr(settings, name) for name in model.samplers})
    return model.presets.index(found) if found is not None else len(model.presets)


def _set_quality(settings: "TRELLIS_PG_settings", number: int) -> None:
    for preset in model_of(settings).presets[number : number + 1]:
        for name, value in preset.values:
            setattr(settings, name, type(getattr(settings, name))(value))


def _is_seed_random(settings: "TRELLIS_PG_settings") -> bool:
    return settings.seed == 0


def _set_seed_random(settings: "TRELLIS_PG_settings", value: bool) -> None:  # noqa: FBT001 (Blender calls it)
    from ...generation.record.request import draw_seed

    if value != _is_seed_random(settings):
        settings.seed = 0 if value else draw_seed()


class TRELLIS_PG_view(bpy.types.PropertyGroup):
    """One of several pictures of the same thing, with what it was before a remedy."""

    image: bpy.props.StringProperty(subtype='FILE_PATH', options=RELATIVE_PATH)
    image_before: bpy.props.StringProperty(subtype='FILE_PATH', options=RELATIVE_PATH)
    image_after: bpy.props.StringProperty(subtype='FILE_PATH', options=RELATIVE_PATH)


class TRELLIS_PG_settings(ParameterProperties, bpy.types.PropertyGroup):
    """The settings of the next generation. The parameters have PiAPI's names."""

    source: bpy.props.EnumProperty(
        name="From",
        items=[
            ('TEXT', "Text", "Describe the model in words"),
            ('IMAGE', "Image", "Make the model from a picture"),
        ],
    )
    prompt: bpy.props.StringProperty(
        name="Prompt", description="What the model should be, in a few words", options={'TEXTEDIT_UPDATE'}
    )
    concept_model: bpy.props.EnumProperty(
        name="Drawn By", description="Which model draws the concept images", items=CONCEPT_ITEMS
    )
    concept_wording: bpy.props.StringProperty(
        name="Wording",
        description="What is added to the prompt, so that models can be made from the pictures",
        default=CONCEPT_WORDING,
    )
    thing_to_keep: bpy.props.StringProperty(
        name="Keep Only", description="What of the picture is kept, in a word or two: “green apple”"
    )
    show_concepts: bpy.props.BoolProperty(name="Concept Images", options={'HIDDEN'})
    image: bpy.props.StringProperty(
        name="Image",
        description="A picture of one thing on a plain or transparent background",
        subtype='FILE_PATH',
        options=RELATIVE_PATH,
    )
    image_before: bpy.props.StringProperty(subtype='FILE_PATH', options=RELATIVE_PATH | {'HIDDEN'})
    """The artist's own, where `image` is `image_after`: what a remedy has made of it."""
    image_after: bpy.props.StringProperty(subtype='FILE_PATH', options=RELATIVE_PATH | {'HIDDEN'})
    views: bpy.props.CollectionProperty(type=TRELLIS_PG_view, options={'HIDDEN'})
    """Empty where there is one picture. Else all of them, in order; see `interface.input_image.views`."""
    view_shown: bpy.props.IntProperty(min=0, options={'HIDDEN'})
    """Which of them `image`, `image_before` and `image_after` are at the moment."""
    several: bpy.props.EnumProperty(
        name="Several Pictures",
        description="What several pictures are that are dropped or chosen together",
        items=[
            ('EACH', "A Model Each", "Each picture shows another thing"),
            ('VIEWS', "One Model", "All pictures show the same thing, from several sides"),
        ],
    )
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
        items=_quality_items,
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
    finish_again: bpy.props.EnumProperty(
        name="Preset",
        description="What “Finish Model” makes of the model",
        items=PRESET_ITEMS,
        default=Preset.SCENE.value,
    )
    longest_side: bpy.props.FloatProperty(
        name="Longest Side",
        description=LONGEST_SIDE,
        default=1.0,
        min=0,
        soft_max=100,
    )
    longest_side_shown: shown_length("longest_side", LONGEST_SIDE)
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

    def take_up(self, model: str, prompt: str, images: Sequence[str], parameters: Mapping[str, float]) -> list[str]:
        """Sets what something was made with: from `images` where there are some, else from the prompt.

        Returns sentences about what the panel does not take. Raises InputUnusable, and sets nothing, for a model that
        is not known here.
        """
        self.model = find_model(model).id
        if images:
            self.source = 'IMAGE'
            self.use_pictures(images)
        else:
            self.source, self.prompt = 'TEXT', prompt[:PROMPT_TAKEN].encode("utf-8", "replace").decode()
        return [said for parameter in KNOWN.values() if (said := self._take_number(parameter, parameters))]

    def use_pictures(self, images: Sequence[str]) -> None:
        """Makes these the pictures of one thing, in place of all that there were."""
        self.views.clear()
        self.view_shown = 0
        self.image = images[0]
        self.image_before = self.image_after = ""
        for image in images if len(images) > 1 else ():
            self.views.add().image = image

    def _take_number(self, parameter: Parameter, given: Mapping[str, float]) -> str:
        """A sentence where the number that was given is none that can be sent."""
        name = parameter.name
        if name not in given:
            return ""
        if (value := parameter.taken(given[name])) is not None:
            setattr(self, name, value)
            return ""
        if name != SEED.name:
            return f"Its {label_of_parameter(name)} cannot be sent, so yours stays."
        self.seed = 0
        return "Its seed cannot be sent again, so a new one is drawn."


def pictures_of(settings: TRELLIS_PG_settings) -> list[str]:
    """The pictures of one thing as they were entered, in order; of more than can be sent only as many as show that."""
    if not settings.views:
        return [settings.image] if settings.image else []
    shown = shown_of(settings)
    found = islice(settings.views, VIEWS_LIMIT + 1)
    images = (settings.image if number == shown else view.image for number, view in enumerate(found))
    return [image for image in images if image]


def shown_of(settings: TRELLIS_PG_settings) -> int:
    """Which of several pictures is in the panel's field; -1 where there is one."""
    return min(settings.view_shown, len(settings.views) - 1)


def settings_of(scene: bpy.types.Scene) -> TRELLIS_PG_settings:
    """The settings of a scene."""
    return scene.trellis  # pyright: ignore[reportAttributeAccessIssue]


def model_of(settings: TRELLIS_PG_settings) -> Model:
    """The model that is chosen; the first one where a file of a later version has one that is not known here, and
    nothing is made with it: see `why_no_model`.
    """
    return models().get(settings.model) or next(iter(models().values()))


def why_no_model(settings: TRELLIS_PG_settings) -> str:
    """A sentence where the model that is chosen is not known here, else ""."""
    return "" if settings.model in models() else "The model that is chosen in this file is not known here. Choose one."


def target_of(settings: TRELLIS_PG_settings) -> Target:
    """Where the model will stand; Blender says "" for a choice of a later version."""
    return Target(settings.target or Target.CURSOR)


def finish_of(settings: TRELLIS_PG_settings) -> Preset:
    """How the model is made ready; Blender says "" for a choice of a later version."""
    return Preset(settings.finish or Preset.SCENE)


def longest_side_of(settings: TRELLIS_PG_settings) -> float:
    """In metres, 0 for the size as delivered, and for what is no number: a script may set that."""
    return settings.longest_side if settings.longest_side > 0 else 0.0


def register() -> None:
    """Gives every scene its settings."""
    bpy.types.Scene.trellis = bpy.props.PointerProperty(  # pyright: ignore[reportAttributeAccessIssue]
        type=TRELLIS_PG_settings
    )
    background.at_end(delattr, bpy.types.Scene, "trellis")
