# SPDX-License-Identifier: GPL-3.0-or-later
"""The files in a generation's folder: their names, and how they are written so that none is ever half there."""

import errno
import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ..imaging.picture import Picture
from ..imaging.png import encode_png
from ..piapi.models import VIEWS_LIMIT
from .problems import FolderUnusable, explain_os_error

Result = TypeVar("Result")

INPUT_NAME = "input.png"
"""Of the first picture that is sent; see `input_name`."""
MODEL_NAME = "model.glb"
PICTURE_STEM = "picture-"
"""Of the pictures that were made, with a number and the ending of what they are."""
VIDEO_NAME = "turntable.mp4"
CUTOUT_STEM = "cutout"
"""Of the picture without its background, with the ending of what it is."""
EXPORT_NAME = "generation.json"
THUMBNAIL_NAME = "thumbnail.png"
PICTURES_NAME = "pictures"
"""The folder of the pictures that were taken, fetched or made better, beside the generations' own."""
FOLDER_PREFIX = "generation-"
REMOVED_PREFIX = "removed-"
"""Of a generation's folder that is being deleted."""
PART_SUFFIX = ".part"
ON_ITS_WAY_S = 3600.0

HELD_PATIENCE_S = 1.5
"""A virus scanner looks into a file for some hundred milliseconds."""
HELD_PATIENCE_ON_MAIN_S = 0.3
HELD_LOOK_S = 0.02
HELD = {errno.EACCES, errno.EPERM, errno.EBUSY, errno.ENOTEMPTY}


def patiently(act: Callable[[], Result]) -> Result:
    """What `act` returns, which renames or removes. It is tried again for a moment where a program holds the file:
    virus scanners, indexers and the programs that synchronise folders do so with each that is new, and Windows then
    lets no other rename it. Raises what the last try raised.
    """
    is_main = threading.current_thread() is threading.main_thread()
    until = time.monotonic() + (HELD_PATIENCE_ON_MAIN_S if is_main else HELD_PATIENCE_S)
    while True:
        try:
            return act()
        except OSError as error:
            if error.errno not in HELD or time.monotonic() >= until:
                raise
        time.sleep(HELD_LOOK_S)


def write_whole(path: Path, content: bytes) -> None:
    """Writes a small file so that it is there whole or not at all; GenerationProblem where that fails."""
    part = path.with_name(path.name + PART_SUFFIX)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with patiently(lambda: part.open("wb")) as file:
            file.write(content)
            file.flush()
            sync(file.fileno())
        replace_for_good(part, path)
    except OSError as error:
        remove_file(part)
        raise explain_os_error(error, path.parent) from None


def replace_for_good(part: Path, path: Path) -> None:
    """Gives a written file its name; a power cut does not take that back, where the system lets folders be synced."""
    patiently(lambda: part.replace(path))
    with suppress(OSError):  # Windows opens no folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            sync(folder)
        finally:
            os.close(folder)


def sync(number: int) -> None:
    """Returns when what was written to the open file is on the disk. On macOS `fsync` returns before that: the drive
    may still have it in its cache. Source: its manual page fsync(2)."""
    if sys.platform == "darwin":
        import fcntl

        with suppress(OSError):  # drives on the network know no such thing
            fcntl.fcntl(number, fcntl.F_FULLFSYNC)
            return
    os.fsync(number)


def pictures_in(folder: Path) -> list[Path]:
    """The pictures that a generation has made, in their order."""
    try:
        return sorted(path for path in folder.glob(f"{PICTURE_STEM}*") if path.suffix != PART_SUFFIX)
    except OSError:
        return []


def cutout_in(folder: Path) -> Path | None:
    """The picture without its background that came with a model; None where there is none."""
    try:
        return next((path for path in folder.glob(f"{CUTOUT_STEM}.*") if path.suffix != PART_SUFFIX), None)
    except OSError:
        return None


def remove_unsent(folder: Path, known: Collection[str]) -> None:
    """Deletes the folders of generations that are not `known` by their id and hold nothing but a picture.

    Their Blender ended between the picture and the store, so nothing was sent. What came in the last hour may be just
    on its way into the store.
    """
    for path in _folders(folder, FOLDER_PREFIX):
        with suppress(OSError):
            if path.name.removeprefix(FOLDER_PREFIX) in known or path.stat().st_mtime > time.time() - ON_ITS_WAY_S:
                continue
            if {each.name.removesuffix(PART_SUFFIX) for each in path.iterdir()} <= _INPUT_NAMES:
                clear_away(path)


def set_aside(folder: Path) -> Path | None:
    """Takes a generation's folder out of the others by its name, all of it or nothing; None where there is none.

    What is in it can be deleted then whenever no program holds it. FolderUnusable where one does now.
    """
    if folder.exists() and not folder.is_dir():
        raise FolderUnusable(folder, "it is a file")
    aside = folder.with_name(REMOVED_PREFIX + folder.name)
    if aside.exists():
        clear_away(aside)
    try:
        return patiently(lambda: folder.replace(aside))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explain_os_error(error, folder) from None


def clear_away(folder: Path) -> None:
    """Deletes a folder as far as that can be done; what stays is deleted at the next start, see `finish_removals`."""
    import shutil  # with its compressors; the names above are needed when the add-on is enabled

    with suppress(OSError):
        patiently(lambda: shutil.rmtree(folder))


def finish_removals(folder: Path, known: Collection[str]) -> None:
    """Deletes what was set aside and is there still. A generation that is `known` all the same gets its folder back:
    Blender ended before it was out of the store."""
    for path in _folders(folder, REMOVED_PREFIX + FOLDER_PREFIX):
        own = path.with_name(path.name.removeprefix(REMOVED_PREFIX))
        if own.name.removeprefix(FOLDER_PREFIX) in known and not own.exists():
            with suppress(OSError):
                patiently(lambda path=path, own=own: path.replace(own))
        else:
            clear_away(path)


def remove_file(path: Path) -> None:
    """Deletes a file where that can be done; what another program holds all the time stays."""
    with suppress(OSError):
        patiently(lambda: path.unlink(missing_ok=True))


def _folders(folder: Path, prefix: str) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.name.startswith(prefix)]
    except OSError:
        return []


def keep_by_content(folder: Path, name: str, content: bytes) -> Path:
    """The file below `folder` that `content` is kept as, under this name: the same content is the same file.

    Raises GenerationProblem where that fails.
    """
    path = folder / hashlib.sha256(content).hexdigest()[:16] / name
    if not path.is_file():
        write_whole(path, content)
    return path


def input_name(number: int) -> str:
    """The file of the first, second, … picture that is sent."""
    return INPUT_NAME if number == 1 else f"input-{number}.png"


_INPUT_NAMES = {input_name(number) for number in range(1, VIEWS_LIMIT + 1)}


def keep_pictures(pictures: Sequence[Picture], folder: Path) -> tuple[bytes, ...]:
    """Writes what is sent, as it is sent, and returns that. GenerationProblem where that fails."""
    contents = tuple(map(encode_png, pictures))
    for number, content in enumerate(contents, 1):
        write_whole(folder / input_name(number), content)
    return contents


def digest_of(contents: Sequence[bytes]) -> str:
    """The SHA-256 of a picture, or of several, in their order."""
    digests = [hashlib.sha256(content) for content in contents]
    if len(digests) == 1:
        return digests[0].hexdigest()
    return hashlib.sha256(b"".join(digest.digest() for digest in digests)).hexdigest()
