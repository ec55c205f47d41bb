# SPDX-License-Identifier: GPL-3.0-or-later
"""The one truth about every generation: a SQLite file, written before a step is acted on.

A connection is opened for each operation: there are few of them, any thread may make them, and none stays open.
The rollback journal is used rather than WAL, which does not work on the network drives that studios keep homes on.
"""

import json
import logging
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from .problems import FolderUnusable, explain_os_error
from .record import Generation
from .request import GenerationRequest, Placement
from .states import AT_THE_SERVICE, State

LOG = logging.getLogger(__name__)

SCHEMA_VERSION = 1
LOCK_TIMEOUT_S = 10.0
ANSWER_LIMIT_S = 300.0
"""A submission is three attempts at the most, each with a connect timeout of 10 s and a read timeout of 60 s."""
DURATIONS_LOOKED_AT = 20
FILE_NAME = "generations.sqlite3"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS generation (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    created_at REAL NOT NULL,
    model TEXT NOT NULL,
    api_url TEXT NOT NULL,
    duration_s REAL,
    record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_duration ON generation (model, api_url, created_at) WHERE duration_s IS NOT NULL;
"""

_NOT_STORED = ("stage", "progress", "expected_s")


class Store:
    """The generations of one folder. Every method may be called from any thread; none from Blender's main thread,
    because a commit waits for the disk.

    All raise FolderUnusable with a sentence where the file cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._is_prepared = False

    def save(self, generation: Generation) -> None:
        """Writes the generation; durable when this returns."""
        with self._opened() as db:
            self._write(db, generation)

    def _write(self, db: sqlite3.Connection, generation: Generation) -> None:
        is_timed = generation.finished_at > generation.submitted_at > 0
        duration_s = generation.finished_at - generation.submitted_at if is_timed else None
        row = (
            generation.id,
            generation.state.value,
            generation.created_at,
            generation.request.model,
            generation.api_url,
            duration_s,
            to_json(generation),
        )
        db.execute("INSERT OR REPLACE INTO generation VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def load_all(self) -> list[Generation]:
        """Every generation, oldest first."""
        with self._opened() as db:
            rows = db.execute("SELECT record FROM generation ORDER BY created_at").fetchall()
        return [generation for row in rows if (generation := _readable(row[0])) is not None]

    def load(self, generation_id: str) -> Generation | None:
        """One generation as it was written last; None where there is none."""
        with self._opened() as db:
            row = db.execute("SELECT record FROM generation WHERE id = ?", (generation_id,)).fetchone()
        return _readable(row[0]) if row else None

    def take_up(self, generation: Generation, now: float) -> Generation | None:
        """Writes a generation that is to be worked on, and returns None.

        Where another Blender on the same store has taken it further meanwhile, nothing is written, and its record
        returned.
        """
        with self._opened() as db:
            db.execute("BEGIN IMMEDIATE")
            row = db.execute("SELECT record FROM generation WHERE id = ?", (generation.id,)).fetchone()
            found = _readable(row[0]) if row else None
            if found is not None and not _may_be_taken_up(found, generation, now):
                return found
            self._write(db, generation)
        return None

    def claim(self, generation: Generation) -> bool:
        """Writes a queued generation that is about to be submitted; False where another Blender has taken it."""
        with self._opened() as db:
            written = db.execute(
                "UPDATE generation SET state = ?, record = ? WHERE id = ? AND state = ?",
                (generation.state.value, to_json(generation), generation.id, State.QUEUED.value),
            )
            return written.rowcount == 1

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
                db.execute("PRAGMA synchronous = FULL")
                if not self._is_prepared:
                    self._prepare(db)
                with db:
                    yield db
        except OSError as error:
            raise explain_os_error(error, self._path.parent) from None
        except sqlite3.Error as error:
            raise FolderUnusable(self._path.parent, str(error)) from None

    def _prepare(self, db: sqlite3.Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise FolderUnusable(self._path.parent, "a newer version of the add-on wrote it, update the add-on")
        with db:
            db.executescript(_SCHEMA)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._is_prepared = True


def to_json(generation: Generation) -> str:
    """The generation as the store and `generation.json` keep it: no key, no pixels."""
    fields = asdict(generation)
    for name in _NOT_STORED:
        del fields[name]
    fields["state"] = generation.state.value
    del fields["request"]["picture"]
    fields["request"]["parameters"] = dict(generation.request.parameters)
    return json.dumps(fields, ensure_ascii=False, indent=1)


def from_json(text: str) -> Generation:
    """The inverse of `to_json`."""
    fields = cast("dict[str, Any]", json.loads(text))
    request = cast("dict[str, Any]", fields.pop("request"))
    placement = cast("dict[str, Any]", request.pop("placement"))
    placement["location"] = tuple(placement["location"])
    request["parameters"] = tuple(request["parameters"].items())
    fields["state"] = State(fields["state"])
    return Generation(request=GenerationRequest(placement=Placement(**placement), **request), **fields)


def _readable(text: str) -> Generation | None:
    try:
        return from_json(text)
    except (ValueError, TypeError, KeyError, AttributeError):
        LOG.exception("a generation in the store cannot be read")
        return None


def _may_be_taken_up(found: Generation, wanted: Generation, now: float) -> bool:
    if not wanted.request.price_usd:
        return True  # nothing can be paid twice
    if wanted.state in AT_THE_SERVICE:
        # It has a task, so it knows more than a store that could not be written when the answer came.
        return found.state in AT_THE_SERVICE or found.state in {State.SUBMITTING, State.OUTCOME_UNKNOWN}
    return found.state in {State.QUEUED, State.FAILED, State.OUTCOME_UNKNOWN} or is_answer_lost(found, now)


def is_answer_lost(found: Generation, now: float) -> bool:
    """True where a submission is so old that no Blender can still be waiting for its answer."""
    return found.state is State.SUBMITTING and now - found.submitted_at > ANSWER_LIMIT_S
