# SPDX-License-Identifier: GPL-3.0-or-later
"""How a batch has ended, for who called it, and what a generation's failure means for the others."""

from enum import Enum, IntEnum

from ..generation.record.generation import NOT_ACCEPTED, Generation
from ..generation.states import State
from ..piapi.errors import (
    CertificateRefused,
    KeyRefused,
    LoginPage,
    NoConnection,
    OutOfCredits,
    ProxyAway,
    ProxyRefused,
    TooManyRequests,
)

_AWAY = frozenset(
    kind.__name__ for kind in (NoConnection, ProxyAway, ProxyRefused, LoginPage, CertificateRefused, TooManyRequests)
)
_ACCOUNT = frozenset(kind.__name__ for kind in (KeyRefused, OutOfCredits))


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
    """What its failure means. Only what has surely cost nothing is to be sent again, whatever its sentences say."""
    if generation.cause in _ACCOUNT:
        return Meaning.ACCOUNT
    match generation.state:
        case State.QUEUED:
            return Meaning.SEND_AGAIN
        case State.FAILED if not generation.task_id and generation.cause in _AWAY:
            return Meaning.AWAY
        case State.FAILED | State.CANCELLED:
            return Meaning.FINAL
        case State.OUTCOME_UNKNOWN if generation.cause == NOT_ACCEPTED:
            return Meaning.SEND_AGAIN
        case _:
            return Meaning.RESUME


def was_sent(generation: Generation) -> bool:
    """Whether anything of it may have gone out."""
    return bool(generation.task_id or generation.submitted_at)


def cost_usd(generation: Generation) -> float:
    """What it counts against a budget: its price, unless it is known to have cost something else."""
    if generation.charged_usd is not None:
        return generation.charged_usd
    has_failed = generation.state in {State.FAILED, State.CANCELLED} and not generation.task_id
    is_unsent = generation.state is State.QUEUED and generation.parked
    return 0.0 if has_failed or is_unsent else generation.request.price_usd
