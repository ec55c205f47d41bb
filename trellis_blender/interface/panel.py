# SPDX-License-Identifier: GPL-3.0-or-later
"""The tab "Trellis" in the sidebar of the 3D viewport. Draws what is known; asks nothing and changes nothing."""

from typing import TYPE_CHECKING, Any

import bpy

from ..generation.costs import price
from ..piapi.models import MODELS, OFFLINE_PREVIEW, TEXT, Model
from . import access, monitor, session, wording
from .settings import TRELLIS_PG_settings, settings_of

if TYPE_CHECKING:
    from ..generation.record import Generation

ROWS_SHOWN = 20


class _TrellisPanel:
    bl_space_type = 'VIEW_3D'
    bl_region_type = 'UI'
    bl_category = "Trellis"


class TRELLIS_PT_generate(_TrellisPanel, bpy.types.Panel):
    """What to generate, and the button"""

    bl_label = "Generate"

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = settings_of(context.scene)
        model = MODELS[settings.model]

        layout.row().prop(settings, "source", expand=True)
        if settings.source == 'TEXT':
            layout.prop(settings, "prompt", text="", placeholder="A small wooden chair")
        else:
            layout.prop(settings, "image")
        layout.prop(settings, "model")
        _draw_parameters(layout, settings, model)
        layout.prop(settings, "longest_side")
        _draw_button(layout, context, settings, model)


class TRELLIS_PT_generations(_TrellisPanel, bpy.types.Panel):
    """What became of everything that was generated, the newest first"""

    bl_label = "Generations"

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        found = session.current()
        if found.look_around():
            monitor.watch()
        newest = sorted(found.generations.values(), key=lambda generation: generation.created_at, reverse=True)
        if not newest:
            layout.label(text="Nothing generated yet")
        if paused := found.paused():
            total = price(sum(generation.request.price_usd for generation in paused))
            layout.operator("trellis.submit_paused", text=f"Resume {len(paused)} · {total}")
        for generation in newest[:ROWS_SHOWN]:
            _draw_generation(layout, context, generation)
        if len(newest) > ROWS_SHOWN:
            layout.label(text=f"{len(newest) - ROWS_SHOWN} earlier ones")


def _draw_parameters(layout: bpy.types.UILayout, settings: TRELLIS_PG_settings, model: Model) -> None:
    layout.prop(settings, "seed")
    samplers = [parameter.name for parameter in model.parameters if parameter.name != "seed"]
    if not samplers:
        return
    header, body = layout.panel("trellis_sampling", default_closed=True)
    header.label(text="Sampling")
    if body is not None:
        column = body.column(align=True)
        for name in samplers:
            column.prop(settings, name)


def _draw_button(
    layout: bpy.types.UILayout, context: bpy.types.Context, settings: TRELLIS_PG_settings, model: Model
) -> None:
    is_offline = model is OFFLINE_PREVIEW
    reason = access.why_not_ready(model.id) or _what_is_missing(settings, model)
    row = layout.row()
    row.scale_y = 1.6
    row.enabled = not reason
    row.operator_context = 'INVOKE_DEFAULT'
    row.operator("trellis.generate", text=f"Generate{' offline' * is_offline} · {price(model.price_usd)}")
    if reason:
        _draw_text(layout, context, reason, 'INFO')
    if is_offline:
        _draw_text(layout, context, f"{OFFLINE_PREVIEW.use}.")
        return
    _draw_offline_button(layout, context, settings)
    key = access.api_key()
    if key.source:
        row = layout.row()
        row.enabled = False
        row.label(text=f"API key from {key.source}")
    else:
        layout.operator(
            "preferences.addon_show", text="Open the Preferences", icon='PREFERENCES'
        ).module = access.PACKAGE


def _draw_offline_button(layout: bpy.types.UILayout, context: bpy.types.Context, settings: TRELLIS_PG_settings) -> None:
    reason = _what_is_missing(settings, OFFLINE_PREVIEW)
    if reason and not access.why_not_ready():
        return
    row = layout.row()
    row.enabled = not reason
    row.operator_context = 'INVOKE_DEFAULT'
    row.operator("trellis.generate", text="Try it offline · free").model = OFFLINE_PREVIEW.id
    if reason:
        _draw_text(layout, context, reason, 'INFO')


def _what_is_missing(settings: TRELLIS_PG_settings, model: Model) -> str:
    if settings.source == 'IMAGE':
        return "" if settings.image else "Choose an image first."
    if model is OFFLINE_PREVIEW:
        return "The offline preview works from a picture. Choose Image."
    if TEXT not in model.task_types:
        return f"{model.label} makes models from images only. Choose Image, or the model TRELLIS."
    return "" if settings.prompt.strip() else "Write a prompt first."


def _draw_generation(layout: bpy.types.UILayout, context: bpy.types.Context, generation: "Generation") -> None:
    line = monitor.line_of(generation)
    box = layout.box()
    row = box.row()
    row.label(text=generation.request.name, icon=line.icon)
    _draw_actions(row, generation, line)
    if generation.is_working and line.share is not None:
        box.progress(factor=line.share, type='BAR', text=line.stage)
    else:
        box.label(text=line.stage)
    if line.detail:
        _draw_text(box, context, line.detail)


def _draw_actions(row: bpy.types.UILayout, generation: "Generation", line: wording.Line) -> None:
    actions = row.row(align=True)
    actions.alignment = 'RIGHT'
    state = generation.state.value

    def button(operator: str, text: str, icon: Any = 'NONE') -> None:
        actions.operator(operator, text=text, icon=icon).generation = generation.id

    if generation.is_working:
        if generation.wanted:
            button("trellis.cancel", "", 'X')
    elif generation.parked and state == "queued":
        button("trellis.submit_again", f"Submit · {price(generation.request.price_usd)}")
        button("trellis.cancel", "", 'X')
    elif generation.elsewhere:
        pass
    elif generation.parked and (generation.task_id or state == "submitting") and state not in {"ready", "placed"}:
        button("trellis.resume", "Resume")
        if generation.task_id:
            button("trellis.cancel", "", 'X')
    elif state == "ready":
        button("trellis.place", "Place")
    elif line.stage in {"No longer in the scene", "Placed in another file"}:
        button("trellis.place", "Place Again")
    elif state in {"failed", "outcome unknown"}:
        if state == "outcome unknown":
            button("trellis.resume", "", 'FILE_REFRESH')
        button("trellis.submit_again", f"Again · {price(generation.request.price_usd)}")


def _draw_text(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: Any = 'NONE') -> None:
    """`text` as labels as wide as the sidebar: Blender's labels do not wrap."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    scale = context.preferences.system.ui_scale
    lines = wording.wrap(text, context.region.width - 50 * scale, scale)
    for number, line in enumerate(lines):
        column.label(text=line, icon=icon if number == 0 else ('BLANK1' if icon != 'NONE' else 'NONE'))
