# SPDX-License-Identifier: GPL-3.0-or-later
"""The generations of this Blender as the main thread knows them: filled from the queue's changes, read by the panel.

The queue and with it the lower rooms are loaded when they are first needed, so that enabling the add-on costs nothing.
"""

import logging
import os
import sys
import time
from typing import TYPE_CHECKING

import bpy

from ..piapi.models import OFFLINE_PREVIEW
from . import access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..generation.queue import Queue
    from ..generation.record import Generation
    from ..generation.request import GenerationRequest, Placement
    from ..piapi.service import Service
    from .offline_process import OfflineProcess

LOG = logging.getLogger(__name__)

STOP_TIMEOUT_S = 2.0
WAIT_STEP_S = 0.02

_PROCESS = os.urandom(16).hex()


class Session:
    """One for each registration of the add-on. For the main thread only."""

    def __init__(self) -> None:
        self._queue: Queue | None = None
        self._offline: OfflineProcess | None = None
        self._loads = 0
        self._missing: set[str] = set()
        self._names: dict[str, str] = {}
        self.waits_for = ""  # what keeps a ready model from arriving, as the end of "It arrives when …"
        self.abandoned: set[str] = set()  # ids of those whose placeholders shall go
        self.is_loaded = False
        self.generations: dict[str, Generation] = {}
        self.lively: dict[str, Generation] = {}  # those of them that something may still happen to by itself

    @property
    def queue(self) -> "Queue":
        """The queue, made when it is first asked for."""
        if self._queue is None:
            from ..generation.queue import Queue

            self._queue = Queue(access.data_folder())
        return self._queue

    @property
    def blend_load(self) -> str:
        """Names the file that is open now among all that were ever open."""
        return f"{_PROCESS}-{self._loads}"

    @property
    def is_busy(self) -> bool:
        """True while the queue may have something to tell."""
        return self._queue is not None and self._queue.is_busy

    @property
    def has_placeholders(self) -> bool:
        """True where a generation has, or had, a placeholder somewhere."""
        return any(generation.request.placement.has_placeholder for generation in self.generations.values())

    def load(self) -> None:
        """Asks for the generations of earlier sessions; once."""
        if not self.is_loaded:
            self.is_loaded = True
            self.queue.load()

    def submit(self, request: "GenerationRequest") -> "Generation":
        """Hands a request to the queue. Raises access.NotReady before anything is taken."""
        service = self.service_for(request.model)
        self.load()
        generation = self.queue.submit(request, service)
        self.drain()
        return generation

    def submit_in_place(self, requests: "Sequence[GenerationRequest]") -> "list[Generation]":
        """As `submit`, each with a placeholder where its model will stand: one undo step for all of them."""
        from dataclasses import replace

        from ..scene import placing, views

        taken: list[Generation] = []
        scene = None
        try:
            for request in requests:
                placement = replace(request.placement, has_placeholder=True)
                taken.append(self.submit(replace(request, placement=placement)))
                scene = placing.stand_in(request.name, taken[-1].id, placement)
        finally:
            if scene is not None:
                views.push_undo(scene, f"Placeholder “{taken[0].request.name}”")
        return taken

    def service_for(self, model_id: str) -> "Service":
        """Where tasks for a model go; raises access.NotReady where they cannot go there now."""
        if model_id == OFFLINE_PREVIEW.id:
            return self.offline.service()
        return access.ready_service()

    @property
    def offline(self) -> "OfflineProcess":
        """The offline preview; nothing is started by looking at it."""
        if self._offline is None:
            from .offline_process import OfflineProcess

            self._offline = OfflineProcess((sys.executable, *bpy.app.python_args))
        return self._offline

    def drain(self) -> bool:
        """Takes over what the queue has to tell; True where there was anything. Never waits."""
        changes = self._queue.changes() if self._queue is not None else []
        for generation in changes:
            self._take_over(generation)
            if generation.interrupted and not bpy.app.background:
                self._go_on(generation)
        return bool(changes)

    def its_service(self, generation: "Generation") -> "Service":
        """The service that has the generation's task: another one would know nothing of it. Raises access.NotReady."""
        service = self.service_for(generation.request.model)
        if service.api_url.rstrip("/") != generation.api_url.rstrip("/"):
            raise access.NotReady(
                f"This task is at {generation.api_url}, and the preferences name {service.api_url}. Change that first."
            )
        return service

    def paused(self) -> "list[Generation]":
        """What was in the queue, not submitted, when its Blender ended."""
        return [found for found in self.generations.values() if found.parked and found.state.value == "queued"]

    def look_elsewhere(self) -> bool:
        """Looks what has become of the generations that other Blenders work on; False where there are none."""
        elsewhere = [generation for generation in self.generations.values() if generation.elsewhere]
        for generation in elsewhere:
            self.queue.look_at(generation.id)
        return bool(elsewhere)

    def _go_on(self, generation: "Generation") -> None:
        """Takes up what an earlier Blender left, where that costs nothing. What was not submitted stays paused."""
        if generation.state.value == "queued" or generation.request.model == OFFLINE_PREVIEW.id:
            return
        try:
            self.queue.resume(generation, self.its_service(generation))
        except access.NotReady as reason:
            LOG.info("generation %s stays interrupted: %s", generation.id, reason)

    def _take_over(self, generation: "Generation") -> None:
        before = self.generations.get(generation.id)
        if generation.state.value == "cancelled" and before is not None and before.state is not generation.state:
            self.abandoned.add(generation.id)
        self.generations[generation.id] = generation
        if generation.is_working or generation.state.value == "ready":
            self.lively[generation.id] = generation
        else:
            self.lively.pop(generation.id, None)

    def wait_for(self, generation_id: str) -> "Generation":
        """Blocks until nobody works on the generation any more. For scripts; in a window Blender stands still."""
        while True:
            self.drain()
            generation = self.generations[generation_id]
            if not generation.is_working:
                return generation
            time.sleep(WAIT_STEP_S)

    def place(self, generation: "Generation") -> "Generation":
        """Puts a generation's model into the scene, and tells the queue. Never raises: the outcome is in the result.

        Does nothing where the model is in the scene already.
        """
        from dataclasses import replace

        from ..generation.download import MODEL_NAME
        from ..generation.problems import ModelUnusable
        from ..generation.states import State
        from ..scene import placeholder, placing
        from ..scene.staging import ImportFailed

        glb = self.queue.folder / generation.folder_name / MODEL_NAME
        request = generation.request
        if generation.state is State.PLACED and placing.find_object(generation.id, generation.object_name):
            return generation
        try:
            if not glb.is_file():
                raise ModelUnusable(f"its file {glb} is gone")
            stand_in = placeholder.find(generation.id)
            placement = self._placement(generation, stand_in)
            placed = placing.place(glb, request.name, generation.id, placement, stand_in)
        except (ImportFailed, ModelUnusable) as error:
            changed = replace(generation, problem=str(error), parked=True)
        except Exception as error:
            LOG.exception("placing of generation %s", generation.id)
            problem = f"The model could not be placed ({type(error).__name__}: {error}). Its file is kept."
            changed = replace(generation, problem=problem, parked=True)
        else:
            changed = replace(
                generation,
                request=replace(request, placement=placement),
                state=State.PLACED,
                object_name=placed.object_name,
                where=placed.where,
                problem="",
                parked=False,
                wanted=True,
            )
        self._missing.discard(generation.id)
        self._take_over(changed)
        self.queue.keep(changed)
        return changed

    def belongs_here(self, generation: "Generation") -> bool:
        """True where the .blend that is open is the one the generation was made for: the one with its placeholder.

        Where it never had one, or the model has replaced it, the file is known by its path or by not having been left.
        """
        placement = generation.request.placement
        if placement.has_placeholder and self._placeholder(generation) is not None:
            return True
        is_replaced = generation.state.value == "placed"
        return self._is_its_file(placement) and (is_replaced or not placement.has_placeholder)

    def arrives_here(self, generation: "Generation") -> bool:
        """True for a model that goes into the open file by itself as soon as the artist's hands are free."""
        is_ready = generation.state.value == "ready" and generation.wanted and not generation.parked
        return is_ready and self.belongs_here(generation)

    def misses_placeholder(self, generation: "Generation") -> bool:
        """True where the file is the right one, but the artist deleted the placeholder or undid it."""
        placement = generation.request.placement
        if not placement.has_placeholder or not self._is_its_file(placement):
            return False
        return self._placeholder(generation) is None

    def _placeholder(self, generation: "Generation") -> bpy.types.Object | None:
        from ..scene import placeholder

        return placeholder.find(generation.id)

    def _is_its_file(self, placement: "Placement") -> bool:
        if placement.blend_load == self.blend_load:
            return True
        return bool(placement.blend_file) and placement.blend_file == bpy.data.filepath

    def remove_abandoned(self) -> None:
        """Removes the placeholders of what was cancelled: one undo step, none where there was nothing to remove."""
        from ..scene import placeholder, views

        abandoned, self.abandoned = self.abandoned, set()
        removed = [scene for number in abandoned if (scene := placeholder.remove(number)) is not None]
        if removed:
            views.push_undo(removed[0], "Remove Placeholder")

    def is_in_scene(self, generation: "Generation") -> bool:
        """True where a placed generation's object is still there. Cheap enough for a draw function."""
        from ..scene import placing

        if generation.id in self._missing:
            return False
        found = placing.find_object(generation.id, self._names.get(generation.id, generation.object_name))
        if found is None:
            self._missing.add(generation.id)
            return False
        self._names[generation.id] = found.name
        return True

    def look_again(self) -> None:
        """After undo and redo: objects that were gone may be back."""
        from ..scene import placeholder

        placeholder.forget()
        self._missing.clear()

    def another_file(self) -> None:
        """After File > Open and File > New."""
        self._loads += 1
        self.look_again()
        self._names.clear()

    def close(self) -> None:
        """Stops the threads; what was saved last is where the next session goes on."""
        if self._offline is not None:
            self._offline.stop()
        if self._queue is not None:
            self._queue.close(STOP_TIMEOUT_S)

    def _placement(self, generation: "Generation", stand_in: bpy.types.Object | None) -> "Placement":
        """Where it goes now; where it is from now on, so that it can be placed there again."""
        from dataclasses import replace

        from ..scene import placeholder, placing

        placement = generation.request.placement
        if stand_in is not None:
            spot = placeholder.spot(stand_in)
            return replace(placement, location=spot, blend_load=self.blend_load, blend_file=bpy.data.filepath)
        if self.belongs_here(generation):
            return placement
        return placing.here(bpy.context, placement.longest_side_m, self.blend_load)


class _Current:
    session: Session | None = None


def current() -> Session:
    """The session, made when it is first asked for."""
    if _Current.session is None:
        _Current.session = Session()
    return _Current.session


def end() -> None:
    """Ends the session, if there was one."""
    session, _Current.session = _Current.session, None
    if session is not None:
        session.close()
