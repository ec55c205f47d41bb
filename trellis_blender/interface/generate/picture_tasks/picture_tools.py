# SPDX-License-Identifier: GPL-3.0-or-later
"""What PiAPI makes of the panel's picture, where this computer cannot: its background removed, enlarged, or only one
thing of it kept.

Each is a task like a model's, in the same list and under the same promises. When its picture has come, it becomes the
panel's image, as that of any other remedy.
"""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ....generation.record import costs
from ....generation.states import State
from ....piapi.models import BACKGROUND, BACKGROUND_PRICE_USD, SEGMENT, UPSCALE, InputUnusable
from ...input_image import cleanup, preview
from ...input_image.decode_many import Then
from ...input_image.file import changed_at_ns
from ...input_image.image_field import ImageField, field_of
from ...monitor import monitor
from ...state import background, blend_file, configuration, session
from ...state.settings import TRELLIS_PG_settings, settings_of
from ...text import formats, rows
from ...text.layouts import draw_text
from ...viewport import redraw
from .. import buttons, submission
from ..spending_operator import SpendingDialog

if TYPE_CHECKING:
    from ....generation.record.generation import Generation
    from ....generation.record.request import GenerationRequest

COME_LOOK_S = 0.3
FEW_PIXELS = 512
"""On the longer side: enlarged, a picture with fewer has no more than what is sent for a model."""
DIALOG_WIDTH_PX = 340


class _Memory:
    awaited: dict[str, str] = {}  # generations' ids by the image that they are for


class _PictureTool(buttons.GenerateButton):
    """Sends the panel's picture to a tool of PiAPI's."""

    task_type = ""

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        from ..readiness import NO_IMAGE

        image = settings_of(context.scene).image
        reason = configuration.why_not_ready() or ("" if image else NO_IMAGE)
        return reason or ("PiAPI is working on it." if _awaited(image) is not None else "")

    def wanted(self, context: bpy.types.Context) -> "Sequence[GenerationRequest]":
        return [_request(context, self.task_type)]

    def submit(self, context: bpy.types.Context, requests: "Sequence[GenerationRequest]") -> None:
        _submit(context, requests)


class TRELLIS_OT_remove_background(_PictureTool):
    """Have PiAPI remove the background. Costs the price on the button. Your file stays as it is"""

    bl_idname = "trellis.remove_background"
    bl_label = "Remove the Background by PiAPI"
    task_type = BACKGROUND


class TRELLIS_OT_enlarge_image(_PictureTool):
    """Have PiAPI draw the picture with twice as many pixels on each side, and more detail. Costs the price on the
    button. Your file stays as it is"""

    bl_idname = "trellis.enlarge_image"
    bl_label = "Enlarge 2×"
    task_type = UPSCALE


