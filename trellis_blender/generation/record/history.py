# SPDX-License-Identifier: GPL-3.0-or-later
"""What was asked for before: prompts to take up again, and generations that need not be paid for twice."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ...piapi.input_checks import check_parameters
from ...piapi.models import BEGINNING, TEXT, Model
from ..file_names import path_key
from ..states import UNFINISHED, State
from .generation import Generation

PROMPTS_KEPT = 20

_THERE = UNFINISHED | {State.READY, State.PLACED}


class Sameness(NamedTuple):
    """What the result depends on, but for the seed. Two of these are equal where the same would be made again."""

    model: str
    prompt: str
    picture_path: str
    picture_changed_ns: int
    views: tuple[tuple[str, int], ...]
    parameters: frozenset[tuple[str, float]]


def sameness(
    model: Model,
    prompt: str,
    picture_path: str,
    picture_changed_ns: int,
    parameters: Mapping[str, float],
    *,
    views: Iterable[tuple[str, int]] = (),
) -> Sameness:
    """Of what was entered; `views` are the paths of the pictures after the first, and when they were last changed.
    Raises InputUnusable where it breaks a limit."""
    taken = {parameter.name for parameter in model.parameters}
    numbers = check_parameters(model, {name: value for name, value in parameters.items() if name in taken})
    return Sameness(
        model.id,
        "" if picture_path else " ".join(prompt.strip()[:BEGINNING].split()),
        path_key(picture_path),
        picture_changed_ns,
        tuple((path_key(path), changed_ns) for path, changed_ns in views),
        frozenset((name, value) for name, value in numbers.items() if name != "seed"),
    )


def already_made(generations: Iterable[Generation], wanted: Sameness, seeds: Iterable[int]) -> list[Generation] | None:
    """For each of the seeds the newest generation that is there or on its way; None where one of them is missing."""
    found: dict[int, Generation] = {}
    for generation in generations:
        if generation.state not in _THERE or not _is_same(generation, wanted):
            continue
        other = found.get(generation.request.seed)
        if other is None or other.created_at < generation.created_at:
            found[generation.request.seed] = generation
    listed = [found.get(seed) for seed in seeds]
    return [generation for generation in listed if generation is not None] if all(listed) else None


def last_charge_usd(generations: Iterable[Generation], model_id: str) -> float | None:
    """What the newest task of a model was charged, None where none is known: PiAPI names no such price beforehand."""
    charged = [each for each in generations if each.request.model == model_id and each.charged_usd]
    newest = max(charged, key=lambda generation: generation.created_at, default=None)
    return newest.charged_usd if newest is not None else None


def earlier_prompts(generations: Iterable[Generation]) -> list[str]:
    """The prompts of generations from text, the newest first, each once, at most 20."""
    newest = sorted(generations, key=lambda generation: generation.created_at, reverse=True)
    prompts = (generation.request.prompt for generation in newest if generation.request.task_type == TEXT)
    return list(dict.fromkeys(prompts))[:PROMPTS_KEPT]


def _is_same(generation: Generation, wanted: Sameness) -> bool:
    request = generation.request
    if request.model != wanted.model:
        return False
    if request.task_type == TEXT:
        if wanted.picture_path or request.prompt != wanted.prompt:
            return False
    elif not wanted.picture_path or (path_key(request.picture_path), request.picture_changed_ns) != wanted[2:4]:
        return False
    if tuple((path_key(view.path), view.changed_ns) for view in request.views) != wanted.views:
        return False
    return frozenset(pair for pair in request.parameters if pair[0] != "seed") == wanted.parameters
