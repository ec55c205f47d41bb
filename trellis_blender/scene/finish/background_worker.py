# SPDX-License-Identifier: GPL-3.0-or-later
"""Run by a Blender of its own, see `elsewhere`: `-- GIVEN DONE JSON` reduces the mesh of one file into another."""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2]


def main(given: str, done: str, wanted: str) -> None:
    """Loads, reduces, writes to a temporary name, renames."""
    import bpy

    sys.path.insert(0, str(PACKAGE.parent))
    # Not as a part of the extension: its other modules are not there, and nothing is registered.
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
