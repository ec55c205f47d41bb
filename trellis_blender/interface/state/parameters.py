# SPDX-License-Identifier: GPL-3.0-or-later
"""The models as the panel offers them, and their parameters as Blender's properties: what it has fields for, what
operators take, and the presets among which "Quality" chooses."""

from typing import Any

import bpy

from ...generation.providers import models
from ...generation.record.costs import price
from ...piapi.models import SEED, Model, Parameter

CUSTOM = "CUSTOM"
MODEL_ITEMS = [
    (model.id, f"{model.label} · {price(model.price_usd)}", f"{model.use}. {price(model.price_usd).capitalize()} each")
    for model in models().values()
]


def _known_parameters() -> dict[str, Parameter]:
    """Every parameter that a model takes, by name. Where several take it, the limits are wide enough for all; what a
    model accepts is checked before anything is sent."""
    found: dict[str, Parameter] = {}
    for parameter in (each for model in models().values() for each in model.parameters):
        known = found.get(parameter.name, parameter)
        found[parameter.name] = known._replace(low=min(known.low, parameter.low), high=max(known.high, parameter.high))
    return found


KNOWN = _known_parameters()
PARAMETERS = tuple(KNOWN)


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
    {"__annotations__": {name: _property_of(known) for name, known in KNOWN.items() if name != SEED.name}},
)
"""The parameters of all models as properties of a group; the seed, which has more to it, is the group's own."""
ParameterArguments = type(
    "ParameterArguments", (), {"__annotations__": {name: _argument_of(known) for name, known in KNOWN.items()}}
)
"""The parameters of all models as arguments of an operator."""


def _quality_items_of(model: Model) -> list[tuple[str, str, str, int]]:
    items = [
        (preset.id, preset.label, f"{preset.about}. The price is the same", number)
        for number, preset in enumerate(model.presets)
    ]
    return [*items, (CUSTOM, "Custom", "Your own numbers under Advanced", len(items))]


# Blender does not keep the items of an enum alive that change with the model.
QUALITY_ITEMS = {model.id: _quality_items_of(model) for model in models().values()}


def quality_names(model: Model) -> dict[str, str]:
    """What the panel calls the presets of a model, by their ids, and CUSTOM behind them."""
    return {identifier: label for identifier, label, _, _ in QUALITY_ITEMS[model.id]}


def label_of_parameter(name: str) -> str:
    """What the panel calls a parameter; its own name where the panel has none."""
    return KNOWN[name].label or name if name in KNOWN else name
