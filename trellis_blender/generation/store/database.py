# SPDX-License-Identifier: GPL-3.0-or-later
"""The one truth about every generation, written before a step is acted on: what is known of it, and who works on it."""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ...piapi.redaction import hidden
from ..file_names import writable
from ..problems import GenerationProblem
from ..providers import provider_of
from ..record.generation import Generation
from ..states import AT_THE_SERVICE, State
from .spending import TaskCost
from .store_file import StoreFile, again_where_moved
from .stored import LENGTH_LIMIT, from_json, to_json

LOG = logging.getLogger(__name__)

DURATIONS_LOOKED_AT = 20
DURATION_MAX_S = 3600.0
"""Longer ones tell of a computer that slept, or of a clock that was put right, and nothing of the model."""
FILE_NAME = "generations.sqlite3"
_TASK = """INSERT INTO task (id, generation, at, model, name, blend_file, price_usd, charged_usd)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET generation = excluded.generation,
charged_usd = coalesce(excluded.charged_usd, charged_usd)"""
_GENERATION = """INSERT INTO generation (id, state, created_at, model, api_url, duration_s, record, owner, task_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state,
created_at = excluded.created_at, model = excluded.model, api_url = excluded.api_url, duration_s = excluded.duration_s,
record = excluded.record, owner = excluded.owner, task_id = excluded.task_id"""
"""The columns that a later version has added stay as they are."""
# In bytes: of a text, SQLite counts the characters before the first NUL only.
_ROWS = f"SELECT CASE WHEN length(CAST(record AS BLOB)) <= {LENGTH_LIMIT} THEN record END, owner FROM generation"  # noqa: S608


class Owned(NamedTuple):
    """A generation, and the name of the owner that works on it, "" where none does."""

    generation: Generation
    owner_id: str


class TakenOver(GenerationProblem):
    """Another owner has taken the generation meanwhile, who thought that this one was dead. `found` is what stands in
    the store."""

    def __init__(self, found: Owned) -> None:
        self.found = found
        super().__init__("Another Blender works on this generation now.")


def _nothing() -> Iterable[Owned]:
    return ()


