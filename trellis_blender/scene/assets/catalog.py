# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that lists the catalogs of an asset library, as Blender's manual describes it. No bpy.

One line per catalog: "UUID:path/of/catalog:simple name". Lines of others are kept.
"""

import os
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from ...generation.files import patiently, remove_file, write_whole
from ...generation.store.file_locks import IS_HELD, Held, NoLocks, hold

FILE_NAME = "blender_assets.cats.txt"
LOCK_NAME = f".{FILE_NAME}.lock"
LOCK_WAIT_S = 5.0
ROOT = "Trellis"
_HEAD = """# This is an Asset Catalog Definition file for Blender.
#
# Empty lines and lines starting with `#` will be ignored.
# The first non-ignored line should be the version indicator.
# Other lines are of the format "UUID:catalog/path/for/assets:simple catalog name"

VERSION 1

"""
_OURS = uuid.UUID("6f1d8f5e-5a0c-4c55-9a5c-1a7c1f0c7e11")


def catalog_of(label: str) -> str:
    """The path of the catalog for a model's name: "Trellis/TRELLIS 2"."""
    plain = "".join(" " if letter in ':/\\"' or not letter.isprintable() else letter for letter in label)
    return f"{ROOT}/{' '.join(plain.split()) or 'Other'}"


def id_of(path: str) -> str:
    """The UUID of one of our catalogs: the same in every library."""
    return str(uuid.uuid5(_OURS, path))


def ensure(folder: Path, path: str) -> str:
    """Adds the catalog to the library in `folder` if it is missing, and returns its UUID in that file.

    Raises GenerationProblem if the file cannot be written and OSError if it cannot be read. It is never left half
    written.
    """
    file = folder / FILE_NAME
    if found := _find(_text_of(file), path):
        return found
    with _alone(folder / LOCK_NAME):
        text = _text_of(file)
        if found := _find(text, path):
            return found
        if "VERSION 1" not in map(str.strip, text.splitlines()):
            text = _HEAD + text
        if text and not text.endswith("\n"):
            text += "\n"
        number = id_of(path)
        text += f"{number}:{path}:{path.replace('/', '-')}\n"
        write_whole(file, text.encode("utf-8", errors="surrogateescape"))
        return number


def _text_of(file: Path) -> str:
    try:
        return patiently(lambda: file.read_text(encoding="utf-8", errors="surrogateescape"))
    except FileNotFoundError:
        return ""


def _find(text: str, path: str) -> str:
    """The UUID of a catalog, "" where it is missing."""
    number = id_of(path)
    for line in map(str.strip, text.splitlines()):
        found, _, rest = line.partition(":")
        # The artist may have moved our catalog to another path, or have another catalog with this path.
        if not line.startswith("#") and (found.lower() == number or rest.partition(":")[0] == path):
            return found
    return ""


@contextmanager
def _alone(path: Path) -> Generator[None]:
    """While no other Blender changes the file: the machines of a batch save into one library, and each catalog that
    one of them adds would take those away that the others have added meanwhile. Where files cannot be locked, at once.
    """
    held = _held(path)
    try:
        yield
    finally:
        if held is not None:
            if os.name != "nt":
                # While it is held: whoever waits for it looks whether it is there still.
                remove_file(path)
            held.close()
            if os.name == "nt":
                # While it is open nothing is removed there; whoever has opened it meanwhile removes it.
                with suppress(OSError):
                    path.unlink()


def _held(path: Path) -> Held | None:
    give_up_at = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            return hold(path)
        except NoLocks:
            return None
        except OSError as error:
            if error.errno not in IS_HELD or time.monotonic() > give_up_at:
                return None
