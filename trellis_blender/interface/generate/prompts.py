# SPDX-License-Identifier: GPL-3.0-or-later
"""Prompts: writing a long one where the panel's field has a single line, and taking up an earlier one again."""

from typing import Any

import bpy

from ...piapi.models import PROMPT_LIMIT, PROMPT_USED
from ..state import session
from ..state.settings import settings_of
from ..text import formats
from ..text.layouts import ui_scale

DIALOG_WIDTH_PX = 700
SHOWN_CHARACTERS = 60


class TRELLIS_OT_edit_prompt(bpy.types.Operator):
    """Write the prompt in a wide window"""

    bl_idname = "trellis.edit_prompt"
    bl_label = "Edit Prompt"
    bl_options = {'INTERNAL', 'UNDO'}

    prompt: bpy.props.StringProperty(name="Prompt", options={'SKIP_SAVE'})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.prompt = " ".join(settings_of(context.scene).prompt.split())
        manager = context.window_manager
        return manager.invoke_props_dialog(self, width=DIALOG_WIDTH_PX, title="Prompt", confirm_text="Use This Prompt")

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.activate_init = True
        layout.prop(self, "prompt", text="", placeholder="What the model should be")
        scale = ui_scale(context)
        column = layout.column(align=True)
        column.scale_y = 0.8
        for line in formats.wrap(self.prompt, (DIALOG_WIDTH_PX - 30) * scale, scale):
            column.label(text=line)
        row = layout.row()
        row.alignment = 'RIGHT'
        row.active = False
        count = f"{len(self.prompt):,} of {PROMPT_LIMIT:,} characters"
        is_long = len(self.prompt) > PROMPT_USED
        row.label(text=f"{count}. Only about the first {PROMPT_USED} are used." if is_long else count)

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings_of(context.scene).prompt = self.prompt
        return {'FINISHED'}


class TRELLIS_OT_use_prompt(bpy.types.Operator):
    """Use this prompt again"""

    bl_idname = "trellis.use_prompt"
    bl_label = "Use Prompt"
    bl_options = {'INTERNAL', 'UNDO'}

    prompt: bpy.props.StringProperty(options={'SKIP_SAVE', 'HIDDEN'})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return getattr(properties, "prompt", "")

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings_of(context.scene).prompt = self.prompt
        return {'FINISHED'}


class TRELLIS_MT_prompts(bpy.types.Menu):
    """Use a prompt again that something was made from, the newest first"""

    bl_idname = "TRELLIS_MT_prompts"
    bl_label = "Earlier Prompts"

    def draw(self, context: bpy.types.Context) -> None:
        from ...generation.record.history import earlier_prompts

        layout: Any = self.layout
        prompts = earlier_prompts(session.current().generations.values())
        if not prompts:
            layout.label(text="No prompt has been used yet")
        for prompt in map(formats.plain, prompts):
            layout.operator("trellis.use_prompt", text=shortened(prompt), translate=False).prompt = prompt


def shortened(prompt: str) -> str:
    """As much of it as a menu has room for."""
    return formats.shorten(prompt, SHOWN_CHARACTERS)
