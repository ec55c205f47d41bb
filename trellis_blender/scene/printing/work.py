# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a second Blender, see `job`: reads one file of a folder and writes another one there."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from . import job
from .check import check
from .remesh import remesh
from .shape import CannotPrint, welded


def main(folder: Path, what: str) -> None:
    """Does it, writes the result to a temporary name, renames the file."""
    with np.load(folder / job.GIVEN) as found:
        given = dict(found)
    shape = welded(given["points"], given["triangles"])
    result: dict[str, Any]
    try:
        if what == job.CHECK:
            findings = check(shape, float(given["wall_mm"]))
            result = {"findings": np.array(json.dumps(asdict(findings)))}
        else:
            made = remesh(shape, job.unpacked(given), float(given["detail_mm"]))
            result = {name: np.array(value) for name, value in asdict(made).items()}
    except CannotPrint as error:
        result = {job.PROBLEM: np.array(str(error))}
    part = folder / "part.npz"
    np.savez(part, **result)
    part.replace(folder / job.DONE)
