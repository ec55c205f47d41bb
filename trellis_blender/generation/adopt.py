# SPDX-License-Identifier: GPL-3.0-or-later
"""A submission whose answer never came is looked for among the account's tasks, and adopted where it is there.

PiAPI has no idempotency key, so to submit again might be to pay again. The seed drawn for each generation is what tells
its task from all others. Concept images have none, and are as good as any others of the same prompt; a picture whose
background is to be removed has to be echoed.
"""

import base64
import binascii
import time
from collections.abc import Mapping

from ..piapi.client import Client
from ..piapi.errors import PiapiError, Unclear
from ..piapi.tasks import ListedTask
from . import costs
from .account_tasks import list_tasks
from .files import INPUT_NAME
from .record import Generation
from .states import State
from .work import Work

LOOK_AFTER_S = (2.0, 8.0, 20.0)
"""A task may take a moment to turn up in the account's lists."""
WINDOW_S = 26 * 3600.0
"""Before and after: a clock that takes another zone's time for its own is as far from PiAPI's."""
ASKED_MAX = 20
"""Tasks asked after one by one, where the lists do not say what a task was made from."""

ENDED_BEFORE_THE_ANSWER = "Blender ended before PiAPI answered."


def look_for(work: Work, client: Client, error: Unclear | None = None) -> None:
    """Leaves the generation waiting, with its task; or of unknown outcome, with what the artist has to know."""
    work.is_submitting = False
    why = " ".join(filter(None, (error.happened, error.said))) if error else ENDED_BEFORE_THE_ANSWER
    work.change(stage="Looking for it among the account's tasks", problem=why)
    hindrance = ""
    listed: list[ListedTask] = []
    for wait_s in LOOK_AFTER_S:
        work.pause(wait_s)
        listed, problems = list_tasks(client, [work.generation.request.model], *_window(work.generation))
        if _adopt(work, client, listed, problems):
            return
        hindrance = str(problems[-1]) if problems else ""
    price_usd = work.generation.request.price_usd
    if hindrance:
        verdict = f"{costs.unknown(price_usd)} The account's tasks could not be looked through: {hindrance}"
    elif _may_be_among(work, listed):
        verdict = f"{costs.unknown(price_usd)} One of them may be it, but PiAPI does not say of which picture it is."
    else:
        verdict = (
            "It is not among the account's tasks, so PiAPI has most likely not accepted it, and charged nothing. "
            "Submit it again if you still want it."
        )
    work.rest(State.OUTCOME_UNKNOWN, f"{why} {verdict}")


def matches(generation: Generation, listed: ListedTask, image: bytes) -> bool:
    """Whether a listed task is the one that this generation would have become. `image` is the PNG that was sent."""
    request, inputs = generation.request, listed.inputs or {}
    if listed.model != request.model or listed.task_type not in {"", request.task_type}:
        return False
    if not _is_in_window(generation, listed):
        return False
    if inputs.get("seed") != request.seed and request.seed:
        return False
    if any(inputs.get(name, value) != value for name, value in request.parameters):
        return False
    if request.sends_picture:
        return _is_same_image(inputs, image) if _has_image(inputs) else bool(request.seed)
    return " ".join(str(inputs.get("prompt", "")).split()) == request.prompt


def _may_be_among(work: Work, listed: list[ListedTask]) -> bool:
    """Whether there is a task that can be told neither to be this one nor to be another."""
    request, known = work.generation.request, work.around.store.known_tasks()
    is_known_by_picture = request.sends_picture and not request.seed
    return is_known_by_picture and any(
        each.model == request.model
        and each.task.task_id not in known
        and _is_in_window(work.generation, each)
        and not _has_image(each.inputs or {})
        for each in listed
    )


def _adopt(work: Work, client: Client, listed: list[ListedTask], problems: list[PiapiError]) -> bool:
    """Takes the first task that matches and that no other generation has. Adds to `problems` why one could not be
    looked at."""
    known = work.around.store.known_tasks()
    image = _image(work)
    unknown = {each.task.task_id: each for each in listed if each.task.task_id not in known}
    asked = 0
    for each in unknown.values():
        candidate = each
        if each.inputs is None and _is_in_window(work.generation, each) and asked < ASKED_MAX:
            asked += 1
            try:
                candidate = client.find_task(each.task.task_id)
            except PiapiError as error:
                problems.append(error)
                continue
        if not matches(work.generation, candidate, image):
            continue
        if work.adopt(candidate.task.task_id):
            return True
    return False


def _is_in_window(generation: Generation, listed: ListedTask) -> bool:
    made_at = listed.task.created_at
    since, until = _window(generation)
    return made_at is None or since <= made_at <= until


def _window(generation: Generation) -> tuple[float, float]:
    """Unix seconds between which the task was made, if this computer's clock was right then or is right now."""
    around, now = generation.submitted_at or generation.created_at, time.time()
    return min(around, now) - WINDOW_S, max(around, now) + WINDOW_S


def _image(work: Work) -> bytes:
    try:
        return (work.folder / INPUT_NAME).read_bytes()
    except OSError:
        return b""


def _has_image(inputs: Mapping[str, object]) -> bool:
    """Whether the picture itself is echoed: an address, or nothing, says nothing about it. Then it takes the seed."""
    echoed = inputs.get("image")
    return isinstance(echoed, str) and bool(echoed) and not echoed.startswith("http")


def _is_same_image(inputs: Mapping[str, object], image: bytes) -> bool:
    echoed = str(inputs.get("image"))
    try:
        return base64.b64decode(echoed.partition(",")[2] or echoed) == image
    except (binascii.Error, ValueError):
        return False
