# SPDX-License-Identifier: GPL-3.0-or-later
"""The one truth about every generation, written before a step is acted on: what is known of it, and who works on it."""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

from ..file_names import writable
from ..problems import GenerationProblem
from ..providers import provider_of
from ..record.generation import Generation
from ..states import AT_THE_SERVICE, State
from .owned import ROWS, Owned, find, read
from .spending import TaskCost
from .store_file import StoreFile, again_where_moved
from .stored import to_json

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
_REFUSED_VIEWS = "CREATE TABLE IF NOT EXISTS refused_views (account TEXT PRIMARY KEY)"
"""It came after the first release, whose files have none."""


class TakenOver(GenerationProblem):
    """Another owner has taken the generation meanwhile, who thought that this one was dead. `found` is what stands in
    the store."""

    def __init__(self, found: Owned) -> None:
        self.found = found
        super().__init__("Another Blender works on this generation now.")


class Store:
    """The generations of one folder. Every method may be called from any thread; none from Blender's main thread,
    because a commit waits for the disk.

    All raise FolderUnusable, ListDamaged or DiskFull with a sentence where the file cannot be read or written. Where
    the file is gone, or is another one than before, a new one is made, and what `remembered` gives is written into it.
    """

    def __init__(self, folder: Path, remembered: Callable[[], Iterable[Owned]] = lambda: ()) -> None:
        self._path = folder / FILE_NAME
        self._remembered = remembered
        self._file = StoreFile(self._path, self._refill)

    @again_where_moved
    def save(self, generation: Generation, owner_id: str = "") -> None:
        """Writes the generation; durable when this returns. While it is worked on, `owner_id` is who does."""
        self._file.write(lambda db: self._write(db, generation, owner_id))

    @again_where_moved
    def save_own(self, generation: Generation, owner_id: str) -> None:
        """Writes a generation that `owner_id` works on; TakenOver, and nothing is written, where another owner does or
        has done."""

        def write(db: sqlite3.Connection) -> None:
            found = find(db, generation.id, generation)
            if found is not None and _is_anothers(found, generation, owner_id):
                raise TakenOver(found)
            self._write(db, generation, owner_id)

        self._file.write(write)

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
            if find(db, generation.id) is None:
                self._write(db, generation, owner_id)

    @again_where_moved
    def load_all(self) -> list[Owned]:
        """Every generation with its owner, oldest first."""
        with self._file.opened() as db:
            return read(db.execute(f"{ROWS} ORDER BY created_at"))

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
            return find(db, generation_id, known)

    @again_where_moved
    def load_taken(self) -> list[Owned]:
        """What a Blender works on, or was working on when it ended."""
        with self._file.opened() as db:
            return read(db.execute(f"{ROWS} WHERE owner != '' ORDER BY created_at"))

    @again_where_moved
    def take(self, generation: Generation, owner_id: str, is_alive: Callable[[str], bool]) -> Owned | None:
        """Writes a generation that `owner_id` is going to work on, and returns None.

        Where another living owner works on it, or has taken it further meanwhile, nothing is written, and what stands
        there returned.
        """

        def take(db: sqlite3.Connection) -> Owned | None:
            found = find(db, generation.id, generation)
            if found is not None:
                is_held = found.owner_id != owner_id and is_alive(found.owner_id)
                if is_held or not _may_be_taken(found.generation, generation):
                    return found
            self._write(db, generation, owner_id)
            return None

        return self._file.write(take)

    @again_where_moved
    def adopt(self, generation: Generation, owner_id: str) -> bool:
        """Writes a generation that has found its task at the service; False where another one has that task.

        Where another owner has it and does not know of a task, it does so now. Raises TakenOver where it does.
        """

        def adopt(db: sqlite3.Connection) -> bool:
            query = "SELECT 1 FROM task WHERE id = ? AND generation != ?"
            if db.execute(query, (writable(generation.task_id), generation.id)).fetchone():
                return False
            found = find(db, generation.id, generation)
            if found is not None and found.owner_id not in {"", owner_id} and found.generation.task_id:
                raise TakenOver(found)
            self._write(db, generation, owner_id)
            return True

        return self._file.write(adopt)

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
            return find(db, row[0]) if row else None

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
    def refused_views(self) -> set[str]:
        """The accounts that were refused several pictures for one model. Makes no folder to look into."""
        if not self._path.exists():
            return set()
        with self._file.opened() as db:
            db.execute(_REFUSED_VIEWS)
            return {str(row[0]) for row in db.execute("SELECT account FROM refused_views")}

    @again_where_moved
    def keep_refused_views(self, account: str, *, is_refused: bool) -> None:
        """Adds an account to these, or takes it out again."""
        with self._file.opened() as db:
            db.execute(_REFUSED_VIEWS)
            if is_refused:
                db.execute("INSERT OR IGNORE INTO refused_views (account) VALUES (?)", (writable(account),))
            else:
                db.execute("DELETE FROM refused_views WHERE account = ?", (writable(account),))

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
