# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Blender works on a generation. Several may be open on one folder, and any of them may be killed.

An owner is a file that its process holds locked. The system lets go of the lock however the process ends, so a sleeping
laptop and a clock that jumps make no orphans, as they would with a heartbeat.

Where the folder's drive knows no locks, the file has the computer's name in it, and its namesake on this computer is
locked instead: Blenders of one computer know of each other still, and those of another one are taken for alive.
"""

import errno
import getpass
import logging
import os
import platform
import re
import stat
import sys
import tempfile
import threading
import time
import uuid
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from weakref import WeakSet

from ..files import remove_file
from ..problems import explain_os_error
from .file_locks import Held, NoLocks, hold, is_held

LOG = logging.getLogger(__name__)

FOLDER_NAME = "owners"
LOCKED_WITHIN_S = 3600.0
"""After it was made, an owner's file is locked for sure: no clock is further from the drive's."""
NAME_LIMIT_BYTES = 1000
TEMPORARY_FOLDER = "/tmp"  # noqa: S108 (nothing in it is trusted before it is looked at)
USERS_TEMPORARY_FOLDER = 65537
"""macOS's number for it, `_CS_DARWIN_USER_TEMP_DIR` in its unistd.h, which Python has no name for."""
_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
"""Other names belong to no owner, and are no names of files."""


class Owner:
    """This process's queue as an owner. The file is there from the first look at `id` to `let_go`. For any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER_NAME
        self._id = ""
        self._held: Held | None = None
        self._lock = threading.Lock()
        _owners.add(self)

    @property
    def id(self) -> str:
        """The name that the store keeps for it. Raises GenerationProblem where the folder cannot be written.

        Its file is made again where it was cleared away: without one, other Blenders would take this one for
        dead.
        """
        with self._lock:
            is_new = not self._id
            if self._held is None or not self._held.is_there():
                name = self._id or uuid.uuid4().hex
                try:
                    held = self._hold(name)
                except OSError as error:
                    raise explain_os_error(error, self._folder) from None
                if self._held is not None:
                    LOG.warning("the file of this Blender was gone")
                    self._held.close()
                self._id, self._held = name, held
            found = self._id
        if is_new:
            self._sweep()
        return found

    @property
    def known_id(self) -> str:
        """The name, "" while there is none. Touches no disk."""
        return self._id

    def is_alive(self, owner_id: str) -> bool:
        """Whether the process that owns under this name still runs. This queue itself is alive."""
        if not _NAME.fullmatch(owner_id) or owner_id == self._id:
            return bool(owner_id) and owner_id == self._id
        path = self._folder / owner_id
        try:
            try:
                is_alive = is_held(path)
            except NoLocks:
                is_alive = _is_alive_here(path)
        except OSError as error:
            # Better to wait for a Blender that is gone than to take what another one works on.
            LOG.warning("owner %s: %s", owner_id, error)
            return True
        if not is_alive:
            remove_file(path)
        return is_alive

    def is_another(self, owner_id: str) -> bool:
        """Whether another living process owns under this name."""
        return owner_id != self._id and self.is_alive(owner_id)

    def let_go(self) -> None:
        """What is still owned may be taken over by others."""
        with self._lock:
            held, name = self._held, self._id
            self._id, self._held = "", None
        if held is not None:
            # Windows removes no file that is open.
            held.close()
            remove_file(held.path)
            remove_file(self._folder / name)

    def forget(self) -> None:
        """In a forked process, which owns nothing: what it holds would be held after its parent's end."""
        self._lock = threading.Lock()
        if self._held is not None:
            self._held.close()
        self._id, self._held = "", None

    def _hold(self, name: str) -> Held:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / name
        try:
            return hold(path)
        except NoLocks:
            path.write_text(platform.node(), encoding="utf-8", errors="replace")
        try:
            return hold(shared_folder() / name)
        except NoLocks:
            raise OSError(errno.ENOLCK, "files cannot be locked here") from None

    def _sweep(self) -> None:
        """Removes the files of dead owners that worked on nothing in the end: they are not asked for any more."""
        with suppress(OSError):
            for path in self._folder.iterdir():
                if path.stat().st_mtime < time.time() - LOCKED_WITHIN_S:
                    self.is_alive(path.name)


def _is_alive_here(path: Path) -> bool:
    """By its namesake on this computer, where it is of this computer."""
    with path.open("rb") as file:
        node = file.read(NAME_LIMIT_BYTES).decode("utf-8", "replace")
    try:
        return node != platform.node() or is_held(shared_folder() / path.name)
    except (NoLocks, OSError):
        return True


_owners: "WeakSet[Owner]" = WeakSet()


def _forget_all() -> None:
    for owner in list(_owners):
        owner.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def _user() -> str:
    """Not by a variable of the environment where the system has a number for it."""
    if hasattr(os, "getuid"):
        return str(os.getuid())
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # in a container a user may have no name
        return "me"


def _of_this_computer() -> Path:
    """The folder for temporary files that is the same for all processes of the user: not by TMPDIR or TEMP, which a
    pipeline sets again for each of its jobs. That one only where there is no other."""
    places: list[str] = []
    with suppress(OSError, ValueError):
        if os.name == "nt":
            places.append(os.path.join(os.environ.get("LOCALAPPDATA", ""), "Temp"))  # noqa: PTH118
        elif sys.platform == "darwin":
            places.append(os.confstr(USERS_TEMPORARY_FOLDER) or "")
        else:
            places.append(TEMPORARY_FOLDER)
    usable = (place for place in places if Path(place).is_absolute() and os.access(place, os.W_OK | os.X_OK))
    return Path(next(usable, "") or tempfile.gettempdir())


def shared_folder() -> Path:
    """A folder for what is of no use after a restart of the computer. Raises OSError where there can be none.

    It lies on this computer itself, where files can be locked: a home may be on a drive that has no locks. In a folder
    that all users can write to, another user may have made it first, to read or to redirect what is put there.
    """
    path = _of_this_computer() / f"trellis-{sha256(_user().encode('utf-8', 'replace')).hexdigest()[:8]}"
    path.mkdir(mode=0o700, exist_ok=True)
    if os.name != "nt":
        found = path.lstat()
        if (
            not stat.S_ISDIR(found.st_mode)
            or found.st_uid != os.geteuid()
            or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        ):
            raise PermissionError(13, "it belongs to another user", str(path))
    return path
