# SPDX-License-Identifier: GPL-3.0-or-later
"""Models read in threads before they are placed, so that Blender's main thread has only their arrays to copy.

All functions are for the main thread. What was read is dropped when it is taken.
"""

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ...gltf.model import Model

LOG = logging.getLogger(__name__)


class _Dropped(Exception):
    """Nobody waits for it any more."""


class _Reading:
    """One GLB on its way into arrays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_dropped = False
        self._model: Model | None = None
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"read {path.parent.name}", daemon=True)

    def start(self) -> None:
        """In a thread of its own."""
        self._thread.start()

    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def drop(self) -> None:
        """Its thread ends soon, and nothing comes of it."""
        self._is_dropped = True

    def result(self) -> "Model | None":
        """As `take`; waits until it is there, and reads here and now where it was not started."""
        if self._thread.ident is None:
            self._run()
        else:
            self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._model

    def _run(self) -> None:
        from ...gltf.errors import ModelUnusable
        from ...gltf.model import NotRead
        from ...gltf.reader import read_model

        try:
            self._model = read_model(self._path, self._go_on)
        except NotRead as reason:
            LOG.debug("%s goes to Blender's importer: %s", self._path, reason)
        except (ModelUnusable, _Dropped) as problem:
            self._problem = problem
        except Exception:
            LOG.exception("%s goes to Blender's importer", self._path)

    def _go_on(self) -> None:
        if self._is_dropped:
            raise _Dropped


class _Memory:
    readings: ClassVar[dict[Path, _Reading]] = {}


def is_done(path: Path) -> bool:
    """Whether the GLB has been read; begins to where nobody has."""
    reading = _Memory.readings.get(path)
    if reading is None:
        reading = _Memory.readings[path] = _Reading(path)
        reading.start()
    return reading.is_done()


def take(path: Path) -> "Model | None":
    """What was read of the GLB, once; None where it has something that `gltf` does not read.

    Waits where it is not done, and reads it at once where nobody has begun to. Raises ModelUnusable.
    """
    return (_Memory.readings.pop(path, None) or _Reading(path)).result()


def drop_all() -> None:
    """What was read, and what is being read, is for nobody."""
    for reading in _Memory.readings.values():
        reading.drop()
    _Memory.readings.clear()
