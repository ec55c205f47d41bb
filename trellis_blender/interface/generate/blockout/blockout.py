# SPDX-License-Identifier: GPL-3.0-or-later
"""From a block-out to a scene: a model for each selected object, that fits it. Nothing is spent before the dialog that
says the price of all of them. What the boxes become is in `boxes`, which is loaded when it is first needed.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ....scene.versions import RELATIVE_PATH
from ...monitor import monitor
from ...state import background, session
from ...state.settings import model_of, settings_of
from ...text.layouts import TrellisPanel, draw_text
from ..drag_and_drop import SUFFIXES
from ..spending_operator import SpendingDialog

if TYPE_CHECKING:
    from ...input_image.decode_many import Then

Key = tuple[str, str | None]
"""An object's name and its library's path: what stays true while a dialog is open."""

DIALOG_WIDTH_PX = 400


class TRELLIS_OT_generate_for_selection(SpendingDialog):
    """Make a model for each selected object from its name, and fit it into the object. Shows the price of all first"""

    bl_idname = "trellis.generate_for_selection"
    bl_label = "Generate for Selection"
    dialog_title = "Generate for Selection"
    dialog_width_px = DIALOG_WIDTH_PX

    keys: Sequence[Key] = ()

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

    def to_do(self) -> "Then":
        from .boxes import read_and_submit

        return partial(read_and_submit, keys=self.keys)

    def draw_question(self, context: bpy.types.Context) -> None:
        from .boxes import draw_question

        draw_question(self.layout, context, self.keys)

    def button_text(self, context: bpy.types.Context) -> str:
        from ....generation.record import costs
        from .boxes import survey_of

        wishes, _ = survey_of(context, self.keys)
        return costs.button_text(len(wishes), model_of(settings_of(context.scene))) if wishes else "Generate"


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
        from ....scene import object_names
        from ....scene.blockout import swap
        from .boxes import listed

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
        self.report({'INFO'}, f"{said} There is none for {listed(without)}." if without else said)
        return {'FINISHED'}


class TRELLIS_OT_show_boxes(bpy.types.Operator):
    """Show the boxes in the place of their models, or the models again: of the selection, else all. Deletes nothing"""

    bl_idname = "trellis.show_boxes"
    bl_label = "Show Boxes"
    bl_options = {'INTERNAL', 'UNDO'}

    boxes: bpy.props.BoolProperty(default=True, options={'SKIP_SAVE'})

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ....scene.blockout import swap

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
        from ....scene import custom_properties

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


def _keys(context: bpy.types.Context) -> list[Key]:
    return [(item.name, item.library.filepath if item.library else None) for item in context.selected_objects]


def _said_by(item: bpy.types.Object) -> str:
    from ....scene import object_names
    from ....scene.blockout import swap

    return object_names.prompt_in(swap.name_of(item)) or "What should it be?"


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())
