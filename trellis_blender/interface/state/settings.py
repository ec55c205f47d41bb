# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel collects; kept in the scene, so that it is saved with the .blend. The key is not among it."""

from collections.abc import Mapping
from typing import Any

import bpy

from ...generation.providers import find_model, models
from ...generation.record.costs import price
from ...generation.record.variations import VARIATIONS_LIMIT
from ...piapi.models import PROMPT_LIMIT, SEED, SEED_LIMIT, Model, Parameter, preset_of
from ...piapi.picture_models import WORDING
from ...scene.finish.options import PRESET_ITEMS, Preset
from ...scene.placement.target import Target
from ...scene.units import shown_length
from ...scene.versions import RELATIVE_PATH
from . import background

CUSTOM = "CUSTOM"
PROMPT_TAKEN = 2 * PROMPT_LIMIT
"""Characters of a prompt from elsewhere: enough to say that it is too long."""

MODEL_ITEMS = [
    (model.id, f"{model.label} · {price(model.price_usd)}", f"{model.use}. {price(model.price_usd).capitalize()} each")
    for model in models().values()
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


def _known_parameters() -> dict[str, Parameter]:
    """Every parameter that a model takes, by name. Where several take it, the limits are wide enough for all; what a
    model accepts is checked before anything is sent."""
    found: dict[str, Parameter] = {}
    for parameter in (each for model in models().values() for each in model.parameters):
        known = found.get(parameter.name, parameter)
        found[parameter.name] = known._replace(low=min(known.low, parameter.low), high=max(known.high, parameter.high))
    return found


_KNOWN = _known_parameters()
PARAMETERS = tuple(_KNOWN)


def _property_of(parameter: Parameter) -> object:
    slider_low = parameter.low if parameter.slider_low is None else parameter.slider_low
    about: dict[str, Any] = {"name": parameter.label or parameter.name, "description": parameter.about}
    if parameter.whole:
        return bpy.props.IntProperty(
            **about,
            default=int(parameter.default),
            min=int(parameter.low),
            max=int(parameter.high),
            soft_min=int(slider_low),
        )
    return bpy.props.FloatProperty(
        **about, default=parameter.default, min=parameter.low, max=parameter.high, soft_min=slider_low
    )


def _argument_of(parameter: Parameter) -> object:
    """Without limits: a script gets an error for a wrong number, and not another number."""
    kind: Any = bpy.props.IntProperty if parameter.whole else bpy.props.FloatProperty
    return kind(name=parameter.label or parameter.name, options={'SKIP_SAVE'})


ParameterProperties = type(
    "ParameterProperties",
    (),
    {"__annotations__": {name: _property_of(known) for name, known in _KNOWN.items() if name != SEED.name}},
)
"""The parameters of all models as properties of a group; the seed, which has more to it, is the group's own."""
ParameterArguments = type(
    "ParameterArguments", (), {"__annotations__": {name: _argument_of(known) for name, known in _KNOWN.items()}}
)
"""The parameters of all models as arguments of an operator."""


def _quality_items_of(model: Model) -> list[tuple[str, str, str, int]]:
    items = [
        (preset.id, preset.label, f"{preset.about}. The price is the same", number)
        for number, preset in enumerate(model.presets)
    ]
    return [*items, (CUSTOM, "Custom", "Your own numbers under Advanced", len(items))]


# Blender does not keep the items of an enum alive that change with the model.
_QUALITY_ITEMS = {model.id: _quality_items_of(model) for model in models().values()}


def _quality_items(settings: "TRELLIS_PG_settings", _: object) -> list[tuple[str, str, str, int]]:
    return _QUALITY_ITEMS[model_of(settings).id]


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


class TRELLIS_PG_settings(ParameterProperties, bpy.types.PropertyGroup):
    """The settings of the next generation. The parameters have PiAPI's names."""

    source: bpy.props.EnumProperty(
        name="From",
        items=[
            ('TEXT', "Text", "Describe the model in words"),
            ('IMAGE', "Image", "Make the model from a picture"),
        ],
    )
    prompt: bpy.props.StringProperty(name="Prompt", description="What the model should be, in a few words")
    concept_wording: bpy.props.StringProperty(
        name="Wording",
        description="What is added to the prompt for Flux, so that models can be made from the pictures",
        default=WORDING,
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
        return [said for parameter in _KNOWN.values() if (said := self._take_number(parameter, parameters))]

    def _take_number(self, parameter: Parameter, given: Mapping[str, float]) -> str:
        """A sentence where the number that was given is none that can be sent."""
        name = parameter.name
        if name not in given:
            return ""
        if (value := usable(parameter, given[name])) is not None:
            setattr(self, name, value)
            return ""
        if name != SEED.name:
            return f"Its {label_of_parameter(name)} cannot be sent, so yours stays."
        self.seed = 0
        return "Its seed cannot be sent again, so a new one is drawn."


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


def quality_names(model: Model) -> dict[str, str]:
    """What the panel calls the presets of a model, by their ids, and CUSTOM behind them."""
    return {identifier: label for identifier, label, _, _ in _QUALITY_ITEMS[model.id]}


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
    return _KNOWN[name].label or name if name in _KNOWN else name


def register() -> None:
    """Gives every scene its settings."""
    bpy.types.Scene.trellis = bpy.props.PointerProperty(  # pyright: ignore[reportAttributeAccessIssue]
        type=TRELLIS_PG_settings
    )
    background.at_end(delattr, bpy.types.Scene, "trellis")
