# SPDX-License-Identifier: GPL-3.0-or-later
"""PiAPI's answers about tasks and the account, read without trusting any of their fields.

Two shapes are in use: the envelope `{code, message, data: {…task…}}` and, on the Trellis page, a flat answer with
`status`, `output`, `metrics` and a `logs` string. `read_task` takes both.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import cast

from .errors import AnswerNotUnderstood, error_for

UNITS_PER_USD = 10_000_000
"""`meta.usage.consume` counts in these: 400000 is $0.04."""

TASK_ID_LIMIT = 200
"""Characters; PiAPI's are UUIDs, of 36."""
NUMBER_LIMIT = 1e15
"""Beyond that nothing is counted, paid or waited for."""
PICTURES_MAX = 4
"""Of one task: so many Flux makes at most."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?$", re.IGNORECASE)


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
    "retry": Status.PROCESSING,
    "completed": Status.COMPLETED,
    "succeeded": Status.COMPLETED,
    "failed": Status.FAILED,
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
    """A task as the account's lists have it; `inputs` None where they do not say what it was made from."""

    task: Task
    model: str
    task_type: str
    inputs: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Account:
    """The account behind the key; `balance_usd` is None where the service did not say."""

    name: str = ""
    plan: str = ""
    balance_usd: float | None = None


def read_task(answer: object, task_id: str = "") -> Task:
    """The task in PiAPI's `answer`; `task_id` is the one asked for (the flat shape leaves it out).

    Raises the error that a `code` in the body names where no task is there, else AnswerNotUnderstood.
    """
    outer = _mapping(answer)
    data = _mapping(outer.get("data"))
    body = data or outer
    found_id = _task_id(body.get("task_id")) or task_id
    if not found_id or not ("status" in body or "task_id" in body):
        raise _why_no_task(outer)
    error = _mapping(body.get("error"))
    message = _text(error.get("message")) or _text(error.get("raw_message")) or _text(body.get("error"))
    meta = _mapping(body.get("meta"))
    started_at = read_time(meta.get("started_at") or body.get("started_at"))
    ended_at = read_time(meta.get("ended_at") or body.get("completed_at"))
    output = _mapping(body.get("output"))
    model_url, picture_urls = _text(output.get("model_file")).strip(), tuple(_picture_urls(output))
    has_result = bool(model_url or picture_urls)
    went_wrong = bool(_number(error.get("code"))) or (bool(message) and not has_result)
    return Task(
        task_id=found_id,
        status=_read_status(
            body.get("status"), has_ended=ended_at is not None, went_wrong=went_wrong, has_result=has_result
        ),
        model_url=model_url,
        picture_urls=picture_urls,
        log_lines=tuple(_lines(body.get("logs"))),
        error_message=message,
        charged_usd=_usd(_mapping(meta.get("usage")).get("consume")),
        created_at=read_time(meta.get("created_at") or body.get("created_at")),
        started_at=started_at,
        ended_at=ended_at,
    )


def read_task_list(answer: object) -> list[ListedTask]:
    """The tasks in a list of the account's: at the root, under `data`, or in whatever field of them holds the list.

    Neither the running tasks' nor the history's shape is documented, so every list of objects with a `task_id` counts.
    Raises AnswerNotUnderstood where there is no list at all, and where none of what a list has can be read: an answer
    that is not understood is no account without tasks.
    """
    outer = _mapping(answer)
    data = outer.get("data", answer)
    candidates = [data, *_mapping(data).values(), *outer.values()]
    lists = [cast("list[object]", found) for found in candidates if isinstance(found, list)]
    if not lists:
        raise _why_no_task(outer)
    entries = max(lists, key=lambda found: sum(bool(_task_id(_mapping(entry).get("task_id"))) for entry in found))
    readable = [_mapping(entry) for entry in entries if _task_id(_mapping(entry).get("task_id"))]
    if not readable and all(lists):
        raise _why_no_task(outer)
    return [_listed(entry) for entry in readable]


