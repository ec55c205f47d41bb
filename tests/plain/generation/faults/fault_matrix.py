"""The fault matrix as it stands in fault_matrix.toml: a fault at a step, and what is to come of it."""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from trellis_blender.generation.problems import DiskFull
from trellis_blender.piapi import errors

MATRIX = Path(__file__).with_name("fault_matrix.toml")
HOSTS = {"connection refused": "127.0.0.1", "DNS failure": "trellis.invalid"}


class Cell(NamedTuple):
    """A row of the matrix for one fault at one step."""

    step: str
    fault: str
    tasks: int = 0
    waits: tuple[str, ...] = ()
    rests: str = ""
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    press: str = ""
    ends: str = "Ready"
    ended: tuple[str, ...] = ()
    not_possible: str = ""

    @property
    def name(self) -> str:
        return f"{self.step} × {self.fault}"


def read_matrix() -> dict[str, Cell]:
    """Every cell by its name; ValueError where one is missing, or there twice."""
    table = tomllib.loads(MATRIX.read_text(encoding="utf-8"))
    cells: dict[str, Cell] = {}
    for step in table["steps"]:
        for row in table[step]:
            for fault in row["faults"]:
                cell = _cell(step, fault, row, _what_happened(table["why"][fault], HOSTS.get(fault, "")))
                if cells.setdefault(cell.name, cell) is not cell:
                    raise ValueError(f"{cell.name} is there twice")
    expected = {f"{step} × {fault}" for step in table["steps"] for fault in table["faults"]}
    if expected != set(cells):
        raise ValueError(f"missing or unknown: {sorted(expected ^ set(cells))}")
    return cells


def _cell(step: str, fault: str, row: dict[str, Any], why: str) -> Cell:
    fields: dict[str, Any] = {}
    for name, value in row.items():
        if name != "faults":
            fields[name] = tuple(item.replace("{why}", why) for item in value) if isinstance(value, list) else value
    return Cell(step, fault, **fields)


def _what_happened(name: str, host: str) -> str:
    """The first sentence of an error by its class's name; what is no class's name stays as it is."""
    if name == DiskFull.__name__:
        return str(DiskFull(Path("@"))).partition("@")[0].strip()
    error = getattr(errors, name, None) if name else None
    return f"{str(error(host)).partition('. ')[0].removesuffix('.')}." if error is not None else name
