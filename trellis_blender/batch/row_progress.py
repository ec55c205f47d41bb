# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a row is, and which of the store's generations are its own."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from ..generation.record.generation import Generation
from ..generation.record.request import GenerationRequest
from ..generation.states import State
from .folder import DONE, FAILED, SENT
from .row import Row

_PRESS = re.compile(r"batch-([0-9a-f]{8,64})-(\d{1,6})-(\d{1,6})")
ENDED = frozenset({State.FAILED, State.CANCELLED, State.OUTCOME_UNKNOWN})


class Attempt(NamedTuple):
    """How often a row was made again from the start, and how often what had failed was sent again since."""

    round: int = 0
    retry: int = 0


def press_of(key: str, attempt: Attempt) -> str:
    """What the generations of a row's attempt have in common."""
    return f"batch-{key}-{attempt.round}-{attempt.retry}"


def key_of(generation: Generation) -> str:
    """The key of the row that a generation is of; "" for one of no batch."""
    found = _PRESS.fullmatch(generation.request.press)
    return found[1] if found else ""


def attempt_of(generation: Generation) -> Attempt:
    """Which attempt of its row a generation is of."""
    found = _PRESS.fullmatch(generation.request.press)
    return Attempt(int(found[2]), int(found[3])) if found else Attempt()


class Stage(str, Enum):
    """Where a row stands; the value is what other programs read."""

    WAITING = "waiting"
    SENDING = "sending"
    MAKING = "making"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    LEFT_OUT = "left out"

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done for the row."""
        return self in {Stage.DONE, Stage.FAILED, Stage.REFUSED, Stage.LEFT_OUT}

    @property
    def is_being_made(self) -> bool:
        """Whether it is at the service, or on its way there."""
        return self in {Stage.SENDING, Stage.MAKING}


class Made(NamedTuple):
    """What a model was saved as. `picture` is a file's path for the report, "" for none."""

    files: tuple[Path, ...]
    triangles: int = 0
    picture: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class RowProgress:
    """A row and what has become of it. `made` and `lost` have the ids of its generations; `models` is what its last
    line in the ledger says of each. `shard` is the machine that has begun it, where that was another one.
    """

    row: Row
    stage: Stage = Stage.WAITING
    said: str = ""
    attempt: Attempt = field(default_factory=Attempt)
    generations: dict[str, Generation] = field(default_factory=dict[str, Generation])
    made: dict[str, Made] = field(default_factory=dict[str, Made])
    lost: dict[str, str] = field(default_factory=dict[str, str])
    models: list[Any] = field(default_factory=list[Any])
    usd: float = 0.0
    look: str = ""
    formats: tuple[str, ...] = ()
    shard: str = ""
    is_made: bool = False
    was_another: bool = False
    is_begun_again: bool = False
    is_over: bool = False
    resumes: int = 0

    @property
    def files(self) -> list[str]:
        """What its last line in the ledger says that there is."""
        return [str(name) for model in self.models for name in model.get("files", ())]

    @property
    def is_open(self) -> bool:
        """Whether something of it is still to come."""
        settled = self.made.keys() | self.lost.keys()
        return len(self.generations) < self.row.variations or bool(self.generations.keys() - settled)

    @property
    def has_failed(self) -> bool:
        """Whether something of its last attempt came to nothing, at the service and for good."""
        return any(each.state in ENDED for each in self.generations.values())

    def has(self, generation: Generation) -> bool:
        """Whether a generation counts: of an earlier retry, all that did not fail does."""
        attempt = attempt_of(generation)
        if attempt.round != self.attempt.round:
            return False
        return attempt.retry == self.attempt.retry or generation.state not in ENDED

    def begin_again(self) -> None:
        """All of it is made again; what there is of the last attempt stays."""
        self.attempt = Attempt(self.attempt.round + 1)
        self.generations, self.made, self.lost = {}, {}, {}
        self.is_made = False

    def retry(self) -> None:
        """What has failed is made again."""
        self.attempt = self.attempt._replace(retry=self.attempt.retry + 1)
        self.generations = {number: each for number, each in self.generations.items() if self.has(each)}
        self.made, self.lost, self.is_made = {}, {}, False

    def note(self, kind: str, said: Mapping[str, Any], shard: str, *, is_own: bool) -> None:
        """What a ledger says of it, in its order."""
        self.shard = "" if is_own else shard
        if kind == SENT:
            self.is_made = False
        elif kind in {DONE, FAILED}:
            self.models = [_cleaned(each) for each in _listed(said.get("models")) if isinstance(each, dict)]
            self.is_made = kind == DONE
            self.look = str(said.get("look", ""))
            self.formats = tuple(map(str, _listed(said.get("formats"))))
            self.usd = amount(said.get("usd"))
            self.said = str(said.get("problem") or "")


def left_of(each: RowProgress, requests: list[GenerationRequest]) -> list[GenerationRequest]:
    """The variations that were not sent yet: with fixed seeds those that are missing, else as many as are."""
    sent = {known.request.seed for known in each.generations.values()}
    is_fixed = bool(each.row.parameters.get("seed"))
    left = [request for request in requests if request.seed not in sent] if is_fixed else requests
    return left[: each.row.variations - len(each.generations)]


def ids_of(said: Mapping[str, Any]) -> set[str]:
    """Of what a ledger says of a row, the generations that its models are of."""
    return {str(each["id"]) for each in _listed(said.get("models")) if isinstance(each, dict) and each.get("id")}


def round_of(attempt: object) -> int:
    """Of what a ledger says of an attempt, how often the row was made again from the start."""
    return int(amount(next(iter(_listed(attempt)), 0)))


def amount(said: object) -> float:
    """A number of a ledger, 0 for what is none."""
    if isinstance(said, int | float) and not isinstance(said, bool) and math.isfinite(said):
        return float(said)
    return 0.0


def _listed(said: object) -> list[Any]:
    return said if isinstance(said, list) else []


def _cleaned(model: Mapping[str, Any]) -> dict[str, Any]:
    """What a ledger says of a model, each of its kind, whoever has written it."""
    return {
        "id": str(model.get("id", "")),
        "seed": int(amount(model.get("seed"))),
        "usd": amount(model.get("usd")),
        "took_s": amount(model.get("took_s")),
        "triangles": int(amount(model.get("triangles"))),
        "picture": str(model.get("picture", "")),
        "files": [str(each) for each in _listed(model.get("files"))],
        "notes": [str(each) for each in _listed(model.get("notes"))],
    }
