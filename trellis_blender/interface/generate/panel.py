# SPDX-License-Identifier: GPL-3.0-or-later
"""What to generate: input, model, the button, and below it, folded away, what has a good default.

The button stands under what it needs and above what may stay as it is, so it never moves when something is unfolded,
and needs no scrolling. A folded section says in its header how it is set.
"""

from typing import Any

import bpy

from ...generation.providers import OFFLINE_PREVIEW, provider_of
from ...generation.record import costs
from ...generation.states import State
from ...piapi.models import PROMPT_USED, Model
from ...scene import versions
from ...scene.finish.options import Preset
from ..input_image import cleanup, views
from ..state import configuration
from ..state.parameters import CUSTOM, quality_names
from ..state.settings import TRELLIS_PG_settings, finish_of, model_of, settings_of, target_of
from ..text.layouts import TrellisPanel, draw_section, draw_text
from . import image_from_web, samples
from .picture_tasks import concepts, picture_tools

PROMPT_LINES = 4
BUTTON_SCALE = 1.5


class TRELLIS_PT_generate(TrellisPanel, bpy.types.Panel):
    """What to generate, and the button"""

    bl_label = "Generate"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.operator("trellis.help", text="", icon='HELP', emboss=False)

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = settings_of(context.scene)
        model = model_of(settings)

        samples.draw(layout, context)
        switch = layout.row()
        switch.use_property_split = False
        switch.prop(settings, "source", expand=True)
        if settings.source == 'TEXT':
            _draw_prompt(layout, settings)
            if len(settings.prompt) > PROMPT_USED:
                _draw_note(layout, context, f"TRELLIS uses only about the first {PROMPT_USED} characters.")
        else:
            _draw_image(layout, context, settings)
        column = layout.column()
        column.prop(settings, "model", text="")
        _draw_note(column, context, f"{model.use}.")
        column.prop(settings, "variations")
        _draw_buttons(layout, context, settings, model)
        if model.presets:
            _draw_quality(layout, settings, model)
        elif model.samplers:
            _draw_advanced(layout, settings, model)
        if model.takes_seed:
            _draw_seed(layout, settings)
        _draw_placement(layout, settings)
        if settings.source == 'TEXT':
            concepts.draw_section(layout, context, settings, model)


def _draw_prompt(layout: bpy.types.UILayout, settings: TRELLIS_PG_settings) -> None:
    row: Any = layout.row(align=True)
    is_box = versions.draw_long_text(row, settings, "prompt", lines=PROMPT_LINES, placeholder="A small wooden chair")
    tools = row.column(align=True) if is_box else row.row(align=True)
    if not is_box:
        tools.operator("trellis.edit_prompt", text="", icon='GREASEPENCIL')
    tools.menu("TRELLIS_MT_prompts", text="", icon='RECOVER_LAST')


def _draw_image(layout: bpy.types.UILayout, context: bpy.types.Context, settings: TRELLIS_PG_settings) -> None:
    column: Any = layout.column()
    if settings.views:
        views.draw(column, context, settings)
    row = column.row(align=True)
    row.prop(settings, "image", text="", placeholder="A picture of one thing")
    row.menu("TRELLIS_MT_pictures", text="", icon='DOWNARROW_HLT')
    image_from_web.draw(column, context)
    if settings.image:
        cleanup.draw(column, context, settings)
        picture_tools.draw(column, settings)


def _draw_note(layout: bpy.types.UILayout, context: bpy.types.Context, text: str) -> None:
    column = layout.column()
    column.active = False
    draw_text(column, context, text)


def _draw_buttons(
    layout: bpy.types.UILayout, context: bpy.types.Context, settings: TRELLIS_PG_settings, model: Model
) -> None:
    from . import readiness
    from .picture_tasks import first_step

    if first_step.are_the_way(settings, model):
        row = layout.row()
        row.scale_y = BUTTON_SCALE
        row.operator("trellis.make_concepts", text=first_step.button_text(settings, model))
        if reason := first_step.why_not(settings):
            draw_text(layout, context, reason, 'INFO')
        else:
            _draw_note(layout, context, first_step.both_steps(settings, model))
        if configuration.why_not_ready():
            _draw_way_out(layout)
        return
    reason = readiness.why_not(settings, model)
    if not reason and (made := readiness.already_made(settings, model)):
        _draw_already_made(layout, context, made, model)
    else:
        row = layout.row()
        row.scale_y = BUTTON_SCALE
        row.operator("trellis.generate_from_panel", text=costs.button_text(settings.variations, model))
    if reason:
        draw_text(layout, context, reason, 'INFO')
    elif short := readiness.what_is_short(settings.variations * model.price_usd):
        draw_text(layout, context, short, 'ERROR')
    if model is OFFLINE_PREVIEW:
        return
    _draw_offline(layout, context, settings)


