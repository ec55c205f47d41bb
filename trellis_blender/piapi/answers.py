# SPDX-License-Identifier: GPL-3.0-or-later
"""PiAPI's answers about tasks, read without trusting any of their fields.

Two shapes are in use: the envelope `{code, message, data: {…task…}}` and, on the Trellis page, a flat answer with
`status`, `output`, `metrics` and a `logs` string. `read_task` takes both. Lists have shapes of their own, see
`task_lists`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import cast

from .errors import AnotherTask, AnswerNotUnderstood
from .fields import address, identity, listing, mapping, moment, number, text
from .models import MODELS, VIEWS_LIMIT
from .statuses import LOGIN_STATUS, error_for

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
    video_url: str = ""
    """A film of the model turning, its colours beside its normals."""
    cutout_url: str = ""
    """The picture that was sent, without its background."""
    pictures_named: int = 0
    """How many different pictures it says that it is made from; 0 where it names none."""
    log_lines: tuple[str, ...] = ()
    error_message: str = ""
    charged_usd: float | None = None
    created_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None


_NUMBERS = frozenset(parameter.name for model in MODELS.values() for parameter in model.parameters) | {
    "width",
    "height",
    "batch_size",
    "scale",
    "segment_factor",
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
    return task_of(body, task_id or found_id)


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
    # A log-in page is a page: no code says that nothing has reached the service.
    if code is not None and 400 <= code < 600 and code != LOGIN_STATUS:
        return error_for(int(code), read_message(outer))
    return AnswerNotUnderstood(read_message(outer))


def task_of(body: Mapping[str, object], task_id: str) -> Task:
    """The task that an answer has in it, or an entry of a list."""
    error = mapping(body.get("error"))
    code = number(error.get("code"))
    message = text(error.get("message")) or text(error.get("raw_message")) or text(body.get("error"))
    meta = mapping(body.get("meta"))
    # The beginning of Unix time is what a program says that has no time.
    ended_at = moment(meta.get("ended_at") or body.get("completed_at")) or None
    output = mapping(body.get("output"))
    model_url, picture_urls = address(output.get("model_file")), tuple(_picture_urls(output))
    has_result = bool(model_url or picture_urls)
    return Task(
        task_id=task_id,
        status=_read_status(
            body.get("status"),
            has_result=has_result,
            # With the code 0 words are no error: PiAPI says "success" beside it.
            is_over=ended_at is not None or bool(message if code is None else code),
        ),
        model_url=model_url,
        picture_urls=picture_urls,
        video_url=address(output.get("combined_video")),
        cutout_url=address(output.get("no_background_image")),
        pictures_named=_pictures_named(body.get("input")),
        log_lines=tuple(_lines(body.get("logs"))),
        error_message=message,
        charged_usd=_charge(body, meta),
        created_at=moment(meta.get("created_at") or body.get("created_at")),
        started_at=moment(meta.get("started_at") or body.get("started_at")),
        ended_at=ended_at,
    )


def read_inputs(said: object) -> Mapping[str, object]:
    """What a task says that it was made from, of what this add-on sends; empty where it says nothing."""
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
    if images := [each for each in listing(echoed.get("images"))[:VIEWS_LIMIT] if isinstance(each, str)]:
        inputs["images"] = tuple(images)
    for name in _NUMBERS & echoed.keys():
        if (value := number(echoed[name])) is not None:
            inputs[name] = value
    return inputs


def _pictures_named(said: object) -> int:
    inputs = read_inputs(said)
    images = cast("tuple[str, ...]", inputs.get("images", ()))
    return len({each for each in (cast("str", inputs.get("image", "")), *images) if each.strip()})


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
