# SPDX-License-Identifier: GPL-3.0-or-later
"""What PiAPI gives beside a model: the turntable, a film of it, and the cut-out, its picture without the background."""

import subprocess
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...generation.lookups.questions import Topic
from ...generation.states import State
from ...piapi.models import GIVES_EXTRAS, InputUnusable
from ..input_image import cleanup
from ..monitor import monitor
from ..state import background, session
from ..state.settings import settings_of
from ..text import formats
from ..viewport import redraw
from .row_buttons import RowOperator

COME_LOOK_S = 0.3
POPUP_WIDTH_PX = 400
LOOK_AGAIN_S = 5.0
"""A film comes some time after its model."""
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)

if TYPE_CHECKING:
    from ...generation.record.generation import Generation


def folder_of(generation: "Generation") -> Path:
    """Where its files are."""
    return session.current().queue.folder / generation.folder_name


def has_video(generation: "Generation") -> bool:
    """Looks at the disk."""
    from ...generation.files import VIDEO_NAME

    return (folder_of(generation) / VIDEO_NAME).is_file()


def may_have_video(generation: "Generation") -> bool:
    """Whether PiAPI may have a film of it that is not here."""
    is_done = generation.state in {State.READY, State.PLACED}
    return is_done and bool(generation.task_id) and generation.request.model in GIVES_EXTRAS


class _Memory:
    looked: dict[str, tuple[bool, float]] = {}  # whether a generation's film is here, and when that was looked for
    awaited = ""  # the generation whose film is on its way


def plays(generation: "Generation") -> bool:
    """Whether its film is known to be here. Never touches the disk: a timer does."""
    is_here, looked_at = _Memory.looked.get(generation.id, (False, 0.0))
    if not is_here and may_have_video(generation) and time.monotonic() - looked_at > LOOK_AGAIN_S:
        _Memory.looked[generation.id] = False, time.monotonic()
        background.later(partial(_look, generation.id))
    return is_here


def _look(generation_id: str) -> None:
    generation = session.current().generations.get(generation_id)
    if generation is not None and has_video(generation):
        _Memory.looked[generation_id] = True, time.monotonic()
        redraw.sidebars()


class TRELLIS_OT_watch(RowOperator):
    """Play the film of the model turning, its colours beside its normals, in Blender's player. Esc closes it. One that
    is not here is fetched first, at no cost"""

    bl_idname = "trellis.watch"
    bl_label = "Watch the Turntable"

    def act(self, found: session.Session, generation: "Generation") -> None:
        from ...generation.files import VIDEO_NAME

        if has_video(generation):
            _play(folder_of(generation) / VIDEO_NAME)
            return
        if not may_have_video(generation):
            raise InputUnusable("No turntable came with this model.")
        if _Memory.awaited:
            raise InputUnusable("The turntable is being fetched.")
        found.its_service(generation)
        found.answers.pop(Topic.EXTRAS, None)
        found.ask(Topic.EXTRAS, generation.task_id, path=str(folder_of(generation)))
        if bpy.app.background:
            if problem := found.wait_for_answer(Topic.EXTRAS).problem:
                raise InputUnusable(problem)
            return
        _Memory.awaited = generation.id
        monitor.watch()
        background.later(_play_when_fetched, COME_LOOK_S)


def _play_when_fetched() -> float | None:
    found = session.current()
    answer = found.answers.get(Topic.EXTRAS)
    if answer is None:
        found.drain()
        return COME_LOOK_S
    generation_id, _Memory.awaited = _Memory.awaited, ""
    problem = answer.problem
    if answer.path and not problem:
        _look(generation_id)
        try:
            _play(Path(answer.path))
        except InputUnusable as why:
            problem = str(why)
    if problem:
        bpy.context.window_manager.popup_menu(
            lambda menu, _: _draw_problem(menu.layout, problem), title="Watch the Turntable", icon='INFO'
        )
    return None


def _draw_problem(layout: bpy.types.UILayout, problem: str) -> None:
    for line in formats.wrap(problem, POPUP_WIDTH_PX, 1.0):
        layout.label(text=line)


def _play(path: Path) -> None:
    try:
        # It ends by itself, and with its own window.
        subprocess.Popen([bpy.app.binary_path, "-a", str(path)], creationflags=_NO_WINDOW)  # noqa: S603 (this very Blender)
    except OSError as error:
        raise InputUnusable(
            f"Blender's player could not be started ({error.strerror or error}). The film is {path}."
        ) from None


class TRELLIS_OT_use_cutout(RowOperator):
    """Take the picture without its background, as it was cut out for this model, as the next image. Costs nothing"""

    bl_idname = "trellis.use_cutout"
    bl_label = "Use the Cut-out"

    def act(self, found: session.Session, generation: "Generation") -> None:
        from ...generation.files import INPUT_NAME, cutout_in

        folder, scene = folder_of(generation), bpy.context.scene
        path = cutout_in(folder)
        if path is None:
            raise InputUnusable("No cut-out came with this model.")
        settings = settings_of(scene)
        settings.source = 'IMAGE'
        settings.use_pictures([generation.request.picture_path or str(folder / INPUT_NAME)])
        settings.image_before = settings.image
        cleanup.take_over(scene, str(path))
