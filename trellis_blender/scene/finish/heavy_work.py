# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a second Blender, see `background_finish`: works on the mesh of one file and writes another one."""

import json
from pathlib import Path
from typing import Any

import bpy

from .. import blend_files
from ..rebuild.rebuild_options import CannotRebuild
from . import background_finish, heavy


def main(folder: Path) -> None:
    """Loads the mesh, works on it, writes what has become of it to a temporary name, renames the file."""
    bpy.ops.wm.read_factory_settings(use_empty=True)

    def tell(doing: str, limit_s: float, otherwise: dict[str, Any] | None = None) -> None:
        with (folder / background_finish.STEPS).open("a", encoding="utf-8") as steps:
            steps.write(json.dumps([doing, limit_s, otherwise]) + "\n")

    wanted = json.loads((folder / background_finish.WANTED).read_text(encoding="utf-8"))
    loading: Any = bpy.data.libraries.load(str(folder / background_finish.GIVEN), link=False)
    with loading as (_, into):
        into.meshes = [wanted["mesh"]]
    (mesh,) = into.meshes
    try:
        made = heavy.work(mesh, wanted, tell)
        blend_files.write(folder / background_finish.DONE, set(made.meshes.values()))
        result = {"meshes": {role: each.name for role, each in made.meshes.items()}, "notes": made.notes}
    except CannotRebuild as error:
        result = {"problem": str(error)}
    except OSError as error:
        result = {"problem": f"What the second Blender has made could not be written ({error.strerror or error})."}
    part = folder / "result.part"
    part.write_text(json.dumps(result), encoding="utf-8")
    part.replace(folder / background_finish.RESULT)
