# SPDX-License-Identifier: GPL-3.0-or-later
"""Generations read out of the store's rows, each with who works on it."""

import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from ...piapi.redaction import LOOKED_THROUGH, hidden
from ..record.generation import Generation
from ..states import State
from .stored import LENGTH_LIMIT, from_json

LOG = logging.getLogger(__name__)

# In bytes: of a text, SQLite counts the characters before the first NUL only.
ROWS = f"SELECT CASE WHEN length(CAST(record AS BLOB)) <= {LENGTH_LIMIT} THEN record END, owner FROM generation"  # noqa: S608


class Owned(NamedTuple):
    """A generation, and the name of the owner that works on it, "" where none does."""

    generation: Generation
    owner_id: str


def read(rows: Iterable[tuple[object, object]]) -> list[Owned]:
    """Those of the rows that can be read; the log names the others."""
    found: list[Owned] = []
    for record, owner_id in rows:
        try:
            found.append(Owned(from_json(record), owner_id if isinstance(owner_id, str) else ""))
        except ValueError as error:
            LOG.warning("a generation in the store cannot be read: %s", hidden(str(error), LOOKED_THROUGH)[:200])
    return found


def find(db: sqlite3.Connection, generation_id: str, known: Generation | None = None) -> Owned | None:
    """What stands there. Where the row cannot be read, `known` as far as the row's columns tell of it, unless it is
    without an owner and has no other task: then what is known is more."""
    found = read(db.execute(f"{ROWS} WHERE id = ?", (generation_id,)))
    if found or known is None:
        return found[0] if found else None
    columns = db.execute("SELECT state, owner, task_id FROM generation WHERE id = ?", (generation_id,)).fetchone()
    state, owner_id, task_id = (each if isinstance(each, str) else "" for each in columns or ("", "", ""))
    if not owner_id and task_id in {"", known.task_id}:
        return None
    state = next((each for each in State if each.value == state), known.state)
    return Owned(replace(known, state=state, task_id=task_id, parked=False), owner_id)
