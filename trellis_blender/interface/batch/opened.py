# SPDX-License-Identifier: GPL-3.0-or-later
"""The table that is open in the panel *Batch*, read in a thread: a thousand pictures may have to be looked at."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import bpy

from ..state import background, settings
from ..viewport import redraw

if TYPE_CHECKING:
    from ...batch.plan import Plan
    from ...batch.row import Defaults, Row

WORK = "batch-table"
PASTED_MAX = 4 * 2**20
"""Characters that are taken from the clipboard."""


class Opened(NamedTuple):
    """A table's file, and what a draw must not look for in 20,000 rows each time: those that can be made, by their
    numbers, and those that cannot; their models; the price of each model that is to be made.
    """

    path: Path
    price_usd: float
    good: "dict[int, Row]"
    bad: "list[Row]"
    models: tuple[str, ...]
    prices_usd: tuple[float, ...]


class _Memory:
    opened: Opened | None = None
    problem = ""


def current() -> Opened | None:
    """The table that is open, None for none."""
    return _Memory.opened


def problem() -> str:
    """Why the last table could not be read, as a sentence; "" where it could."""
    return _Memory.problem


def is_reading() -> bool:
    """Whether a table is being read."""
    return background.is_running(WORK)


def read(path: Path, scene: bpy.types.Scene) -> None:
    """Reads a table, or reads it again, in a thread."""
    defaults = defaults_of(scene, path.parent)
    _Memory.problem = ""

    def work() -> "Opened | str":
        from ...batch.plan import read_plan
        from ...batch.table import TableUnusable

        try:
            return _opened(path, read_plan(path, defaults))
        except TableUnusable as error:
            return str(error)

    background.in_thread(WORK, work, _take)
    redraw.sidebars()


def defaults_of(scene: bpy.types.Scene, folder: Path) -> "Defaults":
    """What counts for rows that say nothing of it: what the panels show."""
    from ...batch.row import Defaults

    found = settings.settings_of(scene)
    return Defaults(folder, model=found.model, finish=found.finish, size_m=found.longest_side)


def keep_pasted(text: str, folder: Path) -> Path:
    """The file that a pasted list becomes, a prompt on each line. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"Prompts {time.strftime('%Y-%m-%d %H.%M.%S')}.txt"
    path.write_text(text[:PASTED_MAX], encoding="utf-8")
    return path


def close() -> None:
    """Forgets the table."""
    background.drop(WORK)
    _Memory.opened, _Memory.problem = None, ""


def prices_of(rows: "Iterable[Row]") -> tuple[float, ...]:
    """The price of each model: a row may be of several."""
    return tuple(row.price_usd / row.variations for row in rows for _ in range(row.variations))


def _opened(path: Path, plan: "Plan") -> Opened:
    good = {row.number: row for row in plan.rows if not row.problem}
    models = tuple(sorted({row.model for row in good.values()}))
    return Opened(path, plan.price_usd, good, plan.problems, models, prices_of(good.values()))


def _take(found: "Opened | str") -> None:
    _Memory.opened, _Memory.problem = (None, found) if isinstance(found, str) else (found, "")
    redraw.sidebars()
