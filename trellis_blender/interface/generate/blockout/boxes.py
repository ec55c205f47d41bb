# SPDX-License-Identifier: GPL-3.0-or-later
"""What a block-out's boxes become: the survey that the dialog shows, and a request for each model that is wanted."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import bpy

from ....generation.providers import provider_of
from ....generation.record import costs
from ....piapi.models import TEXT, InputUnusable
from ....scene import units
from ....scene.blockout import fit, survey
from ....scene.placement import placeholder
from ...input_image import decode_many
from ...monitor import arrival, monitor
from ...state import blend_file, configuration, session
from ...state.settings import model_of, settings_of, why_no_model
from ...text import formats
from ...text.layouts import draw_text
from .. import submission
from .blockout import DIALOG_WIDTH_PX, Key

if TYPE_CHECKING:
    from ....generation.record.request import GenerationRequest

ASKED_SHOWN = 10
SAID_SHOWN = 6


def survey_of(context: bpy.types.Context, keys: Sequence[Key]) -> tuple[list[survey.Wish], list[survey.LeftOut]]:
    """The models that are wanted for the objects, and the objects that get none, each with the reason."""
    known: Any = bpy.data.objects
    items = [item for key in keys if (item := known.get(key)) is not None]
    model = model_of(settings_of(context.scene))
    # The offline preview takes text only to say that it cannot read.
    needs_picture = TEXT not in model.task_types or provider_of(model.id).is_local
    return survey.survey(items, session.current().may_come, needs_picture=needs_picture)


def read_and_submit(operator: Any, context: bpy.types.Context, keys: Sequence[Key]) -> set[str]:
    """Reads the pictures of the boxes, and submits; returns what the operator does."""
    if bpy.app.background:
        session.current().wait_until_loaded()
    else:
        session.current().load()
    wishes, _ = survey_of(context, keys)
    paths = [blend_file.path_of(wish.image) for wish in wishes if wish.image]
    return decode_many.read(operator, context, paths, partial(_submit, keys=keys))


def _submit(operator: Any, context: bpy.types.Context, keys: Sequence[Key]) -> set[str]:
    wishes, left_out = survey_of(context, keys)
    said = " ".join(each.said for each in left_out)
    if not wishes:
        operator.report({'ERROR'}, f"{said} {decode_many.NOTHING_SUBMITTED}".strip())
        return {'CANCELLED'}
    taken: list[str] = []

    def submit() -> None:
        requests = [_compose(context, wish) for wish in wishes]
        taken.extend(submission.submit(requests, in_place=True, places=[wish.boxes for wish in wishes]))

    done = monitor.press(operator, submit, decode_many.NOTHING_SUBMITTED)
    if taken and said:
        operator.report({'WARNING'}, f"Left out: {said}")
    if taken and bpy.app.background and (problem := arrival.wait_and_place(taken)):
        operator.report({'ERROR'}, formats.plain(problem))
        return {'CANCELLED'}
    return done


def _compose(context: bpy.types.Context, wish: survey.Wish) -> "GenerationRequest":
    settings, box = settings_of(context.scene), wish.boxes[0]
    given = {"prompt": wish.prompt, "model": settings.model}
    if wish.image:
        given["image"] = wish.image
    try:
        (request,) = submission.compose(context, given, 1)
    except (InputUnusable, ValueError) as error:
        raise InputUnusable(f"“{box.name}”: {error}") from None
    placement = replace(
        request.placement,
        location=placeholder.spot(box),
        longest_side_m=max(fit.frame_of(box).size) * units.metres_per_unit_of(box),
        stretch=settings.fit == 'STRETCH',
    )
    return replace(request, placement=placement)


def draw_question(layout: Any, context: bpy.types.Context, keys: Sequence[Key]) -> None:
    """What the dialog says before anything is spent."""
    settings = settings_of(context.scene)
    model = model_of(settings)
    wishes, left_out = survey_of(context, keys)
    boxes = sum(len(wish.boxes) for wish in wishes)
    layout.label(text="1 model" if len(wishes) == 1 else f"{len(wishes)} models")
    if boxes != len(wishes):
        layout.label(text=f"In {boxes} boxes: those that share a mesh and a name share a model.")
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(settings, "model")
    column.row().prop(settings, "fit", expand=True)
    _draw_asked(column, [each.item for each in left_out if each.asks])
    _draw_left_out(layout, context, [each.said for each in left_out if not each.asks])
    total_usd = len(wishes) * model.price_usd
    if not wishes:
        layout.label(text="There is nothing to generate", icon='INFO')
    if costs.asks_first(total_usd, configuration.ask_above_usd()):
        draw_text(
            layout, context, f"That is above {costs.dollars(configuration.ask_above_usd())}.", 'INFO', DIALOG_WIDTH_PX
        )
    if reason := why_no_model(settings) or configuration.why_not_ready(model.id):
        draw_text(layout, context, reason, 'INFO', DIALOG_WIDTH_PX)


def _draw_asked(column: Any, items: Sequence[bpy.types.Object]) -> None:
    """A field for the prompt of each object whose name is none. What stays empty is left out."""
    if not items:
        return
    if len(items) == 1:
        said = "This name is no prompt. Write one, or the object is left out."
    else:
        said = f"These {len(items)} names are no prompts. Write some, or the objects are left out."
    column.label(text=said, icon='QUESTION')
    for item in items[:ASKED_SHOWN]:
        column.prop(item, "trellis_prompt", text=item.name, placeholder="What should it be?", translate=False)
    if len(items) > ASKED_SHOWN:
        column.label(text=f"and {listed([item.name for item in items[ASKED_SHOWN:]])}")


def _draw_left_out(layout: Any, context: bpy.types.Context, said: Sequence[str]) -> None:
    for sentence in said[:SAID_SHOWN]:
        draw_text(layout, context, sentence, 'INFO', DIALOG_WIDTH_PX)
    if len(said) > SAID_SHOWN:
        layout.label(text=f"{len(said) - SAID_SHOWN} more are left out.")


def listed(names: Sequence[str]) -> str:
    """The names in a sentence, a few of them."""
    shown = ", ".join(f"“{name}”" for name in names[:SAID_SHOWN])
    return f"{shown} and {len(names) - SAID_SHOWN} more" if len(names) > SAID_SHOWN else shown
