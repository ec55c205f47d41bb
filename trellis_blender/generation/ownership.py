# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Blender works on a generation. Several may be open on one folder, and any of them may be killed.

An owner is a file that its process holds locked. The system lets go of the lock however the process ends, so a sleeping
laptop and a clock that jumps make no orphans, as they would with a heartbeat.
"""

import logging
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path

from .problems import explain_os_error

LOG = logging.getLogger(__name__)

FOLDER_NAME = "owners"
LOCKED_WITHIN_S = 3600.0
"""After it was made, an owner's file is locked for sure: nobody's clock is further from the drive's."""


class Owner:
    """This process's queue as an owner. The file is there from the first look at `id` to `let_go`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER_NAME
        self._id = ""
        self._held: int | None = None

    @property
    def id(self) -> str:
        """The name that the store keeps for it. Raises GenerationProblem where the folder cannot be written."""
        if not self._id:
            name = uuid.uuid4().hex
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                held = os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o600)
                _lock(held)
            except OSError as error:
                raise explain_os_error(error, self._folder) from None
            self._id, self._held = name, held
            self._sweep()
        return self._id

    def is_alive(self, owner_id: str) -> bool:
        """Whether the process that owns under this name still runs. This queue itself is alive."""
        if not owner_id or owner_id == self._id:
            return bool(owner_id)
        path = self._folder / owner_id
        try:
            looked_at = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError as error:
            # Rather wait for one that is gone than take away what somebody works on.
            LOG.warning("owner %s: %s", owner_id, error)
            return True
        try:
            _lock(looked_at)
        except OSError:
            return True
        finally:
            os.close(looked_at)
        _remove(path)
        return False

    def _sweep(self) -> None:
        """Removes the files of the dead who worked on nothing in the end: nobody asks whether those are alive."""
        with suppress(OSError):
            for path in self._folder.iterdir():
                if path.stat().st_mtime < time.time() - LOCKED_WITHIN_S:
                    self.is_alive(path.name)

    def is_another(self, owner_id: str) -> bool:
        """Whether another living process owns under this name."""
        return owner_id != self._id and self.is_alive(owner_id)

    def let_go(self) -> None:
        """What is still owned may be taken over by others."""
        if self._held is not None:
            # Windows removes no file that is open.
            os.close(self._held)
            _remove(self._folder / self._id)
        self._id, self._held = "", None


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        LOG.debug("%s stays: %s", path, error)


if os.name == "nt":
    import msvcrt

    def _lock(number: int) -> None:
        """Locks the open file for this process; OSError where another one has it."""
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(number: int) -> None:
        """Locks the open file for this process; OSError where another one has it."""
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
