# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture from an address on the web, as the panel's image: fetched by a thread, kept as a file of the add-on's."""

from functools import partial
from pathlib import Path
from typing import Any

import bpy

from ...generation.lookups.questions import Topic
from ..input_image.file import changed_at_ns
from ..input_image.image_field import ImageField, field_of
from ..monitor import monitor
from ..state import background, configuration, session
from ..state.settings import settings_of
from ..text.layouts import draw_text
from ..viewport import redraw

DIALOG_WIDTH_PX = 460
COME_LOOK_S = 0.2


OTHER_CHOSEN = "The picture from the web has come, but another one was chosen meanwhile."


class _Memory:
    problem = ""
    field: ImageField | None = None  # for which a picture was asked for last
    is_awaited = False


class TRELLIS_OT_take_from_web(bpy.types.Operator):
    """Fetch a picture from an address on the web, as the input. Costs nothing"""

    bl_idname = "trellis.take_from_web"
    bl_label = "Picture from the Web"
    bl_options = {'INTERNAL'}

    url: bpy.props.StringProperty(
        name="Address",
        description="Address of the picture itself, not of the page that shows it",
        options={'SKIP_SAVE'},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if _Memory.is_awaited:
            cls.poll_message_set("A picture is being fetched")
        return not _Memory.is_awaited

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.url:
            return self.execute(context)
        return context.window_manager.invoke_props_dialog(self, width=DIALOG_WIDTH_PX, confirm_text="Fetch")

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.activate_init = True
        layout.prop(self, "url", text="", placeholder="https://…/chair.jpg")

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..state.entered import why_no_address

        url = self.url.strip()
        reason = configuration.why_offline(url) if url else "There is no address. Copy that of a picture."
        reason = why_no_address(url, configuration.secrets(), "the picture", may_have_token=True) or reason
        if reason:
            self.report({'ERROR'}, reason)
            return {'CANCELLED'}
        found = session.current()
        found.answers.pop(Topic.PICTURE, None)
        found.ask(Topic.PICTURE, url=url)
        _Memory.problem, _Memory.is_awaited = "", True
        _Memory.field = field_of(context.scene)
        hear = partial(_use_when_fetched, _Memory.field)
        if not bpy.app.background:
            monitor.watch()
            redraw.sidebars()
            background.later(hear, COME_LOOK_S)
            return {'FINISHED'}
        found.wait_for_answer(Topic.PICTURE)
        hear()
        if _Memory.problem:
            self.report({'ERROR'}, _Memory.problem)
            return {'CANCELLED'}
        return {'FINISHED'}


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The state of the picture that was asked for last, until it is there or another one is chosen."""
    if _Memory.field is None or _Memory.field.scene_uid != context.scene.session_uid:
        return
    if _Memory.is_awaited:
        layout.label(text="Fetching the picture …", icon='URL')
    elif not _Memory.field.is_as_it_was:
        _Memory.problem, _Memory.field = "", None
    elif _Memory.problem:
        draw_text(layout, context, _Memory.problem, 'ERROR')


def _use_when_fetched(field: ImageField) -> float | None:
    """Takes the picture over, unless another one was chosen or another file opened meanwhile."""
    if not _Memory.is_awaited or _Memory.field is not field:
        return None
    answer = session.current().answers.get(Topic.PICTURE)
    if answer is None:
        return COME_LOOK_S
    _Memory.is_awaited, _Memory.problem = False, answer.problem
    scene = field.scene
    if scene is not None and not answer.problem:
        if field.is_as_it_was:
            _take_over(scene, Path(answer.path))
        else:
            _Memory.problem, _Memory.field = OTHER_CHOSEN, field_of(scene)
    redraw.sidebars()
    return None


def _take_over(scene: bpy.types.Scene, path: Path) -> None:
    from ...scene import windows
    from ...scene.images.load import PictureUnusable
    from ..input_image import decode_cache

    try:
        # It will be decoded for the check in a moment, and is done only once.
        decode_cache.decode(path, changed_at_ns(path), scene)
    except PictureUnusable as problem:
        _Memory.problem = str(problem)
        return
    settings = settings_of(scene)
    settings.image, settings.source = str(path), 'IMAGE'
    windows.push_undo(scene, "Picture from the Web")
