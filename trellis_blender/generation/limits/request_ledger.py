# SPDX-License-Identifier: GPL-3.0-or-later
"""When an account was asked, by all Blenders of this computer, those that have ended meanwhile included.

Times are `time.monotonic`'s, which is one for all processes, and which no correction of the clock moves. What is later
than now is from before a restart of the computer.
"""

import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    import sqlite3

FILE_NAME = "requests.sqlite3"
BUSY_S = 1.0
"""Another one writes for some milliseconds."""
TRY_AGAIN_S = 0.2
BLOCKED_S = 30.0
"""The file is locked for that long only by a process that hangs."""
PLAN_KNOWN_S = 24 * 3600.0
HOLD_LIMIT_S = 24 * 3600.0
MOST_PER_MINUTE = 1_000_000
SHORTEST_WAIT_S = 0.001
"""What is less may be too little for the clock to go on by."""
LATER_S = 1.0
"""By so much two processors' clocks may differ, and more than that."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS sent (account TEXT NOT NULL, at REAL NOT NULL)",
    """CREATE TABLE IF NOT EXISTS account (
    id TEXT PRIMARY KEY,
    per_minute INTEGER,
    told_at REAL,
    held_at REAL,
    held_until REAL
)""",
)
Result = TypeVar("Result")


class LedgerUnusable(Exception):
    """There is none on this computer; each Blender keeps its own count."""


class Turn(NamedTuple):
    """`wait_s` 0 where a request may go out now, and is counted. `limit`: requests in a minute, as the account's plan
    has it by what any Blender was answered."""

    wait_s: float
    limit: int


class Ledger:
    """The requests of one account. For any thread but Blender's main thread."""

    def __init__(self, folder: Callable[[], Path], account: str, now: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._account = account
        self._now = now
        self._blocked_since: float | None = None

    def turn(self, limit: int, window_s: float) -> Turn:
        """Whether a request may go out, of at most `limit` in any `window_s`. Raises LedgerUnusable."""
        return self._do(lambda db: self._turn(db, limit, window_s)) or Turn(TRY_AGAIN_S, limit)

    def hold(self, seconds: float) -> None:
        """No Blender sends a request for so long. Raises LedgerUnusable."""
        self._do(lambda db: self._hold(db, min(seconds, HOLD_LIMIT_S)))

    def adopt(self, per_minute: int) -> None:
        """The account's plan has this limit. Raises LedgerUnusable."""
        self._do(
            lambda db: db.execute(
                "UPDATE account SET per_minute = ?, told_at = ? WHERE id = ?", (per_minute, self._now(), self._account)
            )
        )

    def _turn(self, db: "sqlite3.Connection", limit: int, window_s: float) -> Turn:
        now = self._now()
        db.execute("DELETE FROM sent WHERE at > ? OR at <= ?", (now + LATER_S, now - window_s))
        query = "SELECT per_minute, told_at, held_at, held_until FROM account WHERE id = ?"
        per_minute, told_at, held_at, held_until = db.execute(query, (self._account,)).fetchone()
        if told_at is not None and told_at <= now + LATER_S < told_at + PLAN_KNOWN_S:
            limit = max(min(per_minute, MOST_PER_MINUTE), 1)
        if held_at is not None and held_at <= now + LATER_S and now < held_until:
            return Turn(min(held_until - now, HOLD_LIMIT_S), limit)
        query = "SELECT at FROM sent WHERE account = ? ORDER BY at DESC LIMIT ?"
        sent = [row[0] for row in db.execute(query, (self._account, limit))]
        if len(sent) >= limit:
            return Turn(max(window_s - (now - sent[-1]), SHORTEST_WAIT_S), limit)
        db.execute("INSERT INTO sent VALUES (?, ?)", (self._account, now))
        return Turn(0.0, limit)

    def _hold(self, db: "sqlite3.Connection", seconds: float) -> None:
        now = self._now()
        until = now + seconds
        # What another one has heard does not make it shorter.
        db.execute(
            "UPDATE account SET held_at = ?, held_until = ? WHERE id = ?"
            " AND (held_until IS NULL OR held_until < ? OR held_at > ?)",
            (now, until, self._account, until, now + LATER_S),
        )

    def _do(self, act: "Callable[[sqlite3.Connection], Result]") -> "Result | None":
        """What `act` returns in a transaction; None where others write all the time."""
        import sqlite3  # loading it takes longer than an artist's frame may

        try:
            path = self._folder() / FILE_NAME
            with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as db:
                db.execute("PRAGMA synchronous = OFF")  # it is of no use after a power cut
                db.execute("BEGIN IMMEDIATE")
                self._blocked_since = None
                for statement in _SCHEMA:
                    db.execute(statement)
                db.execute("INSERT OR IGNORE INTO account (id) VALUES (?)", (self._account,))
                result = act(db)
                db.execute("COMMIT")
                return result
        except (OSError, sqlite3.Error, TypeError) as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and not self._is_blocked():
                return None
            if code not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}:
                # It is none, or of another version: the next one makes it again.
                with suppress(OSError):
                    (self._folder() / FILE_NAME).unlink()
            raise LedgerUnusable(str(error)) from None

    def _is_blocked(self) -> bool:
        now = time.monotonic()
        if self._blocked_since is None:
            self._blocked_since = now
        return now - self._blocked_since > BLOCKED_S
