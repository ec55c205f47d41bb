# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a task of the account is the one that a generation has become, as pure functions.

The seed drawn for each generation tells its task from all others, however the rest is echoed. Concept images have none,
and are as good as any others of the same prompt; a picture whose background is to be removed has to be echoed.
"""

from enum import Enum
from typing import NamedTuple

from ...piapi.models import MODELS, PICTURE_LABELS, SEGMENT
from ...piapi.task_lists import TASK_TYPES, ListedTask
from .echoes import same_number, same_pictures, same_prompt, same_seed
from .generation import Generation

SKEW_S = 120.0
"""The service's own clocks differ from each other by no more."""
CLOCK_OFF_S = 26 * 3600.0
"""A time without a zone, or of a clock that takes another zone's time for its own, is as far off."""
DRAWN_FROM = 1_000_000
"""Artists do not type a seed as large; one drawn is smaller in one of two thousand."""


def _short(name: str) -> str:
    """Without its maker, "trellis" of "Qubico/trellis"."""
    return name.rpartition("/")[2].casefold()


_NAMES = frozenset(map(_short, (*MODELS, *PICTURE_LABELS)))


class Verdict(Enum):
    """What the service's words about a task show."""

    ITS_OWN = "its own"
    ANOTHERS = "another's"
    UNDECIDED = "undecided"


class SentAt(NamedTuple):
    """When a generation was submitted, by the service's clock, in Unix seconds.

    `likely` is the best guess. A task made before `earliest` is surely another's; between the two it may be its own,
    if this computer's clock was put right since.
    """

    likely: float
    earliest: float


class Sent(NamedTuple):
    """What went out: the pictures, () where there were none or where they are gone, and how they were put, () where
    that is not known any more."""

    pictures: tuple[bytes, ...] = ()
    pictures_as: tuple[str, ...] = ()


def judge(generation: Generation, listed: ListedTask, sent: Sent, at: SentAt) -> Verdict:
    """Whose task it is."""
    request, inputs = generation.request, listed.inputs or {}
    made_at = listed.task.created_at
    is_of_another_kind = listed.task_type in TASK_TYPES and listed.task_type != request.task_type
    seed = same_seed(request.seed, inputs.get("seed")) if request.seed else None
    has_drawn = bool(seed) and request.seed >= DRAWN_FROM
    if is_of_another_kind or (made_at is not None and made_at < at.earliest):
        return Verdict.ANOTHERS
    if not _may_be_model(request.model, listed.model, has_drawn=has_drawn):
        # A list may have a word of its own for the model: what was made at that very moment is worth a question.
        is_then = made_at is not None and abs(made_at - at.likely) <= SKEW_S and listed.inputs is None
        return Verdict.UNDECIDED if is_then and _short(listed.model) not in _NAMES else Verdict.ANOTHERS
    if request.sends_picture:
        its_input = same_pictures(sent.pictures, sent.pictures_as, inputs)
    else:
        its_input = same_prompt(request.prompt, inputs.get("prompt"))
    answers = [its_input, *_settings(generation, listed)]
    if request.task_type == SEGMENT:
        answers.append(same_prompt(request.prompt, inputs.get("prompt")))
    if seed is False:
        return Verdict.ANOTHERS
    if seed:
        is_in_time = made_at is None or made_at >= at.likely - SKEW_S
        fits = False not in answers or has_drawn
        return Verdict.ITS_OWN if fits and is_in_time else Verdict.UNDECIDED
    if False in answers:
        return Verdict.ANOTHERS
    return Verdict.ITS_OWN if its_input and not request.seed else Verdict.UNDECIDED


def distance_s(listed: ListedTask, at: SentAt) -> float:
    """How far from the submission a task was made: where several fit, the nearest is the generation's own."""
    made_at = listed.task.created_at
    return abs(made_at - at.likely) if made_at is not None else CLOCK_OFF_S


def sent_at(submitted_at: float, here: float, there: float | None, elapsed_s: float | None) -> SentAt:
    """When it was submitted, by the service's clock.

    `submitted_at` and `here`, which is now, are this computer's times; `there` is now at the service, None where it has
    not said what time it is. `elapsed_s` are the seconds since by a clock that cannot be set, None where Blender was
    started again.
    """
    now = here if there is None else there
    if elapsed_s is not None:
        # That clock stands still while the computer sleeps, the other one may have been set.
        likely = now - max(elapsed_s, here - submitted_at)
        return SentAt(likely, likely - SKEW_S)
    likely = submitted_at + (now - here)
    if likely > now + SKEW_S:
        # The clock has been put back since, it is not known how far.
        return SentAt(now, now - CLOCK_OFF_S)
    return SentAt(likely, min(likely, submitted_at) - SKEW_S)


def _settings(generation: Generation, listed: ListedTask) -> list[bool | None]:
    inputs = listed.inputs or {}
    numbers = generation.request.parameters
    return [same_number(value, inputs.get(name)) for name, value in numbers if name != "seed"]


def _may_be_model(model: str, said: str, *, has_drawn: bool) -> bool:
    """PiAPI leaves the maker's name out here and there, and calls a model otherwise in another place; a word that
    neither has the model's name in it nor is part of it is another model, but for a task that has the seed that was
    drawn."""
    wanted, found = _short(model), _short(said)
    if found in _NAMES:
        return found == wanted
    return has_drawn or not found or wanted in found or found in wanted
