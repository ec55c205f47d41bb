# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch at work: rows go to the queue a few at a time, and what has come is taken in, one model in each turn.

`Runner.turn` never waits for the service. Who calls it again and again is a command without a window, or a timer in
one. What is paid for is in the queue's store, where each generation says by its `press` which row it is of; so a batch
that was ended at any moment goes on from there.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..generation.files import MODEL_NAME
from ..generation.problems import GenerationProblem, mistake
from ..generation.providers import provider_of
from ..generation.record.costs import NOTHING_SENT
from ..generation.record.generation import Generation
from ..generation.states import State
from ..piapi.models import InputUnusable
from ..scene.images.limits import PictureUnusable
from .budget import Budget
from .folder import SENT, BatchFolder
from .outcome import Code, Meaning, cost_usd, meaning_of, was_sent
from .plan import Plan
from .row import as_read, stems_of
from .row_progress import RowProgress, Stage, key_of, left_of, press_of
from .row_results import Change, RowResults
from .sent_generations import Outage, SentGenerations, Waiting, pause_s, tries_max
from .starting_state import Wishes, choose, gather, read_ledgers
from .studio import NotTakenIn, Studio

if TYPE_CHECKING:
    from ..generation.queue import Queue

LOAD_STEP_S = 0.01
SAVED_AGAIN = "How it is finished or saved was edited. It is saved again at no cost."


