# SPDX-License-Identifier: GPL-3.0-or-later
"""The one truth about every generation: a SQLite file, written before a step is acted on.

A connection is opened for each operation: there are few of them, any thread may make them, and none stays open.
The rollback journal is used rather than WAL, which does not work on the network drives that studios keep homes on.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, cast

from ..piapi.picture_models import PRICE_TOLD_LATER
from .problems import DiskFull, FolderUnusable, explain_os_error
from .record import Generation
from .request import GenerationRequest, Placement
from .spending import TaskCost
from .states import AT_THE_SERVICE, State

LOG = logging.getLogger(__name__)

SCHEMA_VERSION = 3
LOCK_TIMEOUT_S = 10.0
DURATIONS_LOOKED_AT = 20
DURATION_MAX_S = 3600.0
"""Longer ones tell of a computer that slept, or of a clock that was put right, and nothing of the model."""
FILE_NAME = "generations.sqlite3"

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS generation (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    created_at REAL NOT NULL,
    model TEXT NOT NULL,
    api_url TEXT NOT NULL,
    duration_s REAL,
    record TEXT NOT NULL,
    owner TEXT NOT NULL DEFAULT '',
    task_id TEXT NOT NULL DEFAULT ''
)""",
    "CREATE INDEX IF NOT EXISTS by_duration ON generation (model, api_url, created_at) WHERE duration_s IS NOT NULL",
    # Every task there ever was, and what it cost: it outlives the generation's row, which may be removed or be
    # submitted again as another task.
    """CREATE TABLE IF NOT EXISTS task (
    id TEXT PRIMARY KEY,
    generation TEXT NOT NULL,
    at REAL NOT NULL,
    model TEXT NOT NULL,
    name TEXT NOT NULL,
    blend_file TEXT NOT NULL,
    price_usd REAL NOT NULL,
    charged_usd REAL
)""",
)
_TASK = """INSERT INTO task (id, generation, at, model, name, blend_file, price_usd, charged_usd)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET generation = excluded.generation,
charged_usd = coalesce(excluded.charged_usd, charged_usd)"""
_COLUMNS = "id, state, created_at, model, api_url, duration_s, record, owner, task_id"
_NEW_IN_2 = ("owner", "task_id")

_NOT_STORED = ("stage", "progress", "expected_s", "elsewhere", "interrupted", "removed")


class Owned(NamedTuple):
    """A generation, and the name of the owner that works on it, "" for nobody."""

    generation: Generation
    owner_id: str


