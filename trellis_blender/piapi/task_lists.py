# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks as PiAPI lists them: the account's history, what is not done yet, and a task with what it was made from.

A list has shapes of its own, see each reader; nothing in it is trusted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

from .answers import ENTRIES_MAX, Task, read_inputs, read_task, task_of, why_not_understood
from .fields import identity, listing, mapping, number, text
from .models import IMAGE, PICTURE_TASKS, TEXT

TASK_TYPES = PICTURE_TASKS | {TEXT, IMAGE}
"""PiAPI's words for what the models do that are known here."""
_PICTURES = ("image", "images")


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


def _read_entries(entries: Iterable[object]) -> Iterator[ListedTask]:
    for entry in map(mapping, entries):
        if task_id := identity(entry.get("task_id")) or identity(mapping(entry.get("detail")).get("task_id")):
            yield _listed(entry, task_of(entry, task_id))


def _is_family(value: object) -> bool:
    return "active_tasks" in mapping(value)


def _listed(entry: Mapping[str, object], task: Task) -> ListedTask:
    detail = mapping(entry.get("detail"))
    return ListedTask(
        task=task,
        model=text(entry.get("model")) or text(entry.get("task_model")) or text(detail.get("model")),
        task_type=text(entry.get("task_type")) or _known_type(detail.get("workflow_type")),
        inputs=read_inputs(entry.get("input")) or None,
    )


def _known_type(word: object) -> str:
    """The history's word for what a task does is PiAPI's task type for some models only."""
    return word if isinstance(word, str) and word in TASK_TYPES else ""