class Runner:
    """One batch. `tell` gets every change; `now` counts seconds."""

    def __init__(
        self,
        plan: Plan,
        folder: BatchFolder,
        queue: "Queue",
        studio: Studio,
        budget: Budget,
        *,
        wishes: Wishes | None = None,
        at_once: int = 8,
        tell: Callable[[Change], object] = lambda _: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.plan, self.folder, self.queue, self.studio, self.budget = plan, folder, queue, studio, budget
        self.wishes = wishes or Wishes()
        self.at_once, self.now = at_once, now
        self.rows: list[RowProgress] = []
        self.is_stopping = self.is_budget_reached = False
        self.account_problem = ""
        self._of_key: dict[str, RowProgress] = {}
        self._sent = SentGenerations()
        self._results = RowResults(folder, self.wishes.formats, self._sent, tell)
        self._to_take: list[str] = []
        self._later: list[Waiting] = []
        self._outage = Outage()
        self._next = 0

    def begin(self) -> None:
        """Finds out what is there already. Waits for the store. Raises GenerationProblem, FolderRefused."""
        self.queue.allow(self.at_once)
        self.queue.load()
        while not self.queue.has_loaded:
            time.sleep(LOAD_STEP_S)
        if self.queue.load_problem is not None:
            # What has been sent is not known, and would be paid for twice.
            raise self.queue.load_problem
        self.rows = [RowProgress(row) for row in self.plan.own]
        self._of_key = {each.row.key: each for each in self.rows if not each.row.problem}
        found = self.queue.changes()
        stored, known = gather(found, self._of_key, self._sent), {each.id for each in found}
        self.budget.elsewhere_usd = read_ledgers(self.rows, self.folder, known)
        for each in self.rows:
            if (chosen := choose(each, self.wishes, self.folder.path)) is not None:
                self._results.end(each, *chosen)
            elif each.was_another and not each.generations:
                self._results.tell(Change(each, Stage.WAITING, "It was edited, so it is made again."))
        for generation in stored:
            self._take_up(generation)

    @property
    def spent_usd(self) -> float:
        """What all costs that this machine has sent, or will send again; its price where the charge is not known."""
        later = () if self._sends_no_more else self._later
        again = {each.generation.id for each in later if each.meaning is not Meaning.RESUME}
        known = map(self._sent.__getitem__, again)
        return self._sent.cost_usd + sum(each.request.price_usd - cost_usd(each) for each in known)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        is_all_begun = self._next >= len(self.rows) or self._sends_no_more
        is_waiting = bool(self._later) and not self._sends_no_more
        return is_all_begun and not (self._to_take or is_waiting or self._sent.working)

    @property
    def code(self) -> Code:
        """What it has come to."""
        if self.account_problem:
            return Code.KEY_OR_ACCOUNT
        if self.is_budget_reached:
            return Code.BUDGET_REACHED
        return Code.ALL_THERE if all(each.stage is Stage.DONE for each in self.rows) else Code.SOME_FAILED

    def turn(self) -> bool:
        """Does what there is to do, one model at most. False once nothing is left."""
        for generation in self.queue.changes():
            if key_of(generation) in self._of_key:
                self._hear(generation)
        self._try_again()
        self._send_more()
        if self._to_take:
            self._take_in(self._to_take.pop(0))
        return not self.is_over

    def stop(self) -> None:
        """Sends nothing more. What is at the service is waited for."""
        self.is_stopping = True
        self.queue.pause()

    @property
    def _sends_no_more(self) -> bool:
        return self.is_stopping or bool(self.account_problem)

    def _take_up(self, generation: Generation) -> None:
        """One that an earlier start has left. What kept it from being sent then may be gone now."""
        progress = self._of_key[key_of(generation)]
        if progress.is_over or generation.id not in progress.generations:
            return
        meaning = meaning_of(generation)
        if generation.is_working or generation.state in {State.READY, State.PLACED} or generation.elsewhere:
            self._hear(generation)
        elif generation.state is State.FAILED and (meaning is not Meaning.FINAL or not was_sent(generation)):
            self._later.append(Waiting(0.0, generation, Meaning.SEND_AGAIN))
        elif meaning in {Meaning.ACCOUNT, Meaning.RESUME}:
            self._later.append(Waiting(0.0, generation, Meaning.RESUME))
        else:
            self._rested(progress, generation)

    # What comes from the queue.

    def _hear(self, generation: Generation) -> None:
        progress = self._of_key[key_of(generation)]
        before = self._sent.get(generation.id)
        self._sent.keep(generation)
        if progress.is_over or not progress.has(generation):
            return
        progress.generations[generation.id] = generation
        if generation.state in {State.READY, State.PLACED}:
            self._outage.is_there()
            if generation.id not in progress.made and generation.id not in self._to_take:
                self._to_take.append(generation.id)
        elif not generation.is_working:
            self._rested(progress, generation)
        elif before is None or before.state is not generation.state:
            self._results.move(progress, Stage.MAKING if generation.task_id else Stage.SENDING)

    def _rested(self, progress: RowProgress, generation: Generation) -> None:
        meaning = meaning_of(generation)
        if generation.elsewhere:
            self._results.lose(progress, generation, "Another process works on it.")
        elif meaning is Meaning.ACCOUNT:
            if not self.account_problem:
                self.account_problem = generation.problem
                self.queue.pause()
            self._results.lose(progress, generation)
        elif meaning is Meaning.FINAL:
            self._results.lose(progress, generation)
        elif generation.interrupted or meaning is Meaning.SEND_AGAIN:
            self._later.append(Waiting(0.0, generation, meaning))
        elif meaning is Meaning.AWAY and self._outage.is_away(self.now()):
            self._results.move(progress, Stage.HELD, generation.problem)
            self._later.append(Waiting(self._outage.until, generation, Meaning.SEND_AGAIN))
        elif meaning is Meaning.AWAY or progress.resumes >= tries_max(generation):
            self._results.lose(progress, generation)
        else:
            progress.resumes += 1
            self._results.move(progress, Stage.HELD, generation.problem)
            self._later.append(Waiting(self.now() + pause_s(progress.resumes), generation, Meaning.RESUME))

    def _try_again(self) -> None:
        now = self.now()
        if self._sends_no_more or now < self._outage.until:
            return
        due = [waiting for waiting in self._later if waiting.due <= now]
        for waiting in due:
            self._later.remove(waiting)
            _, generation, meaning = waiting
            each = self._of_key[key_of(generation)]
            price_usd = 0.0 if meaning is Meaning.RESUME else generation.request.price_usd
            spent_usd = self.spent_usd - (cost_usd(generation) if price_usd else 0.0)
            if not self.budget.allows(spent_usd, price_usd):
                self.is_budget_reached = True
                self._results.lose(each, generation, self.budget.told())
                continue
            try:
                service = self.studio.service_for(generation.request.model)
            except Exception as problem:  # noqa: BLE001 (whatever keeps it from being asked is its reason)
                self.account_problem = str(problem)
                self._later.append(waiting)
                return
            # A task that has ended with its service is begun again, which costs nothing there.
            is_there = meaning is Meaning.RESUME and provider_of(generation.request.model).keeps_tasks
            act = self.queue.resume if is_there else self.queue.submit_again
            self._sent.keep(act(generation, service))

    # What goes to the queue.

    def _send_more(self) -> None:
        while (
            self._next < len(self.rows)
            and not self._sends_no_more
            and self.now() >= self._outage.until
            and self._sent.has_room(self.at_once)
        ):
            each = self.rows[self._next]
            self._next += 1
            if each.is_over:
                continue
            if each.look and each.look != each.row.look and each.generations:
                self._results.tell(Change(each, Stage.WAITING, SAVED_AGAIN))
            if self.is_budget_reached and each.row.price_usd:
                self._results.end(each, Stage.LEFT_OUT, self.budget.told())
            else:
                self._send(each)
            self._results.close(each)

    def _send(self, each: RowProgress) -> None:
        """What of a row is not in the store yet: the machine may have died between two variations."""
        missing = each.row.variations - len(each.generations)
        if missing <= 0:
            return
        try:
            requests = left_of(each, self.studio.compose(as_read(each.row)))
        except Exception as error:  # noqa: BLE001 (the other rows go on)
            why = str(error) if isinstance(error, (InputUnusable, PictureUnusable)) else mistake(error)
            self._results.end(each, Stage.FAILED, f"{why} {NOTHING_SENT}")
            return
        try:
            service = self.studio.service_for(each.row.model)
        except Exception as error:  # noqa: BLE001 (as above)
            self.account_problem = str(error)
            self._next -= 1
            return
        price_usd = sum(request.price_usd for request in requests)
        if not self.budget.allows(self.spent_usd, price_usd):
            self.is_budget_reached = True
            self._results.end(each, Stage.LEFT_OUT, self.budget.told())
            return
        taken = len(each.generations)
        for number, request in enumerate(requests, start=taken + 1):
            said = {"number": each.row.number, "attempt": list(each.attempt), "of": number, "usd": request.price_usd}
            try:
                self.folder.write(each.row.key, SENT, said)
            except GenerationProblem as problem:
                self._results.end(each, Stage.FAILED, f"{problem} {NOTHING_SENT}")
                return
            tagged = replace(request, press=press_of(each.row.key, each.attempt))
            generation = self.queue.submit(tagged, service)
            self._sent.keep(generation)
            each.generations[generation.id] = generation
        self._results.move(each, Stage.SENDING)

    def _take_in(self, generation_id: str) -> None:
        generation = self._sent[generation_id]
        each = self._of_key[key_of(generation)]
        stem = stems_of(each.row)[min(list(each.generations).index(generation_id), each.row.variations - 1)]
        try:
            glb = self.queue.folder / generation.folder_name / MODEL_NAME
            made = self.studio.take_in(each.row, stem, generation, glb)
        except NotTakenIn as problem:
            each.lost[generation_id] = f"{problem} The model is kept; start the batch again."
        else:
            each.made[generation_id] = made
        self._results.close(each)


def run(runner: Runner, rest_s: float = 0.02, between: Sequence[Callable[[], object]] = ()) -> Code:
    """Turns until it is over; for who has no window. Calls each of `between` after every turn."""
    while runner.turn():
        for act in between:
            act()
        time.sleep(rest_s)
    if not (runner.is_stopping or runner.account_problem):
        runner.folder.write_end()
    return runner.code