class TRELLIS_OT_keep_subject(SpendingDialog, _PictureTool):
    """Have PiAPI keep one thing of the picture, and remove all else. Asks what to keep, with the price. Your file stays
    as it is"""

    bl_idname = "trellis.keep_subject"
    bl_label = "Keep Only…"
    task_type = SEGMENT
    dialog_title = "Keep Only"
    dialog_width_px = DIALOG_WIDTH_PX

    what: bpy.props.StringProperty(options={'SKIP_SAVE', 'HIDDEN'}, description="What to keep, in a word or two")

    def prepare(self, context: bpy.types.Context) -> None:
        if bpy.app.background or self.what:
            super().prepare(context)  # a dialog is open before anything has been written into it

    def to_do(self) -> Then:
        return partial(_keep_only, what=self.what)

    def draw_question(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.label(text="Name the thing to keep, in a word or two:")
        layout.activate_init = True
        layout.prop(settings_of(context.scene), "thing_to_keep", text="", placeholder="green apple")
        said = "PiAPI charges it where it finds no such thing, too."
        draw_text(layout, context, said, 'INFO', DIALOG_WIDTH_PX)

    def button_text(self, context: bpy.types.Context) -> str:
        return f"Keep It · {_price(settings_of(context.scene), SEGMENT)}"

    def wanted(self, context: bpy.types.Context) -> "Sequence[GenerationRequest]":
        return [_request(context, SEGMENT, self.what)]


def draw(layout: bpy.types.UILayout, settings: TRELLIS_PG_settings) -> None:
    """The buttons that may help this picture; PiAPI's progress, where one was pressed."""
    from ...input_image import check

    generation = _awaited(settings.image)
    if generation is not None:
        layout.label(text=formats.plain(f"PiAPI: {rows.advance(generation, time.time())}"), icon='TIME')
        return
    known = preview.look(settings.image)
    faults = {finding.fault.name for finding in check.look(known.path, known.changed_ns)}
    if 'BACKGROUND' in faults:
        text = f"Remove the Background by PiAPI · {costs.price(BACKGROUND_PRICE_USD)}"
        layout.operator("trellis.remove_background", text=text)
    if faults & {'BACKGROUND', 'SEVERAL'}:
        layout.operator("trellis.keep_subject", text=f"Keep Only · {_price(settings, SEGMENT)}…")
    if 0 < max(check.size_of(known.path, known.changed_ns)) < FEW_PIXELS and 'EMPTY' not in faults:
        layout.operator("trellis.enlarge_image", text=f"Enlarge 2× · {_price(settings, UPSCALE)}")


def result_of(generation: "Generation", scene: bpy.types.Scene) -> Path:
    """The picture that was made. Raises InputUnusable where it is no longer on the disk, shows nothing, or cannot be
    kept."""
    from ....generation.files import pictures_in
    from ....generation.record.picture_request import found_nothing
    from ....scene.images.load import PictureUnusable, load_picture

    folder = session.current().queue.folder / generation.folder_name
    paths = pictures_in(folder)
    if not paths:
        raise InputUnusable("Its picture is no longer on the disk. Press the button below the picture again.")
    if generation.request.task_type != SEGMENT:
        return paths[0]
    from ....generation.files import INPUT_NAME, write_whole
    from ....generation.problems import GenerationProblem
    from ....imaging.cleanup import kept_of
    from ....imaging.png import encode_png

    try:
        sent, *made = (load_picture(path, scene) for path in (folder / INPUT_NAME, *paths))
    except PictureUnusable as problem:
        raise InputUnusable(str(problem)) from None
    kept = kept_of(sent, made)
    if kept is None:
        raise InputUnusable(found_nothing(generation))
    if kept in made:
        return paths[made.index(kept)]
    try:
        write_whole(folder / "kept.png", encode_png(kept))
    except GenerationProblem as problem:
        raise InputUnusable(str(problem)) from None
    return folder / "kept.png"


def _request(context: bpy.types.Context, task_type: str, what: str = "") -> "GenerationRequest":
    from ....generation.record.picture_request import tool_request
    from ....scene.arrival import place
    from ...input_image import decode_cache

    settings = settings_of(context.scene)
    path = blend_file.path_of(settings.image)
    changed_ns = changed_at_ns(path)
    picture = decode_cache.decode(path, changed_ns, context.scene)
    placement = place.here(context, 0.0, session.current().file.blend_load)
    name, file = submission.name_of(path), (str(path), changed_ns)
    return tool_request(task_type, picture, name, file, placement, what=what or settings.thing_to_keep)


def _keep_only(operator: bpy.types.Operator, context: bpy.types.Context, what: str) -> set[str]:
    """As it is named when the dialog's button is pressed."""
    return monitor.press(operator, lambda: _submit(context, [_request(context, SEGMENT, what)]))


def _submit(context: bpy.types.Context, requests: "Sequence[GenerationRequest]") -> None:
    image = settings_of(context.scene).image
    (generation_id,) = submission.submit(requests)
    _Memory.awaited[image] = generation_id
    hear = partial(_use_when_ready, field_of(context.scene), generation_id)
    if not bpy.app.background:
        background.later(hear, COME_LOOK_S)
        return
    session.current().wait_for(generation_id)
    hear()
    found = session.current().generations[generation_id]
    if found.state is not State.READY or found.problem:
        raise InputUnusable(found.problem)


def _price(settings: TRELLIS_PG_settings, task_type: str) -> str:
    from ....generation.record.picture_request import tool_price_usd
    from ...input_image import check

    known = preview.look(settings.image)
    return costs.price(tool_price_usd(task_type, *check.size_of(known.path, known.changed_ns)))


def _awaited(image: str) -> "Generation | None":
    return session.current().generations.get(_Memory.awaited.get(image, ""))


def _use_when_ready(field: ImageField, generation_id: str) -> float | None:
    """Takes the picture over; where another one was chosen or another file opened meanwhile it waits in the list."""
    if _Memory.awaited.get(field.image) != generation_id:
        return None
    found = session.current()
    generation = found.generations.get(generation_id)
    if generation is not None and generation.is_working:
        return COME_LOOK_S
    del _Memory.awaited[field.image]
    scene = field.scene
    if generation is not None and scene is not None and generation.state is State.READY and generation.wanted:
        try:
            path = result_of(generation, scene)
        except InputUnusable as problem:
            _say(field, generation, str(problem))
        else:
            if field.is_as_it_was:
                cleanup.take_over(scene, str(path))
    elif generation is not None and generation.state is State.FAILED:
        cleanup.say(field, generation.problem)
    redraw.sidebars()
    return None


def _say(field: ImageField, generation: "Generation", problem: str) -> None:
    """Below the picture, and in the row."""
    from dataclasses import replace

    cleanup.say(field, problem)
    said = replace(generation, problem=problem)
    session.current().take_over(said)
    session.current().queue.keep(said)
