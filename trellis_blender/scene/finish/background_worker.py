# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a second Blender, see `background`: `-- GIVEN DONE JSON` reduces the mesh in one file and writes another
file."""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2]


def main(given: str, done: str, wanted: str) -> None:
    """Loads the mesh, reduces it, writes it to a temporary name, renames the file."""
    import bpy

    sys.path.insert(0, str(PACKAGE.parent))
    # Imported by path: in this Blender the extension is not enabled.
    steps: Any = import_module(f"{PACKAGE.name}.scene.finish.steps")
    finish: Any = import_module(f"{PACKAGE.name}.scene.finish.options").Finish

    choices = json.loads(wanted)
    name = choices.pop("mesh")
    loading: Any = bpy.data.libraries.load(given, link=False)
    with loading as (_, into):
        into.meshes = [name]
    (mesh,) = into.meshes
    steps.reduce(mesh, finish(**choices))
    part = f"{done}.part"
    bpy.data.libraries.write(part, {mesh}, compress=False, fake_user=True)
    os.replace(part, done)  # noqa: PTH105 (there is no Path yet)


if __name__ == "__main__":
    main(*sys.argv[sys.argv.index("--") + 1 :])
