# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel "This Model": what made the active object, and what can be done with that."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.providers import models
from ...generation.record.costs import price
from ...piapi.models import InputUnusable
from ...scene import versions
from ..input_image import preview
from ..state.parameters import label_of_parameter
from ..state.settings import settings_of
from ..text import formats, rows
from ..text.layouts import BESIDE_A_WORD, IN_SIDEBAR, TrellisPanel, draw_fact, draw_section, draw_text
from ..viewport import show_textures
from . import regenerate, submission
from .buttons import GenerateButton

if TYPE_CHECKING:
    from ...generation.record.provenance import Made
    from ...generation.record.request import GenerationRequest

PICTURE_WIDTH_PX = 420
PICTURE_SCALE = 20.0


class _OnceMore(GenerateButton):
    """Submits what made the active object."""

    is_seed_kept = True

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        return regenerate.why_not(context)

    def wanted(self, context: bpy.types.Context) -> "Sequence[GenerationRequest]":
        found = regenerate.active(context)
        if found is None:
            raise InputUnusable(regenerate.why_not(context))
        item, made = found
        self.item_name, self.replaces = item.name, settings_of(context.scene).renewal == 'REPLACE'
        seed = made.seed if self.is_seed_kept else 0
        return [regenerate.compose(context, item, made, seed=seed, in_its_place=self.replaces)]

    def submit(self, context: bpy.types.Context, requests: "Sequence[GenerationRequest]") -> None:
        old = bpy.data.objects.get(self.item_name) if self.replaces else None
        submission.submit(requests, in_place=True, places=[[old]] if old is not None else ())


class TRELLIS_OT_generate_again(_OnceMore):
    """Make this model once more, with the same settings and the same seed. Costs the price on the button"""

    bl_idname = "trellis.generate_again"
    bl_label = "Generate Again"


class TRELLIS_OT_vary_seed(_OnceMore):
    """Make another model of the same input and settings, with a new seed. Costs the price on the button"""

    bl_idname = "trellis.vary_seed"
    bl_label = "Vary the Seed"
    is_seed_kept = False


