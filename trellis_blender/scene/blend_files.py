# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes data-blocks to a .blend file of their own."""

import errno
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import bpy

_NO_REASON = ("Success", "Failed to write blendfile")
"""How Blender's message ends when the disk fills up in the middle of a write: the system gives no error number for
that."""


def write(path: Path, data: Collection[Any], *, path_remap: str = 'NONE') -> None:
    """Writes data-blocks, uncompressed. Raises OSError; its `strerror` says why.

    With `path_remap` 'ABSOLUTE' it finds the files that it names by relative paths from elsewhere, too.
    """
    try:
        write_blend: Any = bpy.data.libraries.write
        write_blend(str(path), set(data), compress=False, fake_user=True, path_remap=path_remap)
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.strerror:
            raise
        said = str(error).strip().removeprefix("Error: ").removeprefix("Failed to write blendfile: ")
        if said.endswith(_NO_REASON):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise OSError(errno.EIO, said) from None