def _draw_offline(layout: bpy.types.UILayout, context: bpy.types.Context, settings: TRELLIS_PG_settings) -> None:
    """The button once there is a picture; until then, where nothing else can be pressed, how to come by it."""
    from . import readiness

    is_ready = not configuration.why_not_ready()
    if not is_ready:
        _draw_way_out(layout)
    missing = readiness.what_is_missing(settings, OFFLINE_PREVIEW)
    if not missing:
        layout.operator("trellis.try_offline", text="Try It Offline · free")
    elif is_ready:
        return
    elif settings.source == 'IMAGE' and settings.image:
        draw_text(layout, context, missing, 'INFO')
    else:
        step = "an image" if settings.source == 'IMAGE' else "Image"
        _draw_note(layout, context, f"To try it free, choose {step}.")


def _draw_already_made(layout: bpy.types.UILayout, context: bpy.types.Context, made: list[Any], model: Model) -> None:
    count = len(made)
    is_there = all(not generation.is_working and generation.state in {State.READY, State.PLACED} for generation in made)
    if is_there:
        said = f"You already have these {count}." if count > 1 else "You already have this one."
    else:
        said = f"These {count} are being made already." if count > 1 else "This one is being made already."
    draw_text(layout, context, said, 'INFO')
    if is_there:
        row = layout.row()
        row.scale_y = BUTTON_SCALE
        show = row.operator("trellis.show", text="Show Them" if count > 1 else "Show It")
        show.generations, show.may_place = " ".join(generation.id for generation in made), True
    verb = "Make Again" if provider_of(model.id).is_free else "Pay Again"
    layout.operator("trellis.generate_from_panel", text=f"{verb} · {costs.price(count * model.price_usd)}")


def _draw_way_out(layout: bpy.types.UILayout) -> None:
    if not configuration.api_key().value:
        layout.operator("preferences.addon_show", text="Open the Preferences").module = configuration.PACKAGE
    elif not bpy.app.online_access_override:
        layout.operator("screen.userpref_show", text="Open the Preferences").section = 'SYSTEM'


def _draw_quality(layout: bpy.types.UILayout, settings: TRELLIS_PG_settings, model: Model) -> None:
    is_custom = settings.quality == CUSTOM
    names = quality_names(model)
    body = draw_section(layout, "trellis_quality", "Quality", names[settings.quality])
    if body is None:
        return
    row = body.row(align=True)
    row.use_property_split = False
    for item in names:
        if item != CUSTOM or is_custom:
            row.prop_enum(settings, "quality", item)
    note = body.column()
    note.active = False
    note.label(text="Same price, faster or finer.")
    _draw_advanced(body, settings, model)


def _draw_advanced(layout: bpy.types.UILayout, settings: TRELLIS_PG_settings, model: Model) -> None:
    body = draw_section(layout, "trellis_advanced", "Advanced", "")
    if body is None:
        return
    columns: dict[str, Any] = {}
    for parameter in model.parameters:
        if parameter.name in model.samplers:
            if parameter.group not in columns:
                columns[parameter.group] = body.column(align=True)
            columns[parameter.group].prop(settings, parameter.name)


def _draw_seed(layout: bpy.types.UILayout, settings: TRELLIS_PG_settings) -> None:
    body = draw_section(layout, "trellis_seed", "Seed", str(settings.seed) if settings.seed else "Random")
    if body is None:
        return
    body.prop(settings, "is_seed_random")
    row = body.row(align=True)
    row.active = settings.seed != 0
    row.prop(settings, "seed")
    row.operator("trellis.new_seed", text="", icon='FILE_REFRESH')


def _draw_placement(layout: bpy.types.UILayout, settings: TRELLIS_PG_settings) -> None:
    body = draw_section(layout, "trellis_placement", "Placement", target_of(settings).value.capitalize())
    if body is None:
        return
    body.prop(settings, "target", text="")
    body.prop(settings, "finish")
    row = body.row()
    row.active = finish_of(settings) is not Preset.AS_DELIVERED
    row.prop(settings, "longest_side_shown", text="Longest Side")
