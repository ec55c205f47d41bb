# SPDX-License-Identifier: GPL-3.0-or-later
"""A generation in the artist's words. Pure functions: no layout, no Blender."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ...generation.providers import OFFLINE_PREVIEW, at_beginning, models, provider_of
from ...generation.record.costs import dollars, price
from ...generation.record.variations import VARIATIONS_LIMIT
from ...generation.states import State
from ...piapi.models import PICTURE_LABELS, PRICE_KNOWN_LATER
from .formats import LAST_SHOWN, clock, date, number, plain, shorten

if TYPE_CHECKING:
    from ...generation.record.generation import Generation

STAGES = {
    State.QUEUED: "In the queue",
    State.SUBMITTING: "Sending",
    State.WAITING: "Waiting",
    State.RUNNING: "Generating",
    State.DOWNLOADING: "Downloading",
    State.READY: "Ready",
    State.PLACED: "In the scene",
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
    State.OUTCOME_UNKNOWN: "Outcome unknown",
}

ICONS = {
    State.PLACED: 'CHECKMARK',
    State.READY: 'IMPORT',
    State.FAILED: 'ERROR',
    State.OUTCOME_UNKNOWN: 'ERROR',
    State.CANCELLED: 'X',
}

NUMBERS_SHOWN = 16
NAME_LENGTH = 80
"""More than a name has."""

ROUGH = "Offline preview: a rough stand-in, not Trellis."
NO_LONGER_HERE = "No longer in the scene"
IN_ANOTHER_FILE = "Placed in another file"
IN_ANOTHER_BLENDER = "In another Blender"


class Line(NamedTuple):
    """What a row of the list says: the stage with its percentage or the time elapsed, and the share for the bar."""

    stage: str
    share: float | None
    detail: str
    icon: Any


def describe(
    generation: "Generation",
    now: float,
    *,
    here: bool,
    in_scene: bool,
    waits_for: str,
    has_lost_placeholder: bool = False,
) -> Line:
    """The row of a generation. `now` in Unix seconds; `waits_for` is what keeps a ready model from arriving.

    `here` and `has_lost_placeholder`, in the file that it was made for, matter only once the
    model is ready.
    """
    state = generation.state
    if generation.elsewhere:
        return Line(IN_ANOTHER_BLENDER, None, "Another Blender on this computer works on it.", 'TIME')
    if generation.is_working:
        detail = generation.problem or why_not_all_views(generation)
        return Line(advance(generation, now), generation.progress, detail, 'TIME')
    icon = ICONS.get(state, 'TIME')
    if generation.parked and state not in {State.READY, State.PLACED}:
        stage = "Paused" if state is State.QUEUED else "Interrupted"
        return Line(stage, None, generation.problem or _why_interrupted(generation), 'INFO')
    about = ROUGH if generation.request.model == OFFLINE_PREVIEW.id else ""
    fewer = why_not_all_views(generation)
    if state is State.PLACED:
        if in_scene or not here:
            said = " ".join(filter(None, (generation.where or about, fewer)))
            # A file that was saved under another name still has it.
            return Line(STAGES[state] if in_scene else IN_ANOTHER_FILE, None, said, icon)
        detail = generation.problem or "Press Place Again to bring it back at no cost."
        return Line(NO_LONGER_HERE, None, detail, 'INFO')
    if state is State.READY:
        why = _why_ready(generation, here=here, waits_for=waits_for, has_lost_placeholder=has_lost_placeholder)
        return Line("Ready", None, " ".join(filter(None, (why or about, fewer))), icon)
    return Line(STAGES[state], None, generation.problem, icon)


def title(generation: "Generation", characters: int = NAME_LENGTH) -> str:
    """Its name in about so many characters, with its number where one press has asked for several: "Chair · 2"."""
    name, which = generation.request.name, generation.request.variation
    mark = f" · {which}" if 0 < which <= VARIATIONS_LIMIT else ""
    return shorten(name, characters - len(mark)) + mark


def why_not_all_views(generation: "Generation") -> str:
    """A sentence where the service says that it has fewer pictures than were sent; "" for all others."""
    count, taken = 1 + len(generation.request.views), generation.views_taken
    return f"PiAPI took only {taken} of the {count} pictures, which it does not promise." if 0 < taken < count else ""


def facts(generation: "Generation") -> str:
    """What it cost and how long it took, where no other sentence says so: "$0.04 · 1:12"; its price meanwhile."""
    if generation.is_working:
        return price(generation.request.price_usd)
    if not generation.task_id or generation.state not in {State.READY, State.PLACED}:
        return ""
    return " · ".join(filter(None, (price(generation.cost_usd), took(generation))))


def took(generation: "Generation") -> str:
    """How long it took at the service, "" where that is not known, or less than a second."""
    begun, ended = generation.submitted_at, generation.finished_at
    return clock(ended - begun) if 0 < begun <= ended - 1 and ended <= LAST_SHOWN else ""


def arrival(generation: "Generation") -> str:
    """The report when a model has arrived."""
    made_in = f", made in {time_taken}" if (time_taken := took(generation)) else ""
    cost = f", for {dollars(generation.charged_usd)}" if generation.charged_usd else ""
    more = " ".join(filter(None, (generation.where, why_not_all_views(generation))))
    return plain(f"“{generation.request.name}” is in the scene{made_in}{cost}. {more}").strip()


def outcome(generations: "Sequence[Generation]") -> str:
    """The outcome of all that one press or one script has asked for: "" where all of it is in the scene, else
    sentences that name each one that is not, so that it is plain which of them was charged nothing.
    """
    missing = [generation for generation in generations if generation.state is not State.PLACED]
    if not missing or len(generations) == 1:
        return "".join(_why_missing(generation) for generation in missing)
    names = [generation.request.name for generation in generations]
    by_problem: dict[str, list[str]] = {}
    for generation in missing:
        name = generation.request.name
        seed = f" with seed {generation.request.seed}" if names.count(name) > 1 else ""
        by_problem.setdefault(_why_missing(generation), []).append(f"“{name}”{seed}")
    count = len(generations) - len(missing)
    there = f"{count or 'None'} of {len(generations)} {'is' if count == 1 else 'are'} in the scene"
    charges = [generation.charged_usd for generation in generations if generation.state is State.PLACED]
    known = [charge for charge in charges if charge]
    spent = f", for {dollars(sum(known))}" if known and len(known) == len(charges) else ""
    return " ".join((f"{there}{spent}.", *(f"{', '.join(named)}: {why}" for why, named in by_problem.items())))


def _why_missing(generation: "Generation") -> str:
    return generation.problem or f"{STAGES[generation.state]}."


def settings_in_full(
    generation: "Generation",
    label_of_parameter: Callable[[str], str],
    pattern: str = "%Y-%m-%d %H:%M",
    object_name: str = "",
) -> str:
    """For a tooltip: what it was made from, with what, and when, and what its object in the scene is called."""
    request = generation.request
    pictures = f"{1 + len(request.views)} pictures" if request.views else "A picture"
    made_from = f"“{request.prompt}”" if request.prompt else f"{pictures}, “{request.name}”"
    numbers = [f"{label_of_parameter(name)}: {number(value)}" for name, value in request.parameters[:NUMBERS_SHOWN]]
    made_at = date(generation.created_at, pattern)
    lines = (
        made_from,
        f"{label_of(request.model)}, {price(generation.cost_usd)}, {made_at}",
        *numbers,
        f"Click to select “{object_name}”" if object_name else "Click to show it",
    )
    return "\n".join(map(plain, lines))


def label_of(model_id: str) -> str:
    """What a model is called."""
    return models()[model_id].label if model_id in models() else PICTURE_LABELS.get(model_id, model_id)


def advance(generation: "Generation", now: float) -> str:
    """How far it is: "Generating · 45 % · 0:32 left", as much of it as is known."""
    from ...generation.record.progress import time_left_s

    stage = generation.stage or STAGES[generation.state]
    if stage == STAGES[State.WAITING]:
        stage = f"{stage} for {provider_of(generation.request.model).name}"
    is_cancelling = not (generation.wanted or generation.fetched or generation.problem)
    parts = [f"Cancelling · {stage}" if is_cancelling else stage]
    elapsed_s = now - generation.submitted_at if generation.submitted_at else None
    if generation.progress is not None:
        parts.append(f"{generation.progress * 100:.0f} %")
        # A stage of its own comes from the service's log, and with it the share.
        left_s = time_left_s(generation.progress, None if generation.stage else elapsed_s, generation.expected_s)
        if left_s is not None:
            parts.append(f"{clock(left_s)} left")
    elif elapsed_s is not None:
        parts.append(clock(elapsed_s))
    return " · ".join(parts)


def cancelling(generation: "Generation") -> str:
    """What cancelling a generation that has been sent may cost, in sentences; "" where it costs nothing."""
    provider, price_usd = provider_of(generation.request.model), generation.cost_usd
    if provider.is_free or generation.state is State.QUEUED:
        return ""
    name = at_beginning(provider.name)
    paid = "is paid" if price_usd == PRICE_KNOWN_LATER else f"is paid ({dollars(price_usd)})"
    if generation.state in {State.RUNNING, State.DOWNLOADING}:
        return f"{name} has begun. It {paid} all the same, and what comes is kept in the list."
    return f"It has been sent. {name} may refuse to cancel: then it {paid}, and what comes is kept in the list."


def removal(generation: "Generation") -> list[str]:
    """What removing a generation does, in sentences; [] where nothing is lost by it and no question is needed."""
    state, price_usd = generation.state, generation.cost_usd
    provider = provider_of(generation.request.model)
    if state in {State.READY, State.PLACED}:
        what = "What was made" if generation.request.makes_pictures else "The model's file"
        said = [f"{what} is deleted from this computer, and so is the picture that was sent."]
        if price_usd == PRICE_KNOWN_LATER:
            said.append(f"{at_beginning(provider.name)} has charged for it and has not said how much.")
        elif not provider.is_free:
            said.append(f"It has cost {dollars(price_usd)}. Making it again costs the same again.")
        if state is State.PLACED:
            said.append("What is in a scene stays there.")
        return said
    if generation.task_id and generation.parked:
        what = "What it made" if generation.request.makes_pictures else "Its model"
        said = [f"{what} has not been fetched yet, and is no longer followed here."]
        if not provider.is_free:
            known = "" if price_usd == PRICE_KNOWN_LATER else f" ({dollars(price_usd)})"
            said.append(f"It is paid for{known}. Press Resume to download it at no cost.")
        return said
    if state in {State.OUTCOME_UNKNOWN, State.SUBMITTING}:
        known = "for it" if price_usd == PRICE_KNOWN_LATER else dollars(price_usd)
        return [
            f"It is unknown whether {provider.name} took the task and charged {known}.",
            "Once it is removed, the add-on no longer looks for the task.",
        ]
    return []


def unreadable(count: int, folder: str) -> str:
    """What the list says about generations of earlier sessions that it cannot show."""
    if count == 1:
        return f"1 generation of an earlier session cannot be read. Its files are kept in {folder}."
    return f"{count} generations of earlier sessions cannot be read. Their files are kept in {folder}."


def _why_interrupted(generation: "Generation") -> str:
    if generation.state is State.SUBMITTING:
        return "It was interrupted while it was being sent. Resume looks for it among the account's tasks, at no cost."
    if generation.task_id and not provider_of(generation.request.model).keeps_tasks:
        return "It was interrupted while it was being made. Resume makes it again, free."
    if generation.task_id:
        return "It was interrupted while it was being made. Resume continues it at no cost."
    return "It was interrupted before it was sent, and has cost nothing."


def _why_ready(generation: "Generation", *, here: bool, waits_for: str, has_lost_placeholder: bool) -> str:
    if generation.problem:
        return generation.problem
    provider = provider_of(generation.request.model)
    kept = f"Cancelled too late: {provider.name} went on with it and charges it, so it was kept."
    if generation.request.makes_pictures:
        return "" if generation.wanted else kept
    if generation.fetched:
        return "It was made with this account elsewhere. Place puts it at the 3D cursor, at no cost."
    if not generation.wanted:
        if provider.is_free:
            return "Cancelled too late: it was made already. Place puts it into the scene."
        return f"{kept} Place puts it into the scene."
    if has_lost_placeholder:
        return "Its placeholder is gone. Place puts it at the 3D cursor."
    if not here:
        return "It was made for another file. Place puts it at the 3D cursor of this one."
    return f"It arrives when {waits_for}." if waits_for else ""
