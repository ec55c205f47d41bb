# SPDX-License-Identifier: GPL-3.0-or-later
"""The generations of this Blender as the main thread knows them: filled from the queue's changes, read by the panel.

The queue and with it the lower rooms are loaded when they are first needed, so that enabling the add-on costs nothing.
"""

import sys
import time
from typing import TYPE_CHECKING

import bpy

from ...generation.providers import provider_of
from ...generation.states import State
from ...piapi.models import InputUnusable
from ...piapi.timings import USUAL_TIMINGS
from . import configuration, logs
from .blend_file import OpenFile
from .other_blenders import OtherBlenders
from .settings import finish_of, longest_side_of, settings_of

if TYPE_CHECKING:
    from ...generation.lookups.questions import Answer, Topic
    from ...generation.queue import Queue
    from ...generation.record.generation import Generation
    from ...piapi.answers import ListedTask
    from ...piapi.service import Service
    from .offline_process import OfflineProcess

STOP_TIMEOUT_S = 2.0
WAIT_STEP_S = 0.02


class Session:
    """One for each registration of the add-on. For the main thread only."""

    def __init__(self) -> None:
        self._queue: Queue | None = None
        self._offline: OfflineProcess | None = None
        self.timings = USUAL_TIMINGS  # for other waits, set it before the queue is made
        self.file = OpenFile()
        self.others = OtherBlenders(self)
        self.waits_for = ""  # what keeps a ready model from arriving, as the end of "It arrives when …"
        self.abandoned: set[str] = set()  # ids of those whose placeholders shall go
        self.is_loaded = False  # asked for, see `knows_all`
        self.knows_all = False  # what earlier sessions left has been taken over
        self.answers: dict[Topic, Answer] = {}  # the latest to each question, see `ask`
        self.asked: set[Topic] = set()
        self.revision = 0  # another number whenever a generation changed
        self.generations: dict[str, Generation] = {}
        self.lively: dict[str, Generation] = {}  # those of them that something may still happen to by itself

    @property
    def queue(self) -> "Queue":
        """The queue, made when it is first asked for."""
        if self._queue is None:
            from ...generation.queue import Queue

            logs.begin()
            self._queue = Queue(configuration.data_folder(), timings=self.timings)
            self.heed_preferences()
        return self._queue

    def heed_preferences(self) -> None:
        """Lets the queue know how many generations are wanted at once, where there is a queue."""
        if self._queue is not None:
            self._queue.allow(configuration.at_once())

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

    def wait_until_loaded(self) -> None:
        """Blocks until the generations of earlier sessions are known. For scripts."""
        self.load()
        while not self.knows_all:
            self.drain()
            time.sleep(WAIT_STEP_S)

    def may_come(self, generation_id: str) -> bool:
        """Whether a model that was asked for may still come: True while the store has not been read."""
        found = self.generations.get(generation_id)
        if found is None:
            return bool(generation_id) and not self.knows_all
        return (
            found.is_working or found.elsewhere or found.parked or found.state in {State.READY, State.OUTCOME_UNKNOWN}
        )

    def service_for(self, model_id: str) -> "Service":
        """Where tasks for a model go; raises configuration.NotReady where they cannot go there now."""
        return provider_of(model_id).service(self)

    def configured_service(self) -> "Service":
        """The one that the preferences name; raises configuration.NotReady where nothing may be sent to it."""
        return configuration.ready_service()

    def offline_service(self) -> "Service":
        """The offline preview's."""
        return self.offline.service()

    @property
    def offline(self) -> "OfflineProcess":
        """The offline preview; nothing is started by looking at it."""
        if self._offline is None:
            from .offline_process import OfflineProcess

            self._offline = OfflineProcess((sys.executable, *bpy.app.python_args))
        return self._offline

    def drain(self) -> bool:
        """Takes over what the queue has to tell; True where there was anything. Never waits."""
        has_told_all = self._queue is not None and self._queue.has_loaded
        changes = self._queue.changes() if self._queue is not None else []
        for generation in changes:
            self.take_over(generation)
            if generation.interrupted and not bpy.app.background:
                self.others.resume(generation)
        answers = self._queue.inquiries.answers() if self._queue is not None else []
        for answer in answers:
            self._hear(answer)
        self.knows_all |= has_told_all
        return bool(changes or answers)

    def ask(self, topic: "Topic", task_id: str = "", *, blend_file: str = "", path: str = "", url: str = "") -> None:
        """Has something found out; it is in `answers` some time later. Raises configuration.NotReady."""
        from ...generation.lookups.questions import WITHOUT_A_KEY, Question

        service = configuration.service() if topic in WITHOUT_A_KEY else configuration.ready_service()
        self.asked.add(topic)
        self.queue.inquiries.ask(Question(topic, task_id, blend_file, path, url), service)

    def wait_for_answer(self, topic: "Topic") -> "Answer":
        """Blocks until what was asked is answered. For scripts."""
        while topic not in self.answers:
            self.drain()
            time.sleep(WAIT_STEP_S)
        return self.answers[topic]

    def fetch(self, listed: "ListedTask") -> "Generation":
        """Takes a task of this account, made elsewhere, into the list; its model is fetched and offered, not placed.

        Raises configuration.NotReady, and InputUnusable for a task that makes no model.
        """
        from dataclasses import replace

        from ...generation.record.account_task import generation_of
        from ...scene.arrival import place

        service = configuration.ready_service()
        settings = settings_of(bpy.context.scene)
        anywhere = place.here(bpy.context, longest_side_of(settings), "", finish=finish_of(settings))
        placement = replace(anywhere, blend_file="")
        generation = generation_of(listed, placement, service.api_url, time.time())
        self.load()
        self.queue.take_up(generation, service)
        return generation

    def its_service(self, generation: "Generation") -> "Service":
        """The service that has the generation's task: another one would know nothing of it. Raises NotReady."""
        service = self.service_for(generation.request.model)
        if service.api_url.rstrip("/") != generation.api_url.rstrip("/"):
            raise configuration.NotReady(
                f"This task is at {generation.api_url}, and the preferences name {service.api_url}. Change that first."
            )
        return service

    def paused(self) -> "list[Generation]":
        """What was in the queue, not submitted, when its Blender ended."""
        return [found for found in self.generations.values() if found.parked and found.state is State.QUEUED]

    def _hear(self, answer: "Answer") -> None:
        from ...generation.lookups.questions import Topic

        topic = answer.question.topic
        if topic is Topic.SPENT and topic not in self.asked:
            return  # a charge became known meanwhile, see `_note_cost`
        self.asked.discard(topic)
        if topic is Topic.TASK and not answer.problem:
            try:
                self.fetch(answer.tasks[0])
            except (configuration.NotReady, InputUnusable) as error:
                answer = answer._replace(problem=str(error))
        self.answers[topic] = answer

    def _note_cost(self, generation: "Generation") -> None:
        """What was found out about spending is out of date once a task or its charge is new."""
        from ...generation.lookups.questions import Topic

        before = self.generations.get(generation.id)
        if before is None or (before.task_id, before.charged_usd) != (generation.task_id, generation.charged_usd):
            self.answers.pop(Topic.SPENT, None)
            self.asked.discard(Topic.SPENT)

    def take_over(self, generation: "Generation") -> None:
        """A generation as it is now, in the place of what was known of it."""
        self.revision += 1
        self._note_cost(generation)
        before = self.generations.get(generation.id)
        has_ended = generation.removed or (
            generation.state is State.CANCELLED and before is not None and before.state is not generation.state
        )
        if has_ended:
            self.abandoned.add(generation.id)
        if generation.removed:
            self.generations.pop(generation.id, None)
            self.lively.pop(generation.id, None)
            return
        self.generations[generation.id] = generation
        may_arrive = generation.state is State.READY and not generation.request.makes_pictures
        if generation.is_working or may_arrive:
            self.lively[generation.id] = generation
        else:
            self.lively.pop(generation.id, None)

    def wait_for(self, generation_id: str) -> "Generation":
        """Blocks until the generation is no longer worked on. For scripts; in a window Blender stands still."""
        while True:
            self.drain()
            generation = self.generations[generation_id]
            if not generation.is_working:
                return generation
            time.sleep(WAIT_STEP_S)

    def close(self) -> None:
        """Stops the threads; what was saved last is where the next session goes on."""
        if self._offline is not None:
            self._offline.stop()
        if self._queue is not None:
            self._queue.close(STOP_TIMEOUT_S)


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
