# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that lists the catalogs of an asset library, as Blender's manual describes it. No bpy.

One line per catalog: "UUID:path/of/catalog:simple name". Lines of others are kept.
"""

import uuid
from pathlib import Path

from ...generation.files import write_whole

FILE_NAME = "blender_assets.cats.txt"
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
    text = file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""
    lines = [line.strip() for line in text.splitlines()]
    number = id_of(path)
    for line in lines:
        found, _, rest = line.partition(":")
        # The artist may have moved our catalog to another path, or have another catalog with this path.
        if not line.startswith("#") and (found.lower() == number or rest.partition(":")[0] == path):
            return found
    if "VERSION 1" not in lines:
        text = _HEAD + text
    if text and not text.endswith("\n"):
        text += "\n"
    text += f"{number}:{path}:{path.replace('/', '-')}\n"
    write_whole(file, text.encode("utf-8", errors="surrogateescape"))
    return number
