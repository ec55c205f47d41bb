# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks and remeshes in a second Blender: it takes seconds, and Python is kept by one call for most of them. For a
thread; it hands arrays over in files and touches nothing of Blender's.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import second_blender
from .shape import Array, CannotPrint, Look, Paint

CHECK, REMESH = "check", "remesh"
LIMITS_S = {CHECK: 300.0, REMESH: 600.0}
GIVEN, DONE = "given.npz", "done.npz"
"""The files of the folder that both Blenders know."""
PROBLEM = "problem"
"""In the result, where there is a sentence instead."""


def run(blender: Sequence[str], what: str, given: dict[str, Any], go_on: Callable[[], object]) -> dict[str, Array]:
    """What the second Blender makes of `given`, numbers and arrays. Raises CannotPrint, and what `go_on` raises, which
    is called 20 times a second; then the second Blender is ended.

    `blender` is what `second_blender.this_blender` has said.
    """
    try:
        home = tempfile.TemporaryDirectory(prefix="trellis-print-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _not_started(error) from None
    with home as name:
        folder = Path(name)
        try:
            np.savez(folder / GIVEN, **given)
            process = second_blender.start(blender, "scene.printing.print_job_work", folder, what)
        except OSError as error:
            raise _not_started(error) from None
        if not second_blender.wait(process, LIMITS_S[what], go_on):
            raise CannotPrint(f"The second Blender worked for more than {LIMITS_S[what]:.0f} s and was ended.")
        if process.returncode or not (folder / DONE).is_file():
            said = second_blender.last_message(folder)
            raise CannotPrint(f"The second Blender, which works for the print, ended without a result.{said}")
        with np.load(folder / DONE) as found:
            result = dict(found)
    if PROBLEM in result:
        raise CannotPrint(str(result[PROBLEM]))
    return result


def _not_started(error: OSError) -> CannotPrint:
    reason = error.strerror or error
    return CannotPrint(f"The second Blender, which works for the print, could not be started ({reason}).")


def packed(look: Look) -> dict[str, Array]:
    """A look as arrays that `unpacked` reads."""
    found: dict[str, Array] = {}
    for name in ("slots", "uvs", "colours"):
        if (values := getattr(look, name)) is not None:
            found[f"look_{name}"] = values
    for number, paint in enumerate(look.paints):
        found[f"paint_{number}"] = np.array([*paint.colour, paint.shows_vertex_colours], np.float32)
        picture = paint.picture
        if isinstance(picture, bytes):
            found[f"file_{number}"] = np.frombuffer(picture, np.uint8)
        elif isinstance(picture, Path):
            found[f"path_{number}"] = np.array(str(picture))
        elif picture is not None:
            found[f"pixels_{number}"] = picture
    return found


def unpacked(given: dict[str, Array]) -> Look:
    """The look that was packed."""
    paints: list[Paint] = []
    while (values := given.get(f"paint_{len(paints)}")) is not None:
        number = len(paints)
        red, green, blue, shows = values.tolist()
        picture: Any = given.get(f"pixels_{number}")
        if f"file_{number}" in given:
            picture = given[f"file_{number}"].tobytes()
        elif f"path_{number}" in given:
            picture = Path(str(given[f"path_{number}"]))
        paints.append(Paint((red, green, blue), picture, bool(shows)))
    return Look(paints, given.get("look_slots"), given.get("look_uvs"), given.get("look_colours"))
