# SPDX-License-Identifier: GPL-3.0-or-later
"""What the queue's dispatcher reads from the store and writes into it, and which changes it publishes.

The store has the last word: another Blender may have taken a generation further than this one has seen, or removed it.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...imaging.picture import Picture
from ..problems import GenerationProblem
from ..record import costs
from ..record.generation import Generation
from ..states import AT_THE_SERVICE, UNFINISHED, State
from .owners import Owner

if TYPE_CHECKING:
    from .database import Store
    from .owned import Owned

LOG = logging.getLogger(__name__)


class Repository:
    """The generations of one folder, for one thread; `publish` gets every change.

    `is_in_progress` tells by its id whether this Blender works on a generation: then it knows that one better than the
    store.
    """

    def __init__(
        self,
        folder: Path,
        store: "Callable[[], Store]",
        owner: Owner,
        publish: Callable[[Generation], None],
        is_in_progress: Callable[[str], bool],
    ) -> None:
        self._folder = folder
        self._open = store
        self._owner = owner
        self._publish = publish
        self._is_in_progress = is_in_progress
        self._known: set[str] = set()
        self._interrupted: set[tuple[str, str]] = set()
        self.has_loaded = False
        """True once all that `load` found is among the changes, or cannot be read."""
        self.unreadable = 0
        """How many generations `load` found that cannot be read: damaged ones, or of a later version."""
        self.load_problem: GenerationProblem | None = None
        """Why `load` could read none."""

    def load(self) -> None:
        """Tells all generations, and clears away what was never sent."""
        try:
            generations, known = self._open().load_all(), self._open().ids()
        except GenerationProblem as problem:
            # Said to the artist when the first submission meets the same folder.
            self.load_problem, self.has_loaded = problem, True
            return
        for found in generations:
            self._publish_found(found)
        self.unreadable = len(known - {found.generation.id for found in generations})
        self.has_loaded = True
        from ..files import finish_removals, remove_unsent

        finish_removals(self._folder, known)
        remove_unsent(self._folder, known)

    def look_around(self) -> None:
        """Tells those that other Blenders have begun since."""
        with suppress(GenerationProblem):
            for found in self._open().load_taken():
                if found.generation.id not in self._known:
                    self._publish_found(found)

    def look_at(self, generation_id: str) -> None:
        """Tells what has become of one."""
        with suppress(GenerationProblem):
            if (found := self._open().load(generation_id)) is not None:
                self._publish_found(found)

    def has_task(self, task_id: str) -> bool:
        """Whether a generation has this task already; then that one is published."""
        with suppress(GenerationProblem):
            if (found := self._open().with_task(task_id)) is not None:
                self._publish_found(found)
                return True
        return False

    def latest(self, generation: Generation) -> Generation | None:
        """How the store has it; None where another Blender works on it; then that is published."""
        with suppress(GenerationProblem):
            if (found := self._open().load(generation.id, generation)) is not None:
                if self._owner.is_another(found.owner_id):
                    self._publish_found(found)
                    return None
                return found.generation
        return generation

    def take(
        self, generation: Generation, pictures: Sequence[Picture], remember: Callable[[tuple[bytes, ...]], object]
    ) -> Generation | None:
        """Enters it as this Blender's, with its pictures; None where that fails; the reason is published then.

        `remember` gets the pictures as they are sent: their folder may be cleared away at any moment."""
        self._known.add(generation.id)
        try:
            if pictures:
                from ..files import digest_of, keep_pictures

                contents = keep_pictures(pictures, self._folder / generation.folder_name)
                remember(contents)
                generation = replace(generation, picture_sha256=digest_of(contents[:1]))
                if len(contents) > 1:
                    generation = replace(generation, views_sha256=digest_of(contents))
            taken_further = self._open().take(generation, self._owner.id, self._owner.is_alive)
        except Exception as problem:
            if not isinstance(problem, GenerationProblem):
                LOG.exception("generation %s", generation.id)
            self._publish(not_taken(generation, str(problem)))
            return None
        if taken_further is not None:
            self._publish(self._as_found(taken_further))
            return None
        return generation

    def keep(self, generation: Generation) -> None:
        """Writes down and tells what was decided about it."""
        try:
            found = self._open().load(generation.id, generation)
            if found is None and generation.id not in self._open().ids():
                # Another Blender has removed it meanwhile.
                self._publish(replace(generation, removed=True))
                return
            if found is not None and self._owner.is_another(found.owner_id):
                self._publish_found(found)
                return
            self._open().save(generation)
        except GenerationProblem as problem:
            generation = replace(generation, problem=f"{generation.problem} {problem}".strip())
        self._publish(generation)

    def remove(self, generation: Generation) -> None:
        """Deletes it with its files, unless it is more than was seen of it."""
        if self._is_in_progress(generation.id):
            return
        try:
            found = self._open().load(generation.id, generation)
            if found is not None and self._is_beyond(found, generation):
                self._publish_found(found)
                return
            self._take_out(generation)
        except GenerationProblem as problem:
            self._publish(replace(generation, problem=f"It was not removed. {problem}"))
        else:
            self._publish(replace(generation, removed=True))

    def _take_out(self, generation: Generation) -> None:
        """All of it or nothing: what another program holds open is not half deleted."""
        from ..files import clear_away, set_aside

        folder = self._folder / generation.folder_name
        aside = set_aside(folder)
        try:
            self._open().remove(generation.id)
        except GenerationProblem:
            if aside is not None:
                with suppress(OSError):
                    aside.replace(folder)
            raise
        if aside is not None:
            clear_away(aside)

    def _publish_found(self, found: "Owned") -> None:
        self._known.add(found.generation.id)
        if self._is_in_progress(found.generation.id):
            return
        shown = self._as_found(found)
        if shown.interrupted:
            # Once: the session resumes it then.
            if (shown.id, found.owner_id) in self._interrupted:
                shown = replace(shown, interrupted=False)
            self._interrupted.add((shown.id, found.owner_id))
        self._publish(shown)

    def _is_beyond(self, found: "Owned", shown: Generation) -> bool:
        """Whether another Blender has it, or has taken it further than the artist sees."""
        its = found.generation
        return self._owner.is_another(found.owner_id) or (its.task_id, its.state) != (shown.task_id, shown.state)

    def _as_found(self, found: "Owned") -> Generation:
        return as_found(found.generation, found.owner_id, self._owner.is_another)


def as_found(generation: Generation, owner_id: str, is_another: Callable[[str], bool]) -> Generation:
    """A generation as the store has it: nothing goes on by itself, and what another Blender works on says so."""
    if generation.state not in UNFINISHED:
        return generation
    if is_another(owner_id):
        return replace(generation, elsewhere=True)
    return replace(generation, parked=True, interrupted=not generation.parked)


def not_taken(generation: Generation, problem: str) -> Generation:
    """One that could not be started, because its folder cannot be used; the sentence says what it has cost."""
    generation = replace(generation, cause="")
    if generation.state in AT_THE_SERVICE:
        return replace(generation, problem=f"{problem} {costs.paid(generation)}", parked=True)
    if generation.state is State.SUBMITTING:
        return replace(generation, state=State.OUTCOME_UNKNOWN, problem=f"{problem} {costs.unknown(generation)}")
    return replace(generation, state=State.FAILED, problem=f"{problem} {costs.NOTHING_SENT}")