class Store:
    """The generations of one folder. Every method may be called from any thread; none from Blender's main thread,
    because a commit waits for the disk.

    All raise FolderUnusable or DiskFull with a sentence where the file cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._is_prepared = False

    def save(self, generation: Generation, owner_id: str = "") -> None:
        """Writes the generation; durable when this returns. While it is worked on, `owner_id` is who does."""
        with self._opened() as db:
            self._write(db, generation, owner_id)

    def _write(self, db: sqlite3.Connection, generation: Generation, owner_id: str = "") -> None:
        took_s = generation.finished_at - generation.submitted_at
        duration_s = took_s if generation.submitted_at and 0 < took_s <= DURATION_MAX_S else None
        row = (
            generation.id,
            generation.state.value,
            generation.created_at,
            generation.request.model,
            generation.api_url,
            duration_s,
            to_json(generation),
            owner_id if generation.is_working else "",
            generation.task_id,
        )
        db.execute(f"INSERT OR REPLACE INTO generation ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
        if generation.task_id:
            db.execute(_TASK, _task_row(generation))

    def load_all(self) -> list[Owned]:
        """Every generation with its owner, oldest first."""
        with self._opened() as db:
            rows = db.execute("SELECT record, owner FROM generation ORDER BY created_at").fetchall()
        return [Owned(found, row[1]) for row in rows if (found := _readable(row[0])) is not None]

    def ids(self) -> set[str]:
        """Of all generations, those included that cannot be read."""
        with self._opened() as db:
            return {row[0] for row in db.execute("SELECT id FROM generation")}

    def load(self, generation_id: str) -> Owned | None:
        """One generation as it was written last, with its owner; None where there is none."""
        with self._opened() as db:
            return _find(db, generation_id)

    def load_taken(self) -> list[Owned]:
        """What somebody works on, or was working on when their Blender ended."""
        with self._opened() as db:
            rows = db.execute("SELECT record, owner FROM generation WHERE owner != '' ORDER BY created_at").fetchall()
        return [Owned(found, row[1]) for row in rows if (found := _readable(row[0])) is not None]

    def take(self, generation: Generation, owner_id: str, is_alive: Callable[[str], bool]) -> Owned | None:
        """Writes a generation that `owner_id` is going to work on, and returns None.

        Where another living owner works on it, or has taken it further meanwhile, nothing is written, and what stands
        there returned.
        """
        with self._opened() as db:
            db.execute("BEGIN IMMEDIATE")
            found = _find(db, generation.id)
            if found is not None:
                is_held = found.owner_id != owner_id and is_alive(found.owner_id)
                if is_held or not _may_be_taken(found.generation, generation):
                    return found
            self._write(db, generation, owner_id)
        return None

    def adopt(self, generation: Generation, owner_id: str) -> bool:
        """Writes a generation that has found its task at the service; False where another one has that task."""
        with self._opened() as db:
            db.execute("BEGIN IMMEDIATE")
            query = "SELECT 1 FROM task WHERE id = ? AND generation != ?"
            if db.execute(query, (generation.task_id, generation.id)).fetchone():
                return False
            self._write(db, generation, owner_id)
        return True

    def remove(self, generation_id: str) -> None:
        """Takes a generation out. What its tasks cost stays known."""
        with self._opened() as db:
            db.execute("DELETE FROM generation WHERE id = ?", (generation_id,))

    def with_task(self, task_id: str) -> Owned | None:
        """The generation that has a task; None where there is none, or no longer."""
        with self._opened() as db:
            row = db.execute("SELECT id FROM generation WHERE task_id = ?", (task_id,)).fetchone()
            return _find(db, row[0]) if row else None

    def known_tasks(self) -> set[str]:
        """The ids of all tasks that a generation has or had."""
        with self._opened() as db:
            return {row[0] for row in db.execute("SELECT id FROM task")}

    def costs(self) -> list[TaskCost]:
        """What every task has cost that could cost anything, oldest first. Makes no folder to look into."""
        if not self._path.exists():
            return []
        with self._opened() as db:
            rows = db.execute(
                "SELECT id, at, model, name, blend_file, charged_usd, price_usd FROM task"
                " WHERE price_usd > 0 OR charged_usd > 0 ORDER BY at, id"
            ).fetchall()
        return [TaskCost(*row) for row in rows]

    def owners(self) -> set[str]:
        """Who works on something, as far as the store knows; some of them may be dead."""
        with self._opened() as db:
            return {row[0] for row in db.execute("SELECT DISTINCT owner FROM generation WHERE owner != ''")}

    def usual_duration_s(self, model: str, api_url: str) -> float | None:
        """Seconds from submission to "completed", the median of the latest ones; None where there was none yet."""
        with self._opened() as db:
            rows = db.execute(
                "SELECT duration_s FROM generation WHERE model = ? AND api_url = ? AND duration_s IS NOT NULL"
                " ORDER BY created_at DESC LIMIT ?",
                (model, api_url, DURATIONS_LOOKED_AT),
            ).fetchall()
        durations = sorted(row[0] for row in rows)
        return durations[len(durations) // 2] if durations else None

    @contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        try:
            if not self._is_prepared:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=LOCK_TIMEOUT_S)) as db:
                # FULL would leave it to chance whether a power cut brings back what the last step has replaced.
                db.execute("PRAGMA synchronous = EXTRA")
                if not self._is_prepared:
                    self._prepare(db)
                with db:
                    yield db
        except OSError as error:
            raise explain_os_error(error, self._path.parent) from None
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise DiskFull(self._path.parent) from None
            raise FolderUnusable(self._path.parent, str(error)) from None

    def _prepare(self, db: sqlite3.Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise FolderUnusable(self._path.parent, "a newer version of the add-on wrote it, update the add-on")
        if version < SCHEMA_VERSION:
            with db:
                db.execute("BEGIN IMMEDIATE")
                self._upgrade(db)
        self._is_prepared = True

    def _upgrade(self, db: sqlite3.Connection) -> None:
        # Asked again: another Blender may have been first.
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 1:
            for column in _NEW_IN_2:
                db.execute(f"ALTER TABLE generation ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
        for statement in _SCHEMA:
            db.execute(statement)
        for row in db.execute("SELECT record FROM generation").fetchall():
            generation = _readable(row[0])
            if generation is not None and generation.task_id:
                db.execute("UPDATE generation SET task_id = ? WHERE id = ?", (generation.task_id, generation.id))
                db.execute(_TASK, _task_row(generation))
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def to_json(generation: Generation) -> str:
    """The generation as the store and `generation.json` keep it: no key, no pixels."""
    fields = asdict(generation)
    for name in _NOT_STORED:
        del fields[name]
    fields["state"] = generation.state.value
    del fields["request"]["picture"]
    fields["request"]["parameters"] = dict(generation.request.parameters)
    if generation.request.price_usd == PRICE_TOLD_LATER:
        fields["request"]["price_usd"] = None  # JSON has no word for it
    return json.dumps(fields, ensure_ascii=False, indent=1)


def from_json(text: str) -> Generation:
    """The inverse of `to_json`."""
    fields = cast("dict[str, Any]", json.loads(text))
    request = cast("dict[str, Any]", fields.pop("request"))
    placement = cast("dict[str, Any]", request.pop("placement"))
    placement["location"] = tuple(placement["location"])
    request["parameters"] = tuple(request["parameters"].items())
    if request["price_usd"] is None:
        request["price_usd"] = PRICE_TOLD_LATER
    fields["state"] = State(fields["state"])
    return Generation(request=GenerationRequest(placement=Placement(**placement), **request), **fields)


def _task_row(generation: Generation) -> tuple[object, ...]:
    request = generation.request
    return (
        generation.task_id,
        generation.id,
        generation.submitted_at or generation.created_at,
        request.model,
        request.name,
        request.placement.blend_file,
        request.price_usd,
        generation.charged_usd,
    )


def _readable(text: str) -> Generation | None:
    try:
        return from_json(text)
    except (ValueError, TypeError, KeyError, AttributeError):
        LOG.exception("a generation in the store cannot be read")
        return None


def _find(db: sqlite3.Connection, generation_id: str) -> Owned | None:
    row = db.execute("SELECT record, owner FROM generation WHERE id = ?", (generation_id,)).fetchone()
    found = _readable(row[0]) if row else None
    return Owned(found, row[1]) if found is not None else None


def _may_be_taken(found: Generation, wanted: Generation) -> bool:
    if not wanted.request.price_usd:
        return True  # nothing can be paid twice
    if wanted.state in AT_THE_SERVICE:
        # It has a task, so it knows more than a store that could not be written when the answer came.
        return found.state in AT_THE_SERVICE or found.state in {State.SUBMITTING, State.OUTCOME_UNKNOWN}
    if wanted.state is State.SUBMITTING:
        # To be looked for at the service.
        return found.state in {State.SUBMITTING, State.OUTCOME_UNKNOWN}
    return found.state in {State.QUEUED, State.FAILED, State.OUTCOME_UNKNOWN}
