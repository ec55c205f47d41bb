# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tasks have cost: sums for the artist, and a list for bills."""

import csv
import io
import time
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from ...piapi.models import PRICE_KNOWN_LATER
from ..file_names import path_key, writable

COLUMNS = ("date", "task", "model", "name", "blend file", "charged USD", "price USD", "known")
CHARGED = "charged"
AT_MOST = "at most"
NOT_TOLD = "not told"

_FORMULA_BEGINS_WITH = tuple("=+-@＝＋－＠\t\r\n")  # the wide ones count in East Asian spreadsheets


class TaskCost(NamedTuple):
    """A task of the service. `at` in Unix seconds, `charged_usd` None where the service has not said: then it is at
    most `price_usd`, which may be PRICE_KNOWN_LATER. `blend_file` "" while it was unsaved, or for one made elsewhere.
    """

    task_id: str
    at: float
    model: str
    name: str
    blend_file: str
    charged_usd: float | None
    price_usd: float


class Amount(NamedTuple):
    """US dollars; `is_exact` False where a charge is not known, and the price is counted instead. `has_untold` where
    there is neither, and the sum is of the others."""

    usd: float = 0.0
    is_exact: bool = True
    has_untold: bool = False


class Spending(NamedTuple):
    """What was spent in the calendar month (local time), in one .blend, and ever."""

    month: Amount = Amount()
    file: Amount = Amount()
    ever: Amount = Amount()


def spending(tasks: Iterable[TaskCost], now: float, blend_file: str) -> Spending:
    """The sums. `now` in Unix seconds; nothing was spent in a file that is not saved (`blend_file` "")."""
    known = list(tasks)
    file = path_key(writable(blend_file))
    begin = _begin_of_month(now)
    return Spending(
        month=_sum(task for task in known if task.at >= begin),
        file=_sum(task for task in known if file and path_key(task.blend_file) == file),
        ever=_sum(known),
    )


def to_csv(tasks: Iterable[TaskCost]) -> bytes:
    """The tasks as a table for a spreadsheet, a row each, with a heading; times are local.

    UTF-8 with a mark at its beginning, without which Excel takes it for something else.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for task in tasks:
        table.writerow(
            (
                _moment(task.at),
                harmless(task.task_id),
                harmless(task.model),
                harmless(task.name),
                harmless(task.blend_file),
                "" if task.charged_usd is None else f"{task.charged_usd:.4f}",
                "" if task.price_usd == PRICE_KNOWN_LATER else f"{task.price_usd:.4f}",
                _known(task),
            )
        )
    return text.getvalue().encode("utf-8-sig", "replace")


def _sum(tasks: Iterable[TaskCost]) -> Amount:
    usd, is_exact, has_untold = 0.0, True, False
    for task in tasks:
        if _known(task) == NOT_TOLD:
            has_untold = True
        else:
            usd += task.price_usd if task.charged_usd is None else task.charged_usd
        is_exact = is_exact and task.charged_usd is not None
    return Amount(round(usd, 6), is_exact, has_untold)


def _known(task: TaskCost) -> str:
    """What is known of the cost."""
    if task.charged_usd is not None:
        return CHARGED
    return NOT_TOLD if task.price_usd == PRICE_KNOWN_LATER else AT_MOST


def _moment(at: float) -> str:
    """Local time; "" for what no calendar has: one such row must not keep the others from the bill."""
    try:
        return datetime.fromtimestamp(at).isoformat(" ", "seconds")
    except (ValueError, OverflowError, OSError):
        return ""


def _begin_of_month(now: float) -> float:
    here = time.localtime(now)
    return time.mktime((here.tm_year, here.tm_mon, 1, 0, 0, 0, 0, 0, -1))


def harmless(text: str) -> str:
    """A spreadsheet runs what begins like a formula, and a prompt may begin in any way: an apostrophe makes it text."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_BEGINS_WITH) else text
