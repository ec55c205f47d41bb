# SPDX-License-Identifier: GPL-3.0-or-later
"""Where all Blenders of this computer's user find each other, whatever folder and version each of them has."""

import getpass
import os
import stat
import tempfile
from hashlib import sha256
from pathlib import Path


def shared_folder() -> Path:
    """A folder for what is of no use after a restart of the computer. Raises OSError where there can be none.

    It lies on this computer itself, where files can be locked: a home may be on a drive that has no locks. In a folder
    that everybody writes to somebody else may have been first, to see what is put there or to send it elsewhere.
    """
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # nobody in a container has a name
        user = "me"
    path = Path(tempfile.gettempdir()) / f"trellis-{sha256(user.encode('utf-8', 'replace')).hexdigest()[:8]}"
    path.mkdir(mode=0o700, exist_ok=True)
    if os.name != "nt":
        found = path.lstat()
        if (
            not stat.S_ISDIR(found.st_mode)
            or found.st_uid != os.geteuid()
            or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        ):
            raise PermissionError(13, "somebody else's", str(path))
    return path
