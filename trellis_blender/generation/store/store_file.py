# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQLite file of the store: its tables, how it is opened, and what is done where it is deleted.

A connection is opened for each operation: there are few of them, any thread may make them, and none stays open.
The rollback journal is used rather than WAL, which does not work on the network drives that studios keep homes on.
"""

import logging
import random
import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from functools import wraps
from pathlib import Path
from queue import SimpleQueue
from typing import ParamSpec, TypeVar, cast

from ..problems import DiskFull, FolderUnusable, ListDamaged, explain_os_error
from ..threads import come_so_far

LOG = logging.getLogger(__name__)

SCHEMA_VERSION = 3
"""Of 0.1.0, the first release."""
LOCK_TIMEOUT_S = 10.0
MOVED = {sqlite3.SQLITE_READONLY_DBMOVED, sqlite3.SQLITE_IOERR_DELETE_NOENT, sqlite3.SQLITE_CANTOPEN}
"""What SQLite says where the file, or what it writes beside it, is gone."""
MOVED_TRIES = 2
"""Before the last one."""

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

Given = ParamSpec("Given")
Found = TypeVar("Found")


class _Moved(FolderUnusable):
    """The file was deleted while it was open."""


def again_where_moved(act: Callable[Given, Found]) -> Callable[Given, Found]:
    """Done again in the file that is made then, where the folder is deleted at the same moment."""

    @wraps(act)
    def tried(*arguments: Given.args, **options: Given.kwargs) -> Found:
        for _ in range(MOVED_TRIES):
            with suppress(_Moved):
                return act(*arguments, **options)
        return act(*arguments, **options)

    return tried


class _Wish:
    """Something to be written, and what came of it."""

    def __init__(self, act: Callable[[sqlite3.Connection], object]) -> None:
        self.act = act
        self.found: object = None
        self.problem: Exception | None = None
        self.is_settled = False


class StoreFile:
    """The file at `path`, made where there is none. Where it is gone, or is another one than before, `refill` writes
    into the new one what is known.
    """

    def __init__(self, path: Path, refill: Callable[[sqlite3.Connection], None]) -> None:
        self._path = path
        self._refill = refill
        self._number: int | None = None
        self._writing = threading.Lock()
        self._wishes: SimpleQueue[_Wish] = SimpleQueue()

    def write(self, act: Callable[[sqlite3.Connection], Found]) -> Found:
        """What `act` returns, or raises; what it has written is on the disk then.

        What several threads want to write at the same moment is one transaction: each waits for the disk, which takes
        longer than all else. An `act` may be called more than once, of which only the last time counts.
        """
        wish = _Wish(act)
        self._wishes.put(wish)
        with self._writing:
            if not wish.is_settled:
                wishes = come_so_far(self._wishes)
                self._settle(wishes if wish in wishes else [wish, *wishes])
        if wish.problem is not None:
            raise wish.problem
        return cast("Found", wish.found)

    def _settle(self, wishes: list[_Wish]) -> None:
        """Where one fails, nothing was written, and each is tried alone, unless another Blender keeps all waiting."""
        try:
            with self.opened() as db:
                db.execute("BEGIN IMMEDIATE")
                found = [wish.act(db) for wish in wishes]
        except Exception as problem:  # noqa: BLE001 (whoever wanted it gets it)
            for wish in wishes:
                if len(wishes) > 1 and not _is_locked(problem):
                    self._settle([wish])
                else:
                    wish.problem, wish.is_settled = problem, True
            return
        for wish, each in zip(wishes, found, strict=True):
            wish.found, wish.is_settled = each, True

    @contextmanager
    def opened(self) -> Generator[sqlite3.Connection]:
        """A connection with a transaction that is committed at the end of the `with` block, durably."""
        try:
            # Each time: the folder may have been deleted while Blender runs.
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=LOCK_TIMEOUT_S)) as db:
                db.text_factory = _text
                # FULL would leave it to chance whether a power cut brings back what the last step has replaced.
                db.execute("PRAGMA synchronous = EXTRA")
                db.execute("PRAGMA fullfsync = ON")  # only macOS has it
                self._prepare(db)
                with db:
                    yield db
        except OSError as error:
            raise explain_os_error(error, self._path.parent) from None
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0)
            if code == sqlite3.SQLITE_FULL:
                raise DiskFull(self._path.parent) from None
            if code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise ListDamaged(self._path, str(error)) from None
            kind = _Moved if code in MOVED else FolderUnusable
            raise kind(self._path.parent, str(error)) from None

    def _prepare(self, db: sqlite3.Connection) -> None:
        version, number = _pragma(db, "user_version"), _pragma(db, "application_id")
        if version not in {0, SCHEMA_VERSION}:
            raise FolderUnusable(self._path.parent, "a newer version of the add-on wrote it, update the add-on")
        if version == SCHEMA_VERSION and self._number in {None, number}:
            self._number = number
            return
        with db:
            db.execute("BEGIN IMMEDIATE")
            self._create(db)
            if self._number not in {None, _pragma(db, "application_id")}:
                LOG.warning("the store was gone, and is written again")
                self._refill(db)
        self._number = _pragma(db, "application_id")

    def _create(self, db: sqlite3.Connection) -> None:
        # Asked again: another Blender may have been first.
        if _pragma(db, "user_version") == SCHEMA_VERSION:
            return
        # Tells this file from one that is made in its place.
        db.execute(f"PRAGMA application_id = {random.SystemRandom().randrange(1, 2**31)}")
        for statement in _SCHEMA:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _is_locked(problem: Exception) -> bool:
    """Whether it comes from another process that writes all the time."""
    return getattr(problem.__context__, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _text(content: bytes) -> str:
    """One row that is not UTF-8 must not keep the others from being read."""
    return content.decode("utf-8", "replace")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
