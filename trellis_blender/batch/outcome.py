# SPDX-License-Identifier: GPL-3.0-or-later
"""How a batch has ended, for who called it, and what a generation's failure means for the others."""

from enum import Enum, IntEnum

from ..generation.providers import wording_of
from ..generation.record.generation import Generation
from ..generation.states import State
from ..generation.worker.reconcile import NOT_THERE
from ..piapi.errors import (
    CertificateRefused,
    KeyRefused,
    LoginPage,
    NoConnection,
    OutOfCredits,
    PiapiError,
    ProxyAway,
    ProxyRefused,
    TooManyRequests,
)

_AWAY = (
    NoConnection,
    ProxyAway,
    ProxyRefused,
    LoginPage,
    CertificateRefused,
    TooManyRequests,
)
_ACCOUNT = (KeyRefused, OutOfCredits)


class Code(IntEnum):
    """The exit codes."""

    ALL_THERE = 0
    SOME_FAILED = 1
    INPUT_REFUSED = 2
    BUDGET_REACHED = 3
    KEY_OR_ACCOUNT = 4


class Meaning(Enum):
    """What to do about a generation that rests and is not ready."""

    FINAL = "final"
    SEND_AGAIN = "send again"
    RESUME = "resume"
    AWAY = "away"
    ACCOUNT = "account"


def meaning_of(generation: Generation) -> Meaning:
    """What its failure means. Only what has surely cost nothing is to be sent again."""
    if _says(generation, _ACCOUNT):
        return Meaning.ACCOUNT
    match generation.state:
        case State.QUEUED:
            return Meaning.SEND_AGAIN
        case State.FAILED if not generation.task_id and _says(generation, _AWAY):
            return Meaning.AWAY
        case State.FAILED | State.CANCELLED:
            return Meaning.FINAL
        case State.OUTCOME_UNKNOWN if _begin(generation, NOT_THERE) in generation.problem:
            return Meaning.SEND_AGAIN
        case _:
            return Meaning.RESUME


def cost_usd(generation: Generation) -> float:
    """What it counts against a budget: its price, unless it is known to have cost something else."""
    if generation.charged_usd is not None:
        return generation.charged_usd
    has_cost_nothing = generation.state in {State.FAILED, State.CANCELLED} and not generation.task_id
    return 0.0 if has_cost_nothing else generation.request.price_usd


def _says(generation: Generation, kinds: tuple[type[PiapiError], ...]) -> bool:
    return any(_begin(generation, kind.happened) in generation.problem for kind in kinds)


def _begin(generation: Generation, sentence: str) -> str:
    """A sentence up to where something is filled in that is not known here."""
    return wording_of(generation.request.model).fill(sentence).partition("{detail}")[0]
