# SPDX-License-Identifier: GPL-3.0-or-later
"""A submission whose answer never came is looked for among the account's tasks, and adopted where it is there.

PiAPI has no idempotency key, so to submit again might be to pay again. Which task is its own, `matching` decides.
"""

import time
from collections.abc import Iterable

from ...piapi.errors import PiapiError, Unclear
from ...piapi.task_lists import ListedTask
from ..problems import GenerationProblem
from ..providers import Client, ListsTasks
from ..record import costs
from ..record.generation import NOT_ACCEPTED, Generation
from ..record.matching import CLOCK_OFF_S, Sent, SentAt, Verdict, distance_s, judge, sent_at
from ..states import State
from .account_tasks import Listing, list_history, list_running
from .context import Work

NEVER_CAME = "{Name}'s answer to the submission never came."
NOT_YET = "It is not among the account's tasks so far, and is looked for again while this row is here."
NOT_THERE = (
    "It is not among the account's tasks, so {name} has not accepted it, and charged nothing. "
    "Submit it again if you still want it."
)


def look_for(work: Work, client: Client, error: Unclear | None = None, pictures_as: tuple[str, ...] = ()) -> None:
    """Leaves the generation waiting, with its task; or of unknown outcome, with what the artist has to know.

    `pictures_as` are the texts or the addresses that the pictures went out as, () where that is not known any more.
    """
    work.is_submitting = False
    why = work.wording.fill(error.happened if error else NEVER_CAME)
    if error and error.said:
        why = f"{why} {error.said}"
    if not isinstance(client, ListsTasks):
        work.rest(State.OUTCOME_UNKNOWN, f"{why} {costs.unknown(work.generation)}")
        return
    work.change(stage="Looking for its task", problem=why)
    search = _Search(work, client, pictures_as)
    for wait_s in work.around.timings.look_after_s[: 1 if work.job.is_glance else None]:
        work.pause(wait_s)
        if search.look():
            return
        if search.is_late:
            break
    work.rest(State.OUTCOME_UNKNOWN, f"{why} {search.verdict()}", cause=search.cause())


_since: dict[tuple[str, float], float] = {}
"""When each submission was sent or first looked for, by the monotonic clock."""
_ruled_out: dict[tuple[str, float], set[str]] = {}
"""The tasks that were found to be others', of each submission: where an account makes hundreds, each search goes on
where the last one has ended, else none would come to an end."""


class _Search:
    """Several looks for the task of one generation."""

    def __init__(self, work: Work, client: ListsTasks, pictures_as: tuple[str, ...]) -> None:
        self._work = work
        self._client = client
        self._sent = Sent(_pictures(work), pictures_as)
        self._looked_at: dict[str, ListedTask] = {}
        self._undecided: set[str] = set()
        self._problems: list[PiapiError] = []
        now = time.monotonic()
        submission = (work.generation.id, work.generation.submitted_at)
        self._others = _ruled_out.setdefault(submission, set())
        self._sent_by = _since.setdefault(submission, now - (work.since_submission_s() or 0.0))
        self.is_late = False
        """True once the last look came so late that silence is an answer."""

    def look(self) -> bool:
        """True where it has been found and adopted."""
        work, client = self._work, self._client
        running = list_running(client)
        at = self._sent_at()
        now = client.clock.now() or work.around.now()
        history = list_history(client, at.earliest - CLOCK_OFF_S, max(now, at.likely) + CLOCK_OFF_S)
        self.is_late = time.monotonic() - self._sent_by >= work.around.timings.known_after_s
        self._problems = history.problems
        self._others |= work.around.store.known_tasks()
        self._undecided = set()
        if any(work.adopt(each.task.task_id) for each in self._its_own(running, history, at)):
            return True
        self._undecided -= work.around.store.known_tasks()
        return False

    def verdict(self) -> str:
        """What the artist has to know after the last look."""
        generation = self._work.generation
        if doubt := self._doubt(generation):
            return f"{costs.unknown(generation)} {doubt}"
        return self._work.wording.fill(NOT_THERE) if self.is_late else f"{costs.unknown(generation)} {NOT_YET}"

    def cause(self) -> str:
        """The same as `Generation.cause`."""
        if self._problems:
            return type(self._problems[-1]).__name__
        return NOT_ACCEPTED if self.is_late and not self._doubt(self._work.generation) else ""

    def _its_own(self, running: Listing, history: Listing, at: SentAt) -> Iterable[ListedTask]:
        """The tasks that match, the one made nearest to the submission first.

        Where the lists do not say what a task was made from it is looked at, those first that were made then.
        """
        listed = {each.task.task_id: each for each in (*running.tasks, *history.tasks)}
        for task_id in self._others & listed.keys():
            del listed[task_id]
        asked, asked_max = 0, self._work.around.timings.asked_max
        for task_id, found in sorted(listed.items(), key=lambda item: distance_s(item[1], at)):
            each = self._looked_at.get(task_id, found)
            verdict = judge(self._work.generation, each, self._sent, at)
            if verdict is Verdict.UNDECIDED and task_id not in self._looked_at and asked < asked_max:
                asked += 1
                try:
                    each = self._looked_at[task_id] = self._client.find_task(task_id)
                except PiapiError as error:
                    self._problems.append(error)
                    continue
                verdict = judge(self._work.generation, each, self._sent, at)
            if verdict is Verdict.ITS_OWN:
                yield each
            elif verdict is Verdict.ANOTHERS:
                self._others.add(task_id)
            else:
                self._undecided.add(task_id)

    def _sent_at(self) -> SentAt:
        generation, around = self._work.generation, self._work.around
        submitted_at = generation.submitted_at or generation.created_at
        return sent_at(submitted_at, around.now(), self._client.clock.now(), self._work.since_submission_s())

    def _doubt(self, generation: Generation) -> str:
        """Why it may have a task all the same, as a sentence; "" where nothing speaks for it."""
        if self._problems:
            return f"The account's tasks could not be looked through: {self._problems[-1].sentence(self._work.wording)}"
        if generation.account and generation.account != self._work.job.service.account:
            return "It was submitted with another API key: put that key in and Resume, and it is looked for."
        if self._undecided:
            what = "of which picture it is" if generation.request.sends_picture else "what it was made from"
            return f"One of them may be it, but {self._work.provider.name} does not say {what}."
        return ""


def _pictures(work: Work) -> tuple[bytes, ...]:
    try:
        return work.pictures()
    except GenerationProblem:
        return work.job.pictures
