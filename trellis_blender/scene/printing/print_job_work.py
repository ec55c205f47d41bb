# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a second Blender, see `print_job`: reads one file of a folder and writes another one there."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from . import print_job
from .print_check import check
from .remesh import remesh
from .shape import CannotPrint, welded


def main(folder: Path, what: str) -> None:
    """Does it, writes the result to a temporary name, renames the file."""
    with np.load(folder / print_job.GIVEN) as found:
        given = dict(found)
    shape = welded(given["points"], given["triangles"])
    result: dict[str, Any]
    try:
        if what == print_job.CHECK:
            findings = check(shape, float(given["wall_mm"]))
            result = {"findings": np.array(json.dumps(asdict(findings)))}
        else:
            made = remesh(shape, print_job.unpacked(given), float(given["detail_mm"]))
            result = {name: np.array(value) for name, value in asdict(made).items()}
    except CannotPrint as error:
        result = {print_job.PROBLEM: np.array(str(error))}
    part = folder / "part.npz"
    np.savez(part, **result)
    part.replace(folder / print_job.DONE)
