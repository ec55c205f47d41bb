# SPDX-License-Identifier: GPL-3.0-or-later
"""A GLB read before it is placed, in whatever thread, so that Blender's main thread has only its arrays to copy."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...gltf.errors import ModelUnusable
    from ...gltf.model import Model

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a file as it was then."""

    changed: tuple[int, int] | None
    """When the file was changed, in nanoseconds, and its size in bytes; None where it could not be looked at."""
    found: "Model | ModelUnusable | None"
    """None where it has something that `gltf` does not read."""

    def is_of(self, path: Path) -> bool:
        """Whether the file is still the one that was read. Asks the disk."""
        return self.changed is not None and self.changed == _changed(path)

    def model(self) -> "Model | None":
        """None where Blender's importer has to read the file. Raises ModelUnusable."""
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def read(path: Path, go_on: Callable[[], object] = lambda: None) -> Reading:
    """Reads the GLB at `path`. Raises what `go_on` raises, which is called every few milliseconds, if that is no
    Exception.
    """
    from ...gltf.errors import ModelUnusable
    from ...gltf.model import NotRead
    from ...gltf.reader import read_model

    changed = _changed(path)
    found: Model | ModelUnusable | None = None
    try:
        found = read_model(path, go_on)
    except NotRead as reason:
        LOG.debug("%s goes to Blender's importer: %s", path, reason)
    except ModelUnusable as problem:
        found = problem
    except OSError as problem:
        LOG.info("%s could not be read: %s", path, problem)
    except Exception:
        LOG.exception("%s goes to Blender's importer", path)
    return Reading(changed, found)


def _changed(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
