# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a second Blender, see `background`: works on the mesh of a file in a folder and writes another file there."""

import json
from pathlib import Path
from typing import Any

import bpy

from .. import blend_files
from ..rebuild.options import CannotRebuild
from . import background, heavy


def main(folder: Path) -> None:
    """Loads the mesh, works on it, writes what has become of it to a temporary name, renames the file."""
    bpy.ops.wm.read_factory_settings(use_empty=True)

    def tell(doing: str, limit_s: float, otherwise: dict[str, Any] | None = None) -> None:
        with (folder / background.STEPS).open("a", encoding="utf-8") as steps:
            steps.write(json.dumps([doing, limit_s, otherwise]) + "\n")

    wanted = json.loads((folder / background.WANTED).read_text(encoding="utf-8"))
    loading: Any = bpy.data.libraries.load(str(folder / background.GIVEN), link=False)
    with loading as (_, into):
        into.meshes = [wanted["mesh"]]
    (mesh,) = into.meshes
    try:
        made = heavy.work(mesh, wanted, tell)
        blend_files.write(folder / background.DONE, set(made.meshes.values()))
        result = {"meshes": {role: each.name for role, each in made.meshes.items()}, "notes": made.notes}
    except CannotRebuild as error:
        result = {"problem": str(error)}
    except OSError as error:
        result = {"problem": f"What the second Blender has made could not be written ({error.strerror or error})."}
    part = folder / "result.part"
    part.write_text(json.dumps(result), encoding="utf-8")
    part.replace(folder / background.RESULT)