class TRELLIS_OT_use_model_settings(bpy.types.Operator):
    """Put the settings of this model into the panel: prompt or picture, model, parameters and seed. Sends nothing"""

    bl_idname = "trellis.use_model_settings"
    bl_label = "Use These Settings"
    bl_options = {'INTERNAL', 'UNDO'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = regenerate.active(context)
        if found is None:
            self.report({'ERROR'}, regenerate.why_not(context))
            return {'CANCELLED'}
        made, settings = found[1], settings_of(context.scene)
        pictures = list(map(str, regenerate.pictures_of(made))) if made.is_from_picture else []
        numbers = {**dict(made.parameters), "seed": made.seed}
        try:
            left = settings.take_up(made.model, made.prompt, pictures, numbers)
        except InputUnusable as reason:
            self.report({'ERROR'}, formats.plain(str(reason)))
            return {'CANCELLED'}
        for said in left:
            self.report({'WARNING'}, said)
        if made.is_from_picture and not pictures:
            settings.source = 'IMAGE'
            self.report({'WARNING'}, regenerate.why_no_picture(made))
        return {'FINISHED'}


class TRELLIS_OT_show_source(bpy.types.Operator):
    """Show the picture that this model was made from, and its cut-out where one came with the model"""

    bl_idname = "trellis.show_source"
    bl_label = "Show Source Image"
    bl_options = {'INTERNAL'}

    icon = cutout_icon = 0
    picture_name = made_from = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        found = regenerate.active(context)
        if found is None or not found[1].is_from_picture:
            cls.poll_message_set(
                "It was made from a prompt" if found is not None else "Select a model that was generated"
            )
            return False
        if reason := regenerate.why_no_picture(found[1]):
            cls.poll_message_set(reason.removesuffix("."))
        return not reason

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ...generation.files import FOLDER_PREFIX, cutout_in

        found = regenerate.active(context)
        paths = regenerate.pictures_of(found[1]) if found is not None else []
        if found is None or not paths:
            return {'CANCELLED'}
        path = paths[0]
        preview.look_now(str(path))
        self.icon, self.picture_name = preview.look(str(path)).icon, found[1].picture
        cutout = cutout_in(path.parent)
        if cutout is not None:
            preview.look_now(str(cutout))
            self.cutout_icon = preview.look(str(cutout)).icon
            self.made_from = path.parent.name.removeprefix(FOLDER_PREFIX)
        width = PICTURE_WIDTH_PX * (2 if self.cutout_icon else 1)
        return context.window_manager.invoke_popup(self, width=width)

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = regenerate.active(context)
        paths = regenerate.pictures_of(found[1]) if found is not None else []
        self.report({'INFO'}, f"The picture is {', '.join(map(str, paths))}.")
        return {'FINISHED'}

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        row = layout.row()
        column = row.column()
        column.label(text=formats.plain(self.picture_name), translate=False)
        column.template_icon(icon_value=self.icon, scale=PICTURE_SCALE)
        if self.cutout_icon:
            column = row.column()
            column.label(text="Cut-out")
            column.template_icon(icon_value=self.cutout_icon, scale=PICTURE_SCALE)
            column.operator("trellis.use_cutout").generation = self.made_from


class TRELLIS_PT_this_model(TrellisPanel, bpy.types.Panel):
    """What made the active object, and once more the same or another of its kind"""

    bl_label = "This Model"
    bl_order = 2
    bl_options = {'DEFAULT_CLOSED'}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return regenerate.active(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        found = regenerate.active(context)
        if found is None:
            return
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        item, made = found
        show_textures.draw_once(layout, item)
        _draw_source(layout, context, made)
        _draw_facts(layout, made)
        _draw_buttons(layout, context, made)
        _draw_details(layout, made)


def _draw_source(layout: Any, context: bpy.types.Context, made: "Made") -> None:
    if made.prompt:
        draw_text(layout, context, f"“{made.prompt}”")
    if not made.is_from_picture:
        return
    if missing := regenerate.why_no_picture(made):
        draw_text(layout, context, missing, 'INFO')
    else:
        layout.operator(
            "trellis.show_source", text=formats.plain(made.picture) or "Show Source Image", icon='IMAGE_DATA'
        )


def _draw_facts(layout: Any, made: "Made") -> None:
    column = layout.column(align=True)
    draw_fact(column, "Model", rows.label_of(made.model), BESIDE_A_WORD)
    draw_fact(column, "Seed", str(made.seed or "unknown"), BESIDE_A_WORD)
    draw_fact(column, "Price", price(made.cost_usd), BESIDE_A_WORD)
    draw_fact(column, "Made", _local_time(made.made_at), BESIDE_A_WORD)


def _draw_buttons(layout: Any, context: bpy.types.Context, made: "Made") -> None:
    cost = f" · {price(models()[made.model].price_usd)}" if made.model in models() else ""
    row = layout.row()
    row.use_property_split = False
    row.prop(settings_of(context.scene), "renewal", expand=True)
    column = layout.column(align=True)
    column.operator("trellis.generate_again", text=f"Generate Again{cost}")
    if made.model not in models() or models()[made.model].takes_seed:
        column.operator("trellis.vary_seed", text=f"Vary the Seed{cost}")
    if (reason := regenerate.why_not(context)) and reason != regenerate.why_no_picture(made):  # that stands above
        draw_text(layout, context, reason, 'INFO')
    layout.operator("trellis.use_model_settings")


def _draw_details(layout: Any, made: "Made") -> None:
    body = draw_section(layout, "trellis_made_by", "Details", "")
    if body is None:
        return
    column = body.column(align=True)
    for name, value in made.parameters:
        draw_fact(column, label_of_parameter(name), formats.number(value), IN_SIDEBAR)
    draw_fact(column, "Task", made.task_id or "none", IN_SIDEBAR)
    draw_fact(column, "Add-on", made.addon_version, IN_SIDEBAR)


def _local_time(at: str) -> str:
    try:
        return formats.date(datetime.fromisoformat(at).timestamp(), versions.date_pattern())
    except (ValueError, OverflowError, OSError):
        return "unknown"
