# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole table as a plan: which rows can be made, what each costs, and which are this machine's."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from ..generation.file_names import path_key
from .row import Defaults, Row, read_row, stems_of
from .table import Table, read_table

SHARDS_MAX = 1000


class OptionUnusable(ValueError):
    """An option of the command cannot be used. `str(error)` is a sentence; nothing was sent."""


class Shard(NamedTuple):
    """The `number`th of `count` machines, from 1."""

    number: int = 1
    count: int = 1

    @property
    def folder_name(self) -> str:
        """Of what this machine alone writes."""
        return f"{self.number:03}-of-{self.count:03}"

    def has(self, place: int) -> bool:
        """Whether the row at a place of the table, from 0, is its own."""
        return place % self.count == self.number - 1


def read_shard(said: str) -> Shard:
    """ "3/10". Raises OptionUnusable."""
    found = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", said)
    shard = Shard(*map(int, found.groups())) if found else Shard(0, 0)
    if not 1 <= shard.number <= shard.count <= SHARDS_MAX:
        raise OptionUnusable(
            f"--shard is “{said[:40]}”. It has to be two numbers as 3/10, the third of ten machines; at most "
            f"{SHARDS_MAX} share a table."
        )
    return shard


@dataclass(frozen=True, slots=True)
class Plan:
    """All rows of a table, those of other machines as well, in the table's order."""

    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    shard: Shard

    @property
    def own(self) -> list[Row]:
        """This machine's rows."""
        return [row for place, row in enumerate(self.rows) if self.shard.has(place)]

    @property
    def price_usd(self) -> float:
        """What all rows cost that can be made."""
        return price_of(self.rows)

    @property
    def problems(self) -> list[Row]:
        """The rows that cannot be made."""
        return [row for row in self.rows if row.problem]


def price_of(rows: Sequence[Row]) -> float:
    """What rows cost that can be made."""
    return round(sum(row.price_usd for row in rows if not row.problem), 6)


def read_plan(path: Path, defaults: Defaults, shard: Shard = Shard()) -> Plan:  # noqa: B008 (it is frozen)
    """The plan of a table's file. Raises TableUnusable."""
    return make_plan(read_table(path), defaults, shard)


def make_plan(table: Table, defaults: Defaults, shard: Shard = Shard()) -> Plan:  # noqa: B008 (it is frozen)
    """The plan of a table. Reads every picture, so it belongs into a thread where there are many."""
    rows = [read_row(found, defaults) for found in table.rows]
    return Plan(tuple(_named_apart(_without_twins(rows))), table.columns, shard)


def _without_twins(rows: list[Row]) -> list[Row]:
    """Two rows that ask for the same are no two models: it cannot be told which of them is there."""
    first: dict[str, int] = {}
    found: list[Row] = []
    for row in rows:
        twin = row
        if not row.problem and row.key in first:
            twin = replace(
                row,
                problem=f"It asks for the same as row {first[row.key]}. For two models, set variations to 2 there, or "
                "give this one a seed.",
            )
        elif not row.problem:
            first[row.key] = row.number
        found.append(twin)
    return found


def _named_apart(rows: list[Row]) -> list[Row]:
    """Names become files: those that the table gives must differ, all others get the row's number."""
    taken: dict[str, int] = {}
    found = list(rows)
    for place, row in enumerate(rows):
        if row.problem or not row.is_named:
            continue
        other = next((taken[key] for key in _file_keys(row) if key in taken), 0)
        if other:
            found[place] = replace(row, problem=f"Its files would be called as those of row {other}. Change the name.")
        else:
            taken.update(dict.fromkeys(_file_keys(row), row.number))
    for place, row in enumerate(rows):
        if row.problem or row.is_named:
            continue
        apart = row
        while any(key in taken for key in _file_keys(apart)):
            apart = replace(apart, stem=f"{apart.stem} {row.number}")
        taken.update(dict.fromkeys(_file_keys(apart), row.number))
        found[place] = apart
    return found


def _file_keys(row: Row) -> list[str]:
    """Windows and macOS take large and small letters for the same, wherever the folder is looked at."""
    return [path_key(stem).casefold() for stem in stems_of(row)]
