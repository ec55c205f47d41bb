# SPDX-License-Identifier: GPL-3.0-or-later
"""The files in a generation's folder: their names, and how they are written so that none is ever half there."""

import os
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from .problems import explain_os_error

INPUT_NAME = "input.png"
MODEL_NAME = "model.glb"
PICTURE_STEM = "picture-"
"""Of the pictures that were made, with a number and the ending of what they are."""
EXPORT_NAME = "generation.json"
THUMBNAIL_NAME = "thumbnail.png"
PICTURES_NAME = "pictures"
"""The folder of the pictures that were taken, fetched or made better, beside the generations' own."""
FOLDER_PREFIX = "generation-"
PART_SUFFIX = ".part"
ON_ITS_WAY_S = 3600.0


def write_whole(path: Path, content: bytes) -> None:
    """Writes a small file so that it is there whole or not at all; GenerationProblem where that fails."""
    part = path.with_name(path.name + PART_SUFFIX)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        replace_for_good(part, path)
    except OSError as error:
        remove_file(part)
        raise explain_os_error(error, path.parent) from None


def replace_for_good(part: Path, path: Path) -> None:
    """Gives a written file its name; a power cut does not take that back, where the system lets folders be synced."""
    part.replace(path)
    with suppress(OSError):  # Windows opens no folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def pictures_in(folder: Path) -> list[Path]:
    """The pictures that a generation has made, in their order."""
    try:
        return sorted(path for path in folder.glob(f"{PICTURE_STEM}*") if path.suffix != PART_SUFFIX)
    except OSError:
        return []


def remove_unsent(folder: Path, known: Collection[str]) -> None:
    """Deletes the folders of generations that are not `known` by their id and hold nothing but a picture.

    Their Blender ended between the picture and the store, so nothing was sent. What came in the last hour may be just
    on its way into the store.
    """
    import shutil  # with its compressors; the names above are needed when the add-on is enabled

    with suppress(OSError):
        for path in folder.glob(f"{FOLDER_PREFIX}*"):
            if path.name.removeprefix(FOLDER_PREFIX) in known or path.stat().st_mtime > time.time() - ON_ITS_WAY_S:
                continue
            if {each.name for each in path.iterdir()} <= {INPUT_NAME, INPUT_NAME + PART_SUFFIX}:
                shutil.rmtree(path, ignore_errors=True)


def remove_folder(folder: Path) -> None:
    """Deletes a generation's folder with all that is in it; FolderUnusable where something stays."""
    import shutil

    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise explain_os_error(error, folder) from None


def remove_file(path: Path) -> None:
    """Deletes a file where that can be done."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # The folder itself is unusable; the error that led here says so already.
        return
