# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong on this side: folders, disks, files that are no models.

`str(error)` is a sentence for the artist.
"""

import errno
from pathlib import Path

from ..piapi.redaction import hidden
from .file_names import writable


class GenerationProblem(Exception):
    """Base of what goes wrong between the service's answer and a checked model on disk."""


class FolderUnusable(GenerationProblem):
    """The folder of the generations cannot be read or written."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The folder {_shown(folder)} cannot be used ({reason}). Check the folder, then try again.")


class FolderGone(FolderUnusable):
    """It was deleted, so that it can be made again."""


class ListDamaged(GenerationProblem):
    """The file with all generations is none any more."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"The file of the list, {_shown(file)}, is damaged ({reason}). Take it from a backup, or move it "
            "elsewhere: then the list is empty. The models stay in their folders beside it."
        )


class DiskFull(GenerationProblem):
    """No room for the file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"The disk is full, so nothing can be kept in {_shown(folder)}. Make room, then try again.")


class PictureGone(GenerationProblem):
    """The picture that was to be sent could not be kept, or has been deleted."""

    def __init__(self) -> None:
        super().__init__("The picture that was to be sent is no longer there. Choose it again and press Generate.")


class NoPicture(GenerationProblem):
    """What comes from the network is no picture that Blender can be given. `reason` goes on after "it is"."""

    def __init__(self, reason: str) -> None:
        self.reason = f"it is {reason}"
        super().__init__(f"The picture cannot be used: {self.reason}.")


class PictureNotFetched(GenerationProblem):
    """A picture from the web could not be had."""


class NoTurntable(GenerationProblem):
    """There is no film of a model, or none that can be used."""


class AskedTooOften(GenerationProblem):
    """The service takes no requests for longer than an artist waits for a button."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"PiAPI takes no requests for now. Ask again in {max(seconds / 60, 1):.0f} min.")


MISTAKE_LIMIT = 300
"""Characters of what Python says."""
TOLD_LIMIT = 2000
"""Characters of a sentence; what is longer than a row of the store may be cannot be read again."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def explain_os_error(error: OSError, folder: Path) -> GenerationProblem:
    """The sentence for an error of the file system at `folder`."""
    if error.errno in FULL:
        return DiskFull(folder)
    if error.errno == errno.ENOENT:
        return FolderGone(folder, error.strerror or "it is not there")
    return FolderUnusable(folder, error.strerror or "it cannot be written")


def mistake(error: Exception) -> str:
    """The sentence for an error that was not foreseen."""
    return f"The add-on made a mistake ({type(error).__name__}: {told(str(error), MISTAKE_LIMIT)}). Please report it."


def told(said: str, limit: int = TOLD_LIMIT) -> str:
    """So much of what is said with words of a file in it as can be kept, without the secrets of this process."""
    return hidden(said, limit)


def _shown(folder: Path) -> str:
    """As it can be stored and drawn: not every name is UTF-8."""
    return writable(str(folder))
