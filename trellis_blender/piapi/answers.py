# SPDX-License-Identifier: GPL-3.0-or-later
"""PiAPI's answers about tasks, read without trusting any of their fields.

Two shapes are in use: the envelope `{code, message, data: {…task…}}` and, on the Trellis page, a flat answer with
`status`, `output`, `metrics` and a `logs` string. `read_task` takes both. Lists have shapes of their own, see
`read_history` and `read_active_tasks`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple, cast

from .errors import AnotherTask, AnswerNotUnderstood, error_for
from .fields import address, identity, listing, mapping, moment, number, text
from .models import IMAGE, MODELS, TEXT
from .picture_models import PICTURE_TASKS

UNITS_PER_USD = 10_000_000
"""`meta.usage.consume` counts in these: 400000 is $0.04."""
CHARGE_LIMIT_USD = 10_000.0
"""No task costs as much; what says so is no charge."""

PICTURES_MAX = 4
"""Of one task: so many Flux makes at most."""
LOG_LINES_MAX = 5000
ENTRIES_MAX = 1000
"""Of a list that are looked at; a page of the history has at most 100."""
PROMPT_ECHO_LIMIT = 16 * 1024
"""Characters: of 1,000 that are sent, each may come back as an escape of twelve."""
INPUT_TEXT_LIMIT = 64 * 1024
"""Characters of an input that is echoed as text."""


class Status(Enum):
    """What a task is doing. PiAPI's words are read in any capitalisation, see `STATUS_WORDS`."""

    PENDING = "pending"
    STAGED = "staged"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATUS_WORDS: dict[str, Status] = {
    "pending": Status.PENDING,
    "starting": Status.PENDING,
    "staged": Status.STAGED,
    "processing": Status.PROCESSING,
    "running": Status.PROCESSING,
    "retry": Status.PROCESSING,
    "completed": Status.COMPLETED,
    "complete": Status.COMPLETED,
    "succeeded": Status.COMPLETED,
    "success": Status.COMPLETED,
    "failed": Status.FAILED,
    "failure": Status.FAILED,
    "error": Status.FAILED,
    "rejected": Status.FAILED,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Task:
    """PiAPI's side of a generation at one moment. Times in Unix seconds, None for "not yet" and for "not said"."""

    task_id: str
    status: Status
    model_url: str = ""
    picture_urls: tuple[str, ...] = ()
    log_lines: tuple[str, ...] = ()
    error_message: str = ""
    charged_usd: float | None = None
    created_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class ListedTask:
    """A task as the account's lists have it; `inputs` None where they do not say what it was made from.

    Of the inputs only what this add-on sends is here: `prompt`, `image` and `images` as texts, all others as numbers.
    """

    task: Task
    model: str
    task_type: str
    inputs: Mapping[str, object] | None

    def without_pictures(self) -> "ListedTask":
        """The same, less the megabytes."""
        if self.inputs is None:
            return self
        return replace(self, inputs={name: found for name, found in self.inputs.items() if name not in _PICTURES})


class TaskPage(NamedTuple):
    """One page of the history. `rows` counts its entries, `unreadable` those of them that are in no `tasks`; `total` is
    how many there are on all pages, None where the service does not say."""

    tasks: tuple[ListedTask, ...]
    rows: int
    unreadable: int
    total: int | None


TASK_TYPES = PICTURE_TASKS | {TEXT, IMAGE}
"""PiAPI's words for what the models do that are known here."""
_PICTURES = ("image", "images")
_NUMBERS = frozenset(parameter.name for model in MODELS.values() for parameter in model.parameters) | {
    "width",
    "height",
    "batch_size",
}


def read_task(answer: object, task_id: str = "") -> Task:
    """The task in PiAPI's `answer`; `task_id` is the one asked for (the flat shape leaves it out).

    Raises the error that a `code` in the body names where no task is there, else AnswerNotUnderstood; AnotherTask for
    an answer about another one.
    """
    outer = mapping(answer)
    body = mapping(outer.get("data")) or outer
    if not ("status" in body or "task_id" in body):
        raise why_not_understood(outer)
    found_id = identity(body.get("task_id"))
    if task_id and body.get("task_id") not in (None, "") and found_id.casefold() != task_id.casefold():
        raise AnotherTask
    if not (found_id or task_id):
        raise why_not_understood(outer)
    return _task(body, task_id or found_id)


def read_listed(answer: object, task_id: str) -> ListedTask:
    """The task in PiAPI's `answer` with what it was made from; raises as `read_task` does."""
    outer = mapping(answer)
    return _listed(mapping(outer.get("data")) or outer, read_task(answer, task_id))


def read_history(answer: object) -> TaskPage:
    """A page of the account's history: `data{data: [row, …] or null, page, size, total}`.

    Raises AnswerNotUnderstood where there is no such list: an answer that is not understood is no account without
    tasks.
    """
    outer = mapping(answer)
    page = outer.get("data", answer)
    within = mapping(page)
    rows = within.get("data", page) if within else page
    is_empty = rows is None and "data" in within
    if not (isinstance(rows, list) or is_empty):
        raise why_not_understood(outer)
    entries = listing(cast("object", rows))[:ENTRIES_MAX]
    tasks = tuple(_read_entries(entries))
    total = number(within.get("total"))
    return TaskPage(tasks, len(entries), len(entries) - len(tasks), None if total is None else int(max(total, 0)))


def read_active_tasks(answer: object) -> list[ListedTask]:
    """The account's tasks that are not done: `{family: {…counts, active_tasks: [task, …] or null}}`.

    Which families there are is PiAPI's choice, so one that is missing says nothing about its tasks. Raises
    AnswerNotUnderstood where there is something else.
    """
    outer = mapping(answer)
    families = mapping(outer.get("data"))
    lists = [listing(mapping(family)["active_tasks"]) for family in families.values() if _is_family(family)]
    if not lists and (families or "data" not in outer):
        raise why_not_understood(outer)
    return [found for entries in lists for found in _read_entries(entries[:ENTRIES_MAX])]


def names_task(answer: object) -> bool:
    """True where an answer, of whatever status, says which task there is."""
    outer = mapping(answer)
    return bool(identity((mapping(outer.get("data")) or outer).get("task_id")))


def read_message(answer: object) -> str:
    """The service's own words in an answer, "" where there are none."""
    outer = mapping(answer)
    error = mapping(mapping(outer.get("data")).get("error")) or mapping(outer.get("error"))
    return text(error.get("message")) or text(error.get("raw_message")) or text(outer.get("message"))


def why_not_understood(outer: Mapping[str, object]) -> Exception:
    """The error that an answer's `code` names, else AnswerNotUnderstood."""
    code = number(outer.get("code"))
    if code is not None and 400 <= code < 600:
        return error_for(int(code), read_message(outer))
    return AnswerNotUnderstood(read_message(outer))


def _task(body: Mapping[str, object], task_id: str) -> Task:
    error = mapping(body.get("error"))
    message = text(error.get("message")) or text(error.get("raw_message")) or text(body.get("error"))
    meta = mapping(body.get("meta"))
    ended_at = moment(meta.get("ended_at") or body.get("completed_at"))
    output = mapping(body.get("output"))
    model_url, picture_urls = address(output.get("model_file")), tuple(_picture_urls(output))
    has_result = bool(model_url or picture_urls)
    return Task(
        task_id=task_id,
        status=_read_status(
            body.get("status"),
            has_result=has_result,
            is_over=ended_at is not None or bool(number(error.get("code"))) or bool(message),
        ),
        model_url=model_url,
        picture_urls=picture_urls,
        log_lines=tuple(_lines(body.get("logs"))),
        error_message=message,
        charged_usd=_charge(body, meta),
        created_at=moment(meta.get("created_at") or body.get("created_at")),
        started_at=moment(meta.get("started_at") or body.get("started_at")),
        ended_at=ended_at,
    )


def _read_entries(entries: Iterable[object]) -> Iterator[ListedTask]:
    for entry in map(mapping, entries):
        if task_id := identity(entry.get("task_id")) or identity(mapping(entry.get("detail")).get("task_id")):
            yield _listed(entry, _task(entry, task_id))


def _is_family(value: object) -> bool:
    return "active_tasks" in mapping(value)


def _listed(entry: Mapping[str, object], task: Task) -> ListedTask:
    detail = mapping(entry.get("detail"))
    return ListedTask(
        task=task,
        model=text(entry.get("model")) or text(entry.get("task_model")) or text(detail.get("model")),
        task_type=text(entry.get("task_type")) or _known_type(detail.get("workflow_type")),
        inputs=_inputs(entry.get("input")) or None,
    )


def _known_type(word: object) -> str:
    """The history's word for what a task does is PiAPI's task type for some models only."""
    return word if isinstance(word, str) and word in TASK_TYPES else ""


def _inputs(said: object) -> Mapping[str, object]:
    if isinstance(said, str) and len(said) <= INPUT_TEXT_LIMIT:
        try:
            said = json.loads(said)
        except (ValueError, RecursionError):
            return {}
    echoed = mapping(said)
    inputs: dict[str, object] = {}
    if isinstance(echoed.get("prompt"), str):
        inputs["prompt"] = text(echoed["prompt"], PROMPT_ECHO_LIMIT)
    if isinstance(image := echoed.get("image"), str):
        inputs["image"] = image
    if images := [each for each in listing(echoed.get("images"))[:PICTURES_MAX] if isinstance(each, str)]:
        inputs["images"] = tuple(images)
    for name in _NUMBERS & echoed.keys():
        if (value := number(echoed[name])) is not None:
            inputs[name] = value
    return inputs


def _charge(body: Mapping[str, object], meta: Mapping[str, object]) -> float | None:
    """US dollars: from a task's `meta.usage.consume`, or from `usage` of a row in the history."""
    units = number(mapping(meta.get("usage")).get("consume"))
    if units is None and body.get("usage_type") == "llm":
        units = number(body.get("usage"))
    return units / UNITS_PER_USD if units is not None and 0 <= units <= CHARGE_LIMIT_USD * UNITS_PER_USD else None


def _picture_urls(output: Mapping[str, object]) -> Iterable[str]:
    """The addresses in `image_urls`, else the one in `image_url`."""
    urls = [url for each in listing(output.get("image_urls"))[:ENTRIES_MAX] if (url := address(each))]
    yield from urls[:PICTURES_MAX] or filter(None, [address(output.get("image_url"))])


def _read_status(word: object, *, has_result: bool, is_over: bool) -> Status:
    status = STATUS_WORDS.get(text(word).strip().casefold())
    if status is not None:
        return status
    # An unknown word means "still running", unless a result, a real end or an error says otherwise. An error beside a
    # result was seen, and the result was good.
    if has_result:
        return Status.COMPLETED
    return Status.FAILED if is_over else Status.PROCESSING


def _lines(logs: object) -> Iterator[str]:
    lines = [logs] if isinstance(logs, str) else listing(logs)[:LOG_LINES_MAX]
    count = 0
    for entry in lines:
        said = entry if isinstance(entry, str) else mapping(entry).get("message")
        for line in said.splitlines()[: LOG_LINES_MAX - count] if isinstance(said, str) else ():
            count += 1
            yield text(line)