def read_account(answer: object) -> Account:
    """The account in PiAPI's `answer`, at the root or under `data`; AnswerNotUnderstood where there is none."""
    outer = _mapping(answer)
    body = _mapping(outer.get("data")) or outer
    account = Account(
        name=_text(body.get("account_name")),
        plan=_text(body.get("plan")),
        balance_usd=_number(body.get("equivalent_in_usd")),
    )
    if account == Account() and not _text(body.get("account_id")):
        raise _why_no_task(outer)
    return account


def read_upload(answer: object) -> str:
    """The URL of an uploaded file; AnswerNotUnderstood where the answer has none."""
    url = _text(_mapping(_mapping(answer).get("data")).get("url"))
    if not url:
        raise _why_no_task(_mapping(answer))
    return url


def read_message(answer: object) -> str:
    """The service's own words in an answer, "" where there are none."""
    outer = _mapping(answer)
    error = _mapping(_mapping(outer.get("data")).get("error")) or _mapping(outer.get("error"))
    return _text(error.get("message")) or _text(error.get("raw_message")) or _text(outer.get("message"))


def read_time(value: object) -> float | None:
    """Unix seconds of an RFC 3339 time, any number of fractional digits; None for the zero time and anything else."""
    match = _TIME.match(value) if isinstance(value, str) else None
    if match is None:
        return None
    whole, fraction, zone = match.groups()
    zone = "+00:00" if zone is None or zone in "Zz" else zone
    try:
        moment = datetime.fromisoformat(whole + zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if moment.year <= 1:
        return None
    return moment.timestamp() + (float(f"0.{fraction}") if fraction else 0.0)


def read_listed(answer: object, task_id: str) -> ListedTask:
    """The task in PiAPI's `answer` with what it was made from; raises as `read_task` does."""
    outer = _mapping(answer)
    return _listed(_mapping(outer.get("data")) or outer, read_task(answer, task_id))


def _listed(entry: Mapping[str, object], task: Task | None = None) -> ListedTask:
    inputs = _mapping(entry.get("input"))
    return ListedTask(
        task=task or read_task(entry),
        model=_text(entry.get("model")),
        task_type=_text(entry.get("task_type")),
        inputs=inputs or None,
    )


def _why_no_task(outer: Mapping[str, object]) -> Exception:
    code = _number(outer.get("code"))
    if code is not None and 400 <= code < 600:
        return error_for(int(code), read_message(outer))
    return AnswerNotUnderstood(read_message(outer))


def _picture_urls(output: Mapping[str, object]) -> Iterable[str]:
    """The addresses in `image_urls`, else the one in `image_url`."""
    several = output.get("image_urls")
    found = cast("list[object]", several) if isinstance(several, list) else []
    urls = [url for each in found if (url := "".join(_text(each).split()))]
    yield from urls[:PICTURES_MAX] or filter(None, ["".join(_text(output.get("image_url")).split())])


def _read_status(word: object, *, has_ended: bool, went_wrong: bool, has_result: bool) -> Status:
    status = STATUS_WORDS.get(_text(word).strip().casefold())
    if status is not None:
        return status
    # An unknown word means "still running", unless a real end or an error says otherwise.
    if went_wrong:
        return Status.FAILED
    if has_ended:
        return Status.COMPLETED if has_result else Status.FAILED
    return Status.PROCESSING


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    # JSON can hold halves of characters, which no file and no database takes.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _task_id(value: object) -> str:
    text = _text(value)
    return text if len(text) <= TASK_ID_LIMIT and text.isascii() and text.isprintable() else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) < NUMBER_LIMIT else None


def _usd(units: object) -> float | None:
    number = _number(units)
    return None if number is None or number < 0 else number / UNITS_PER_USD


def _lines(logs: object) -> Iterable[str]:
    if isinstance(logs, str):
        yield from _text(logs).splitlines()
    elif isinstance(logs, list):
        for entry in cast("list[object]", logs):
            text = _text(entry) or _text(_mapping(entry).get("message"))
            yield from text.splitlines()
