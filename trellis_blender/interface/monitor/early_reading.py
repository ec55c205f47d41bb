# SPDX-License-Identifier: GPL-3.0-or-later
"""Models read in a thread before they are placed. What was read is dropped when it is taken."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..state import background

if TYPE_CHECKING:
    from ...scene.importing.reading import Reading


class _Memory:
    read: "dict[str, Reading]" = {}


def is_done(generation_id: str, glb: Path) -> bool:
    """Whether the generation's GLB has been read as it is now; has it read where not. Asks the disk only once it has
    been: a file that was fetched again meanwhile is read again.
    """
    from ...scene.importing import reading

    name = _name(generation_id)
    if background.is_running(name):
        return False
    found = _Memory.read.get(generation_id)
    if found is not None and (found.changed is None or found.is_of(glb)):
        return True
    background.in_thread(name, partial(reading.read, glb, background.go_on), partial(_keep, generation_id))
    return False


def take(generation_id: str) -> "Reading | None":
    """What was read, once; None where nothing was."""
    background.drop(_name(generation_id))
    return _Memory.read.pop(generation_id, None)


def forget() -> None:
    """What was read, and what is being read, is of no use any more."""
    for name in background.running(_PREFIX):
        background.drop(name)
    _Memory.read.clear()


_PREFIX = "read "


def _name(generation_id: str) -> str:
    return f"{_PREFIX}{generation_id}"


def _keep(generation_id: str, found: "Reading") -> None:
    _Memory.read[generation_id] = found
