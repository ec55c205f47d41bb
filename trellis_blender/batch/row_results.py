# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends a row: writes the result into the ledger, and tells who follows the batch."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..generation.problems import GenerationProblem
from ..generation.record.generation import Generation
from .folder import DONE, FAILED, BatchFolder
from .row_progress import RowProgress, Stage
from .sent_generations import SentGenerations
from .starting_state import ledger_line


class Change(NamedTuple):
    """What has happened to a row, for who follows."""

    progress: RowProgress
    stage: Stage
    said: str = ""


class RowResults:
    """Of the rows of one batch. `tell` gets every change; `formats` is what they are saved as."""

    def __init__(
        self, folder: BatchFolder, formats: Sequence[str], sent: SentGenerations, tell: Callable[[Change], object]
    ) -> None:
        self.tell = tell
        self._folder, self._formats, self._sent = folder, formats, sent

    def lose(self, each: RowProgress, generation: Generation, why: str = "") -> None:
        """One of its models does not come."""
        each.lost[generation.id] = why or generation.problem
        self.close(each)

    def close(self, each: RowProgress) -> None:
        """Ends a row once each of its variations is there or lost."""
        if each.is_over or each.is_open:
            return
        problem = " ".join(dict.fromkeys(each.lost.values()))
        said = ledger_line(each, self._formats, self._sent, self._folder, problem)
        try:
            self._folder.write(each.row.key, FAILED if problem else DONE, said)
        except GenerationProblem as error:
            problem = problem or str(error)
        each.models = said["models"]
        each.usd = said["usd"]
        self.end(each, Stage.FAILED if problem else Stage.DONE, problem)

    def end(self, each: RowProgress, stage: Stage, said: str = "") -> None:
        """Ends a row: nothing more is done for it."""
        each.is_over = True
        each.said = said
        self.move(each, stage, said)

    def move(self, each: RowProgress, stage: Stage, said: str = "") -> None:
        """Moves a row to another stage, and tells it."""
        if each.stage is not stage:
            each.stage = stage
            self.tell(Change(each, stage, said))
