# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a process holds locked, so that others can tell whether it still runs."""

import errno
import os
import time
from pathlib import Path

HOLD_TRIES = 20
TRY_AGAIN_S = 0.01
"""To look whether a file is locked is to lock it for a moment."""
IS_HELD = {errno.EACCES, errno.EDEADLK, errno.EAGAIN} if os.name == "nt" else {errno.EAGAIN}
"""What `hold` raises where another one holds the file."""
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EINVAL, getattr(errno, "ENOTSUP", 0), getattr(errno, "EOPNOTSUPP", 0)}


_held_here: set[str] = set()


class NoLocks(Exception):
    """The drive knows no locks."""


class Held:
    """A file that this process holds locked, until `close` or its end."""

    def __init__(self, path: Path, number: int) -> None:
        self.path = path
        self._number = number

    def is_there(self) -> bool:
        """False where the file has been removed, or another one stands in its place."""
        try:
            return os.path.samestat(os.fstat(self._number), self.path.stat())
        except OSError:
            return False

    def close(self) -> None:
        """Lets go of the lock. The file stays."""
        _held_here.discard(_key(self.path))
        os.close(self._number)


def hold(path: Path) -> Held:
    """Makes the file where there is none, and locks it. Raises OSError where another one holds it, or NoLocks."""
    for last in (*[False] * (HOLD_TRIES - 1), True):
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(number)
        except OSError as error:
            os.close(number)
            if error.errno in _NO_LOCKS:
                raise NoLocks from None
            if last:
                raise
        else:
            held = Held(path, number)
            _held_here.add(_key(path))
            # A Blender that looked at it before it was locked took its owner for dead, and removed it.
            if held.is_there():
                return held
            held.close()
        time.sleep(TRY_AGAIN_S)
    raise BlockingIOError(errno.EAGAIN, "it is removed again and again", str(path))


def _key(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 (no look at the disk, which `resolve` takes)


def is_held(path: Path) -> bool:
    """Whether a process holds the file. Raises OSError where that cannot be looked at, or NoLocks."""
    if _key(path) in _held_here:
        # Not looked at: to close a file again lets go of all record locks that the process has on it.
        return path.exists()
    try:
        number = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        _lock(number)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise NoLocks from None
        return True
    finally:
        os.close(number)
    return False


if os.name == "nt":
    import msvcrt

    def _lock(number: int) -> None:
        """Locks the open file for this process; OSError where another one has it."""
        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                raise
            # Wine's runtime leaves the number of an earlier error where another one has the file.
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None

else:
    import fcntl

    def _lock(number: int) -> None:
        """Locks the open file for this process; OSError where another one has it.

        Homes on the network may know record locks only, which are a process's and not an open file's.
        """
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            fcntl.lockf(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