class Store:
    """The generations of one folder. Every method may be called from any thread; none from Blender's main thread,
    because a commit waits for the disk.

    All raise FolderUnusable or DiskFull with a sentence where the file cannot be read or written. Where the file is
    gone, or is another one than before, a new one is made, and what `remembered` gives is written into it.
    """

    def __init__(self, folder: Path, remembered: Callable[[], Iterable[Owned]] = _nothing) -> None:
        self._path = folder / FILE_NAME
        self._remembered = remembered
        self._file = StoreFile(self._path, self._refill)

    @again_where_moved
    def save(self, generation: Generation, owner_id: str = "") -> None:
        """Writes the generation; durable when this returns. While it is worked on, `owner_id` is who does."""
        with self._file.opened() as db:
            db.execute("BEGIN IMMEDIATE")
            self._write(db, generation, owner_id)

    @again_where_moved
    def save_own(self, generation: Generation, owner_id: str) -> None:
        """Writes a generation that `owner_id` works on; TakenOver, and nothing is written, where another owner does or
        has done."""
        with self._file.opened() as db:
            db.execute("BEGIN IMMEDIATE")
            found = _find(db, generation.id, generation)
            if found is not None and _is_anothers(found, generation, owner_id):
                raise TakenOver(found)
            self._write(db, generation, owner_id)

    def _write(self, db: sqlite3.Connection, generation: Generation, owner_id: str = "") -> None:
        before = db.execute("SELECT record FROM generation WHERE id = ?", (generation.id,)).fetchone()
        took_s = generation.finished_at - generation.submitted_at
        duration_s = took_s if generation.submitted_at and 0 < took_s <= DURATION_MAX_S else None
        row = (
            generation.id,
            generation.state.value,
            generation.created_at,
            writable(generation.request.model),
            writable(generation.api_url),
            duration_s,
            to_json(generation, before[0] if before and isinstance(before[0], str) else ""),
            owner_id if generation.is_working else "",
            writable(generation.task_id),
        )
        db.execute(_GENERATION, row)
        if generation.task_id:
            db.execute(_TASK, _task_row(generation))

    def _refill(self, db: sqlite3.Connection) -> None:
        for generation, owner_id in self._remembered():
            if _find(db, generation.id) is None:
                self._write(db, generation, owner_id)

    @again_where_moved
    def load_all(self) -> list[Owned]:
        """Every generation with its owner, oldest first."""
        with self._file.opened() as db:
            return _read(db.execute(f"{_ROWS} ORDER BY created_at"))

    @again_where_moved
    def ids(self) -> set[str]:
        """Of all generations, those included that cannot be read."""
        with self._file.opened() as db:
            return {str(row[0]) for row in db.execute("SELECT id FROM generation")}

    @again_where_moved
    def load(self, generation_id: str, known: Generation | None = None) -> Owned | None:
        """One generation as it was written last, with its owner; None where there is none.

        Of one that this version cannot read, and that another owner has, `known` with its state and task is returned.
        """
        with self._file.opened() as db:
            return _find(db, generation_id, known)

    @again_where_moved
    def load_taken(self) -> list[Owned]:
        """What a Blender works on, or was working on when it ended."""
        with self._file.opened() as db:
            return _read(db.execute(f"{_ROWS} WHERE owner != '' ORDER BY created_at"))

    @again_where_moved
    def take(self, generation: Generation, owner_id: str, is_alive: Callable[[str], bool]) -> Owned | None:
        """Writes a generation that `owner_id` is going to work on, and returns None.

        Where another living owner works on it, or has taken it further meanwhile, nothing is written, and what stands
        there returned.
        """
        with self._file.opened() as db:
            db.execute("BEGIN IMMEDIATE")
            found = _find(db, generation.id, generation)
            if found is not None:
                is_held = found.owner_id != owner_id and is_alive(found.owner_id)
                if is_held or not _may_be_taken(found.generation, generation):
                    return found
            self._write(db, generation, owner_id)
        return None

    @again_where_moved
    def adopt(self, generation: Generation, owner_id: str) -> bool:
        """Writes a generation that has found its task at the service; False where another one has that task.

        Where another owner has it and does not know of a task, it does so now. Raises TakenOver where it does.
        """
        with self._file.opened() as db:
            db.execute("BEGIN IMMEDIATE")
            query = "SELECT 1 FROM task WHERE id = ? AND generation != ?"
            if db.execute(query, (writable(generation.task_id), generation.id)).fetchone():
                return False
            found = _find(db, generation.id, generation)
            if found is not None and found.owner_id not in {"", owner_id} and found.generation.task_id:
                raise TakenOver(found)
            self._write(db, generation, owner_id)
        return True

    @again_where_moved
    def remove(self, generation_id: str) -> None:
        """Deletes a generation's row. What its tasks cost is kept."""
        with self._file.opened() as db:
            db.execute("DELETE FROM generation WHERE id = ?", (generation_id,))

    @again_where_moved
    def with_task(self, task_id: str) -> Owned | None:
        """The generation that has a task; None where there is none, or no longer."""
        with self._file.opened() as db:
            row = db.execute("SELECT id FROM generation WHERE task_id = ?", (writable(task_id),)).fetchone()
            return _find(db, row[0]) if row else None

    @again_where_moved
    def known_tasks(self) -> set[str]:
        """The ids of all tasks that a generation has or had."""
        with self._file.opened() as db:
            return {row[0] for row in db.execute("SELECT id FROM task")}

    @again_where_moved
    def costs(self) -> list[TaskCost]:
        """What every task has cost that could cost anything, oldest first. Makes no folder to look into."""
        if not self._path.exists():
            return []
        with self._file.opened() as db:
            rows = db.execute(
                "SELECT id, at, model, name, blend_file, charged_usd, price_usd FROM task"
                " WHERE (price_usd > 0 OR charged_usd > 0) AND typeof(at) IN ('real', 'integer')"
                " AND typeof(price_usd) IN ('real', 'integer') AND typeof(charged_usd) IN ('real', 'integer', 'null')"
                " AND typeof(id) = 'text' AND typeof(model) = 'text' AND typeof(name) = 'text'"
                " AND typeof(blend_file) = 'text' ORDER BY at, id"
            ).fetchall()
        return [TaskCost(*row) for row in rows]

    @again_where_moved
    def owners(self) -> set[str]:
        """Who works on something, as far as the store knows; some of them may be dead."""
        with self._file.opened() as db:
            return {str(row[0]) for row in db.execute("SELECT DISTINCT owner FROM generation WHERE owner != ''")}

    @again_where_moved
    def usual_duration_s(self, model: str, api_url: str) -> float | None:
        """Seconds from submission to "completed", the median of the latest ones; None where there was none yet."""
        with self._file.opened() as db:
            rows = db.execute(
                "SELECT duration_s FROM generation WHERE model = ? AND api_url = ? AND typeof(duration_s) = 'real'"
                " ORDER BY created_at DESC LIMIT ?",
                (model, api_url, DURATIONS_LOOKED_AT),
            ).fetchall()
        durations = sorted(row[0] for row in rows)
        return durations[len(durations) // 2] if durations else None


def _task_row(generation: Generation) -> tuple[object, ...]:
    request = generation.request
    return (
        writable(generation.task_id),
        generation.id,
        generation.submitted_at or generation.created_at,
        writable(request.model),
        writable(request.name),
        writable(request.placement.blend_file),
        request.price_usd,
        generation.charged_usd,
    )


def _read(rows: Iterable[tuple[object, object]]) -> list[Owned]:
    """Those of the rows that can be read; the log names the others."""
    found: list[Owned] = []
    for record, owner_id in rows:
        try:
            found.append(Owned(from_json(record), owner_id if isinstance(owner_id, str) else ""))
        except ValueError as error:
            LOG.warning("a generation in the store cannot be read: %s", hidden(str(error))[:200])
    return found


def _find(db: sqlite3.Connection, generation_id: str, known: Generation | None = None) -> Owned | None:
    """What stands there. Where the row cannot be read, `known` as far as the row's columns tell of it, unless it is
    without an owner and has no other task: then what is known is more."""
    found = _read(db.execute(f"{_ROWS} WHERE id = ?", (generation_id,)))
    if found or known is None:
        return found[0] if found else None
    columns = db.execute("SELECT state, owner, task_id FROM generation WHERE id = ?", (generation_id,)).fetchone()
    state, owner_id, task_id = (each if isinstance(each, str) else "" for each in columns or ("", "", ""))
    if not owner_id and task_id in {"", known.task_id}:
        return None
    state = next((each for each in State if each.value == state), known.state)
    return Owned(replace(known, state=state, task_id=task_id, parked=False), owner_id)


def _is_anothers(found: Owned, generation: Generation, owner_id: str) -> bool:
    """True where another owner works on it, or has come to an end with a task that this one knows nothing of."""
    has_another_task = found.generation.task_id not in {"", generation.task_id}
    return found.owner_id not in {"", owner_id} or (not found.owner_id and has_another_task)


def _may_be_taken(found: Generation, wanted: Generation) -> bool:
    if provider_of(wanted.request.model).is_free:
        return True  # nothing can be paid twice
    if wanted.state in AT_THE_SERVICE:
        # It has a task, so it knows more than a store that could not be written when the answer came.
        return found.state in AT_THE_SERVICE or found.state in {State.SUBMITTING, State.OUTCOME_UNKNOWN}
    if wanted.state is State.SUBMITTING:
        # To be looked for at the service.
        return found.state in {State.SUBMITTING, State.OUTCOME_UNKNOWN}
    return found.state in {State.QUEUED, State.FAILED, State.OUTCOME_UNKNOWN}
