# SPDX-License-Identifier: GPL-3.0-or-later
"""The generations of this Blender as the main thread knows them: filled from the queue's changes, read by the panel.

The queue and with it the lower rooms are loaded when they are first needed, so that enabling the add-on costs nothing.
"""

import sys
import time
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import bpy

from ...generation.providers import provider_of
from ...generation.states import State
from ...piapi.models import InputUnusable
from ...piapi.timings import USUAL_TIMINGS
from . import configuration, logs

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Concatenate

    from ...generation.lookups.questions import Answer, Topic
    from ...generation.queue import Queue
    from ...generation.record.generation import Generation
    from ...piapi.service import Service
    from .offline_process import OfflineProcess

STOP_TIMEOUT_S = 2.0
WAIT_STEP_S = 0.02


class Session:
    """One for each registration of the add-on. For the main thread only."""

    def __init__(self) -> None:
        from .blend_file import OpenFile
        from .other_blenders import OtherBlenders

        self._queue: Queue | None = None
        self._offline: OfflineProcess | None = None
        self.timings = USUAL_TIMINGS  # for other waits, set it before the queue is made
        self.file = OpenFile()
        self.others = OtherBlenders(self)
        self.waits_for = ""  # what keeps a ready model from arriving, as the end of "It arrives when …"
        self.abandoned: set[str] = set()  # ids of those whose placeholders are to go
        self.is_loaded = False  # asked for, see `knows_all`
        self.knows_all = False  # what earlier sessions left has been taken over
        self.answers: dict[Topic, Answer] = {}  # the latest to each question, see `ask`
        self.answered_at: dict[Topic, float] = {}  # when that came, Unix seconds
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
            self.apply_preferences()
        return self._queue

    def apply_preferences(self) -> None:
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
        self._wait(lambda: self.knows_all)

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

    def is_refused_views(self, model_id: str) -> bool:
        """Whether the account was refused several pictures for one model, as far as that has been read."""
        if self._queue is None:
            return False
        try:
            return self._queue.refused_views.is_refused(self.service_for(model_id))
        except configuration.NotReady:
            return False

    def allow_views(self, model_id: str) -> None:
        """Forgets that the account was refused them. Raises configuration.NotReady."""
        self.queue.allow_views(self.service_for(model_id))

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
        answers = self._queue.lookups.answers() if self._queue is not None else []
        for answer in answers:
            self._hear(answer)
        self.knows_all |= has_told_all
        return bool(changes or answers)

    def ask(self, topic: "Topic", task_id: str = "", *, blend_file: str = "", path: str = "", url: str = "") -> None:
        """Has something found out; it is in `answers` some time later. Raises configuration.NotReady."""
        from ...generation.lookups.questions import WITHOUT_A_KEY, Question

        service = configuration.service() if topic in WITHOUT_A_KEY else configuration.ready_service()
        self.asked.add(topic)
        self.queue.lookups.ask(Question(topic, task_id, blend_file, path, url), service)

    def wait_for_answer(self, topic: "Topic") -> "Answer":
        """Blocks until what was asked is answered. For scripts."""
        self._wait(lambda: topic in self.answers)
        return self.answers[topic]

    def its_service(self, generation: "Generation") -> "Service":
        """The service that has the generation's task: another one would know nothing of it. Raises NotReady."""
        service = self.service_for(generation.request.model)
        if service.api_url.rstrip("/") != generation.api_url.rstrip("/"):
            raise configuration.NotReady(
                f"This task is at {generation.api_url}, and the preferences name {service.api_url}. Change that first."
            )
        return service

    def newest_first(self) -> "list[Generation]":
        """All generations, by when they were submitted."""
        return sorted(self.generations.values(), key=lambda generation: generation.created_at, reverse=True)

    def paused(self) -> "list[Generation]":
        """What was in the queue, not submitted, when its Blender ended."""
        return [found for found in self.generations.values() if found.parked and found.state is State.QUEUED]

    def model_of(self, generation_id: str) -> bpy.types.Object | None:
        """The object in the open file that a generation made."""
        generation = self.generations.get(generation_id)
        return self.file.object_of(generation) if generation is not None else None

    def price_since_usd(self, since: float) -> float:
        """What everything costs that was generated after a time, Unix seconds."""
        return sum(each.request.price_usd for each in self.generations.values() if each.created_at > since)

    def _hear(self, answer: "Answer") -> None:
        from ...generation.lookups.questions import Topic

        topic = answer.question.topic
        if topic is Topic.SPENT and topic not in self.asked:
            return  # a charge became known meanwhile, see `_note_cost`
        self.asked.discard(topic)
        if topic is Topic.TASK and not answer.problem:
            from . import made_elsewhere

            try:
                made_elsewhere.fetch(self, answer.tasks[0])
            except (configuration.NotReady, InputUnusable) as error:
                answer = answer._replace(problem=str(error))
        self.answers[topic] = answer
        self.answered_at[topic] = time.time()

    def _note_cost(self, generation: "Generation") -> None:
        """What was found out about spending is out of date once a task or its charge is new."""
        before = self.generations.get(generation.id)
        if before is None or (before.task_id, before.charged_usd) != (generation.task_id, generation.charged_usd):
            self.note_spending()

    def note_spending(self) -> None:
        """Something was paid for: the sums are to be asked for again."""
        from ...generation.lookups.questions import Topic

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
        self._wait(lambda: not self.generations[generation_id].is_working)
        return self.generations[generation_id]

    def _wait(self, is_there: "Callable[[], bool]") -> None:
        self.drain()
        while not is_there():
            time.sleep(WAIT_STEP_S)
            self.drain()

    def close(self) -> None:
        """Stops the threads; what was saved last is where the next session goes on."""
        if self._offline is not None:
            self._offline.stop()
        if self._queue is not None:
            self._queue.close(STOP_TIMEOUT_S)


class _Current:
    session: Session | None = None


Asked = ParamSpec("Asked")
Found = TypeVar("Found")


def per_revision(find: "Callable[Concatenate[Session, Asked], Found]") -> "Callable[Asked, Found]":
    """Has `find` compute again only where a generation has changed or something else is asked: draw functions ask many
    times a second, and there may be thousands of generations."""
    known: dict[object, Found] = {}

    def found(*asked: Asked.args, **named: Asked.kwargs) -> Found:
        key = (current(), current().revision, *asked)
        if key not in known:
            known.clear()
            known[key] = find(current(), *asked, **named)
        return known[key]

    return found


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
