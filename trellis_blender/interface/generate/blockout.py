# SPDX-License-Identifier: GPL-3.0-or-later
"""From a block-out to a scene: a model for each selected object, that fits it. Nothing is spent before the dialog that
says the price of all of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.providers import provider_of
from ...generation.record import costs
from ...piapi.models import TEXT, InputUnusable
from ...scene.versions import RELATIVE_PATH
from ..input_image import decode_many
from ..monitor import arrival, monitor
from ..state import background, blend_file, configuration, session
from ..state.settings import model_of, settings_of, why_no_model
from ..text import rows
from ..text.layouts import TrellisPanel, draw_text
from . import submission
from .drag_and_drop import SUFFIXES
from .spending_operator import SpendingDialog

if TYPE_CHECKING:
    from ...generation.record.request import GenerationRequest
    from ...scene.blockout.survey import LeftOut, Wish

_Key = tuple[str, str | None]
"""An object's name and its library's path: what stays true while a dialog is open."""

DIALOG_WIDTH_PX = 400
ASKED_SHOWN = 10
SAID_SHOWN = 6


class TRELLIS_OT_generate_for_selection(SpendingDialog):
    """Make a model for each selected object after its name, and fit it in there. Shows the price of all first"""

    bl_idname = "trellis.generate_for_selection"
    bl_label = "Generate for Selection"
    dialog_title = "Generate for Selection"
    dialog_width_px = DIALOG_WIDTH_PX

    keys: Sequence[_Key] = ()

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.selected_objects:
            cls.poll_message_set("Select the objects that should become models")
        return bool(context.selected_objects)

    def prepare(self, context: bpy.types.Context) -> None:
        self.keys = _keys(context)
        # What a box waits for already may be known to the store alone.
        session.current().others.look_around()
        monitor.watch()

    def draw(self, context: bpy.types.Context) -> None:
        _draw_dialog(self.layout, context, self.keys)

    def spend(self, context: bpy.types.Context) -> set[str]:
        if bpy.app.background:
            session.current().wait_until_loaded()
        else:
            session.current().load()
        wishes, _ = _survey(context, self.keys)
        paths = [blend_file.path_of(wish.image) for wish in wishes if wish.image]
        return decode_many.read(self, context, paths, partial(_submit, keys=self.keys))


class TRELLIS_OT_pictures_for_boxes(bpy.types.Operator):
    """Choose a folder; each selected object gets the picture that is called as it is, to be made from that"""

    bl_idname = "trellis.pictures_for_boxes"
    bl_label = "Pictures by Name"
    bl_options = {'INTERNAL', 'UNDO'}

    directory: bpy.props.StringProperty(subtype='DIR_PATH', options={'SKIP_SAVE', 'HIDDEN'})
    filter_image: bpy.props.BoolProperty(default=True, options={'SKIP_SAVE', 'HIDDEN'})
    filter_folder: bpy.props.BoolProperty(default=True, options={'SKIP_SAVE', 'HIDDEN'})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.selected_objects)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {'RUNNING_MODAL'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene import object_names
        from ...scene.blockout import swap

        folder = Path(bpy.path.abspath(self.directory))
        try:
            files = {_plain(path.stem): path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES}
        except OSError:
            self.report({'ERROR'}, f"There is no folder “{folder}”.")
            return {'CANCELLED'}
        boxes: list[Any] = [item for item in context.selected_objects if item.type == 'MESH' and item.library is None]
        without: list[str] = []
        for box in boxes:
            name = swap.name_of(box)
            path = files.get(_plain(name)) or files.get(_plain(object_names.prompt_in(name)))
            if path is None:
                without.append(box.name)
            else:
                box.trellis_image = str(path)
        said = f"{len(boxes) - len(without)} of {len(boxes)} objects have a picture from this folder now."
        self.report({'INFO'}, f"{said} There is none for {_listed(without)}." if without else said)
        return {'FINISHED'}


class TRELLIS_OT_show_boxes(bpy.types.Operator):
    """Show the boxes in the place of their models, or the models again: of the selection, else all. Deletes nothing"""

    bl_idname = "trellis.show_boxes"
    bl_label = "Show Boxes"
    bl_options = {'INTERNAL', 'UNDO'}

    boxes: bpy.props.BoolProperty(default=True, options={'SKIP_SAVE'})

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.blockout import swap

        if not swap.show(swap.pairs_of(context.selected_objects), boxes=self.boxes):
            self.report({'INFO'}, "There is no box with a model in it.")
            return {'CANCELLED'}
        return {'FINISHED'}


class TRELLIS_PT_blockout(TrellisPanel, bpy.types.Panel):
    """A model for each selected object, that fits it"""

    bl_label = "Block-out"
    bl_order = 3
    bl_options = {'DEFAULT_CLOSED'}

    def draw(self, context: bpy.types.Context) -> None:
        from ...scene import custom_properties

        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        count = len(context.selected_objects)
        row = layout.row()
        row.scale_y = 1.5
        said = f"Generate for {count} Selected…" if count else "Generate for Selection…"
        row.operator("trellis.generate_for_selection", text=said)
        if not count:
            draw_text(layout, context, "Select the objects that should become models. Their names are the prompts.")
        item = context.active_object
        if item is not None and item.type == 'MESH' and item.select_get() and custom_properties.ID_PROPERTY not in item:
            column = layout.column(align=True)
            column.label(text=item.name, translate=False)
            column.prop(item, "trellis_prompt", text="Prompt", placeholder=_said_by(item))
            column.prop(item, "trellis_image", text="Picture")
        layout.operator("trellis.pictures_for_boxes", text="Pictures by Name…")
        layout.prop(settings_of(context.scene), "fit", expand=True)
        row = layout.row(align=True)
        row.operator("trellis.show_boxes").boxes = True
        row.operator("trellis.show_boxes", text="Show Models").boxes = False


def register() -> None:
    """Gives every object a prompt and a picture of its own."""
    owner: Any = bpy.types.Object
    owner.trellis_prompt = bpy.props.StringProperty(
        name="Prompt", description="What to make in this object's place. Empty for the object's name"
    )
    background.at_end(delattr, owner, "trellis_prompt")
    owner.trellis_image = bpy.props.StringProperty(
        name="Picture",
        description="The picture that the model in this object's place is made from",
        subtype='FILE_PATH',
        options=RELATIVE_PATH,
    )
    background.at_end(delattr, owner, "trellis_image")


def _keys(context: bpy.types.Context) -> list[_Key]:
    return [(item.name, item.library.filepath if item.library else None) for item in context.selected_objects]


def _survey(context: bpy.types.Context, keys: Sequence[_Key]) -> "tuple[list[Wish], list[LeftOut]]":
    from ...scene.blockout import survey

    known: Any = bpy.data.objects
    items = [item for key in keys if (item := known.get(key)) is not None]
    model = model_of(settings_of(context.scene))
    # The offline preview takes text only to say that it cannot read.
    needs_picture = TEXT not in model.task_types or provider_of(model.id).is_local
    return survey.survey(items, session.current().may_come, needs_picture=needs_picture)


def _submit(operator: Any, context: bpy.types.Context, keys: Sequence[_Key]) -> set[str]:
    wishes, left_out = _survey(context, keys)
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
        operator.report({'ERROR'}, rows.plain(problem))
        return {'CANCELLED'}
    return done


def _compose(context: bpy.types.Context, wish: "Wish") -> "GenerationRequest":
    from ...scene import units
    from ...scene.blockout import fit
    from ...scene.placement import placeholder

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


def _draw_dialog(layout: Any, context: bpy.types.Context, keys: Sequence[_Key]) -> None:
    settings = settings_of(context.scene)
    model = model_of(settings)
    wishes, left_out = _survey(context, keys)
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
    row = layout.row()
    row.alignment = 'CENTER'
    row.label(text=costs.button_text(len(wishes), model) if wishes else "There is nothing to generate")
    if costs.asks_first(total_usd, configuration.ask_above_usd()):
        draw_text(
            layout, context, f"That is above {costs.dollars(configuration.ask_above_usd())}.", 'INFO', DIALOG_WIDTH_PX
        )
    if reason := why_no_model(settings) or configuration.why_not_ready(model.id):
        draw_text(layout, context, reason, 'INFO', DIALOG_WIDTH_PX)


def _draw_asked(column: Any, items: "Sequence[bpy.types.Object]") -> None:
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
        column.label(text=f"and {_listed([item.name for item in items[ASKED_SHOWN:]])}")


def _draw_left_out(layout: Any, context: bpy.types.Context, said: Sequence[str]) -> None:
    for sentence in said[:SAID_SHOWN]:
        draw_text(layout, context, sentence, 'INFO', DIALOG_WIDTH_PX)
    if len(said) > SAID_SHOWN:
        layout.label(text=f"{len(said) - SAID_SHOWN} more are left out.")


def _said_by(item: bpy.types.Object) -> str:
    from ...scene import object_names
    from ...scene.blockout import swap

    return object_names.prompt_in(swap.name_of(item)) or "What should it be?"


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:SAID_SHOWN])
    return f"{shown} and {len(names) - SAID_SHOWN} more" if len(names) > SAID_SHOWN else shown
