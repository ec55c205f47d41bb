# SPDX-License-Identifier: GPL-3.0-or-later
"""A submission whose answer never came is looked for among the account's tasks, and adopted where it is there.

PiAPI has no idempotency key, so to submit again might be to pay again. The seed drawn for each generation is what tells
its task from all others. Concept images have none, and are as good as any others of the same prompt; a picture whose
background is to be removed has to be echoed whole.
"""

import base64
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
    doubt = ""
    others: set[str] = set()
    for wait_s in LOOK_AFTER_S:
        work.pause(wait_s)
        listed, problems = list_tasks(client, [work.generation.request.model], *_window(work.generation))
        others |= work.around.store.known_tasks()
        candidates = [each for each in listed if each.task.task_id not in others]
        undecided = _undecided(work, client, candidates, problems, others)
        if undecided is None:
            return
        doubt = _doubt(work, undecided=undecided, problems=problems)
    if doubt:
        verdict = f"{costs.unknown(work.generation.request.price_usd)} {doubt}"
    else:
        verdict = (
            "It is not among the account's tasks, so PiAPI has most likely not accepted it, and charged nothing. "
            "Submit it again if you still want it."
        )
    work.rest(State.OUTCOME_UNKNOWN, f"{why} {verdict}")


def matches(generation: Generation, listed: ListedTask, image: bytes) -> bool:
    """Whether a listed task is the one that this generation would have become. `image` is the PNG that was sent."""
    request, inputs = generation.request, listed.inputs or {}
    if is_another(generation, listed, image) or (request.seed and "seed" not in inputs):
        return False
    if request.sends_picture:
        return bool(request.seed) or _shows(inputs, image) is True
    return "prompt" in inputs


def is_another(generation: Generation, listed: ListedTask, image: bytes) -> bool:
    """Whether something of what the service says about a task shows that it is not this generation's."""
    request, inputs = generation.request, listed.inputs or {}
    if listed.model and _short(listed.model) != _short(request.model):
        return True
    if listed.task_type not in {"", request.task_type} or not _is_in_window(generation, listed):
        return True
    wanted = {**dict(request.parameters), **({"seed": request.seed} if request.seed else {})}
    if any(inputs.get(name, value) != value for name, value in wanted.items()):
        return True
    if request.sends_picture:
        return _shows(inputs, image) is False
    return "prompt" in inputs and " ".join(str(inputs["prompt"]).split()) != request.prompt


def _undecided(
    work: Work, client: Client, candidates: list[ListedTask], problems: list[PiapiError], others: set[str]
) -> list[ListedTask] | None:
    """Takes the first task that matches and that no other generation has: None then, else those of which nothing shows
    whose they are. Adds to `problems` why one could not be looked at, to `others` those that need no second look.

    Where the lists do not say what a task was made from it is asked for, those first that were made when this one was.
    """
    image, asked = _image(work), 0
    undecided: dict[str, ListedTask] = {}
    for each in sorted(candidates, key=lambda each: _distance_s(work.generation, each)):
        candidate = each
        if each.inputs is None and asked < ASKED_MAX and not is_another(work.generation, each, image):
            asked += 1
            try:
                candidate = client.find_task(each.task.task_id)
            except PiapiError as error:
                problems.append(error)
                continue
        if matches(work.generation, candidate, image) and work.adopt(candidate.task.task_id):
            return None
        if is_another(work.generation, candidate, image):
            others.add(each.task.task_id)
        else:
            undecided[each.task.task_id] = candidate
    taken = work.around.store.known_tasks()
    return [each for number, each in undecided.items() if number not in taken]


def _doubt(work: Work, *, undecided: list[ListedTask], problems: list[PiapiError]) -> str:
    """Why it may have a task all the same, as a sentence; "" where nothing speaks for it."""
    account = work.generation.account
    if problems:
        return f"The account's tasks could not be looked through: {problems[-1]}"
    if account and account != work.job.service.account:
        return "It was submitted with another API key: put that key in and Resume, and it is looked for."
    if undecided:
        what = "of which picture it is" if work.generation.request.sends_picture else "what it was made from"
        return f"One of them may be it, but PiAPI does not say {what}."
    return ""


def _short(model: str) -> str:
    """The model's name without the maker's, which PiAPI itself leaves out here and there."""
    return model.rpartition("/")[2].casefold()


def _distance_s(generation: Generation, listed: ListedTask) -> float:
    made_at = listed.task.created_at
    return abs(made_at - (generation.submitted_at or generation.created_at)) if made_at is not None else WINDOW_S


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


def _shows(inputs: Mapping[str, object], image: bytes) -> bool | None:
    """Whether a task echoes this image; None where that cannot be told: it echoes none, its address, or a piece of it,
    or the image that was sent is no longer there."""
    echoed = inputs.get("image")
    if not image or not isinstance(echoed, str):
        return None
    encoded = echoed.partition(",")[2] if echoed.startswith("data:") else echoed
    try:
        shown = base64.b64decode(encoded, validate=True)
    except ValueError:
        return None
    if shown == image:
        return True
    return None if image.startswith(shown) else False
