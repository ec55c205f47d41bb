# SPDX-License-Identifier: GPL-3.0-or-later
"""Concept images as the first of two steps to a model: whether they are the way, who draws them, what they and the
models cost, and the request for them."""

from typing import TYPE_CHECKING, Any

import bpy

from ....generation.providers import OFFLINE_PREVIEW
from ....generation.record import costs
from ....generation.record.history import last_charge_usd
from ....piapi.input_checks import has_words
from ....piapi.models import CONCEPT_MODELS, CONCEPTS_AT_ONCE, FLUX, PRICE_KNOWN_LATER, TEXT, ConceptModel, Model
from ....scene import versions
from ...monitor import monitor
from ...state import configuration, session
from ...state.settings import TRELLIS_PG_settings, settings_of
from .. import submission
from ..readiness import NO_PROMPT
from .concepts import all_made, show

if TYPE_CHECKING:
    from ....generation.record.request import GenerationRequest

WORDING_LINES = 4


def are_the_way(settings: TRELLIS_PG_settings, model: Model) -> bool:
    """Whether there is only a prompt, for one of PiAPI's models that takes only images."""
    return settings.source == 'TEXT' and TEXT not in model.task_types and model is not OFFLINE_PREVIEW


def why_not(settings: TRELLIS_PG_settings) -> str:
    """Why no concept images can be made now, as a sentence; "" where everything is there."""
    return configuration.why_not_ready() or ("" if has_words(settings.prompt) else NO_PROMPT)


def button_text(settings: TRELLIS_PG_settings, model: Model) -> str:
    """What the button of the panel says: what the pictures cost, and what each model."""
    each, usd = costs.price(model.price_usd), price_usd(settings)
    if usd == PRICE_KNOWN_LATER:
        return f"Pictures First, Then {each} Each…"
    return f"Pictures First · {costs.price(usd)} + {each} Each…"


def both_steps(settings: TRELLIS_PG_settings, model: Model) -> str:
    """What it costs, in sentences: the pictures, and then each model."""
    drawer, usd = drawn_by(settings), price_usd(settings)
    what = "a rough stand-in" if model is OFFLINE_PREVIEW else "a model"
    if usd != PRICE_KNOWN_LATER:
        said = [f"First {drawer.label} draws {CONCEPTS_AT_ONCE} pictures: {costs.dollars(usd)}."]
    else:
        said = [f"First {drawer.label} draws {CONCEPTS_AT_ONCE} pictures. PiAPI tells their price when they are done."]
        if (charge_usd := last_charge_usd(all_made(), drawer.id)) is not None:
            said.append(f"The last ones cost {costs.dollars(charge_usd)}.")
    said.append(f"Then {model.label} makes {what} from each that you choose: {costs.price(model.price_usd)}.")
    return " ".join(said)


def draw_wording(layout: Any, settings: TRELLIS_PG_settings) -> None:
    """Who draws, and the field with what is added to the prompt for that."""
    column = layout.column()
    column.use_property_split = False
    column.prop(settings, "concept_model", text="")
    column.label(text=f"Added to your prompt for {drawn_by(settings).label}:")
    versions.draw_long_text(column, settings, "concept_wording", lines=WORDING_LINES, placeholder="Nothing more")


def drawn_by(settings: TRELLIS_PG_settings) -> ConceptModel:
    """A later version may know others."""
    return CONCEPT_MODELS.get(str(settings.concept_model), CONCEPT_MODELS[FLUX])


def price_usd(settings: TRELLIS_PG_settings) -> float:
    """Of all pictures together; PRICE_KNOWN_LATER where PiAPI names none."""
    return CONCEPTS_AT_ONCE * drawn_by(settings).price_usd


def request(context: bpy.types.Context) -> "GenerationRequest":
    """For the pictures, of what the panel holds. Raises InputUnusable."""
    from ....generation.record.picture_request import concepts_request
    from ....scene.arrival import place

    settings = settings_of(context.scene)
    placement = place.here(context, 0.0, session.current().file.blend_load)
    return concepts_request(settings.prompt, settings.concept_wording, placement, drawn_by(settings).id)


def make(operator: bpy.types.Operator, context: bpy.types.Context) -> set[str]:
    """As the settings are when the dialog's button is pressed."""

    def submit() -> None:
        (generation_id,) = submission.submit([request(context)])
        show(context.scene, generation_id)

    return monitor.press(operator, submit)
