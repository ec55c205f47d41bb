# SPDX-License-Identifier: GPL-3.0-or-later
"""The background removed by PiAPI, where the colours at the border are not enough. It costs, so it asks first.

It is a task like a model's, in the same list and under the same promises. When its picture has come, it becomes the
panel's image, as that of any other remedy.
"""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...generation.record import costs
from ...generation.states import State
from ...piapi.models import InputUnusable
from ...piapi.picture_models import TOOLKIT
from ..input_image import check, cleanup, decode_cache, preview
from ..input_image.file import changed_at_ns
from ..input_image.image_field import ImageField, field_of
from ..state import background, blend_file, configuration, session
from ..state.settings import TRELLIS_PG_settings, settings_of
from ..text import rows
from ..viewport import redraw
from . import buttons, submission
from .readiness import NO_IMAGE

if TYPE_CHECKING:
    from ...generation.record.generation import Generation
    from ...generation.record.request import GenerationRequest

COME_LOOK_S = 0.3


class _Memory:
    awaited: dict[str, str] = {}  # generations' ids by the image that they are for


class TRELLIS_OT_remove_background(buttons.GenerateButton):
    """Have PiAPI remove the background. PiAPI tells the price when it is done. Your file stays as it is"""

    bl_idname = "trellis.remove_background"
    bl_label = "Remove the Background with PiAPI"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        image = settings_of(context.scene).image
        reason = configuration.why_not_ready() or ("" if image else NO_IMAGE)
        return reason or ("PiAPI is working on it." if _awaited(image) is not None else "")

    def wanted(self, context: bpy.types.Context) -> "Sequence[GenerationRequest]":
        from ...generation.record.picture_request import background_request
        from ...scene.arrival import place

        path = blend_file.path_of(settings_of(context.scene).image)
        changed_ns = changed_at_ns(path)
        picture = decode_cache.decode(path, changed_ns, context.scene)
        placement = place.here(context, 0.0, session.current().file.blend_load)
        return [background_request(picture, submission.name_of(path), str(path), changed_ns, placement)]

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        picture = self.requests[0].picture
        size = f"size, {picture.width} × {picture.height} pixels," if picture is not None else "size"
        return context.window_manager.invoke_confirm(
            self,
            event,
            title="Have PiAPI remove the background?",
            message=f"PiAPI charges by the picture's {size} and tells the price when it is done.{_last_charge()}",
            confirm_text=f"Remove It · {costs.KNOWN_LATER}",
        )

    def submit(self, context: bpy.types.Context, requests: "Sequence[GenerationRequest]") -> None:
        image = settings_of(context.scene).image
        (generation_id,) = submission.submit(requests)
        _Memory.awaited[image] = generation_id
        hear = partial(_use_when_ready, field_of(context.scene), generation_id)
        if bpy.app.background:
            found = session.current().wait_for(generation_id)
            hear()
            if found.state is not State.READY:
                raise InputUnusable(found.problem)
        else:
            background.later(hear, COME_LOOK_S)


def draw(layout: bpy.types.UILayout, settings: TRELLIS_PG_settings) -> None:
    """The button, where there is still a background; PiAPI's progress, where it was pressed."""
    generation = _awaited(settings.image)
    if generation is not None:
        layout.label(text=rows.plain(f"PiAPI: {rows.advance(generation, time.time())}"), icon='TIME')
        return
    known = preview.look(settings.image)
    findings = check.look(known.path, known.changed_ns)
    if any(finding.remedy is not None and finding.remedy.name == 'REMOVE_BACKGROUND' for finding in findings):
        layout.operator("trellis.remove_background", text=f"Have PiAPI Remove It · {costs.KNOWN_LATER}")


def _last_charge() -> str:
    from ...generation.record.history import last_charge_usd

    charge_usd = last_charge_usd(session.current().generations.values(), TOOLKIT)
    return f" The last one cost {costs.dollars(charge_usd)}." if charge_usd is not None else ""


def _awaited(image: str) -> "Generation | None":
    return session.current().generations.get(_Memory.awaited.get(image, ""))


def result_of(generation: "Generation") -> Path | None:
    """The picture without its background; None where it is no longer on the disk."""
    from ...generation.files import pictures_in

    return next(iter(pictures_in(session.current().queue.folder / generation.folder_name)), None)


def _use_when_ready(field: ImageField, generation_id: str) -> float | None:
    """Takes the picture over; where another one was chosen or another file opened meanwhile it waits in the list."""
    if _Memory.awaited.get(field.image) != generation_id:
        return None
    generation = session.current().generations.get(generation_id)
    if generation is not None and generation.is_working:
        return COME_LOOK_S
    del _Memory.awaited[field.image]
    scene = field.scene
    if generation is not None and scene is not None and generation.state is State.READY and generation.wanted:
        path = result_of(generation)
        if path is not None and field.is_as_it_was:
            cleanup.take_over(scene, str(path))
    redraw.sidebars()
    return None
