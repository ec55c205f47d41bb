# SPDX-License-Identifier: GPL-3.0-or-later
"""How long Blender's main thread is taken by a model that arrives, against Blender's bare import of the same file.

`arrival.py GLB…` prints for each file the pairs of seconds: arriving, and imported as Blender does it by itself.
"""

import contextlib
import gc
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAIRS = 7


def main(files: list[str]) -> None:
    """Measures the files one after the other, the two ways in turn; the first pair of each warms up."""
    os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp()
    sys.path.insert(0, str(ROOT))
    import bpy

    from trellis_blender.scene.arrival import place

    def bare(path: str) -> None:
        bpy.ops.import_scene.gltf(filepath=path)

    def arriving(path: str) -> None:
        place.place(Path(path), "A small wooden chair", "measured", place.here(bpy.context, 1.0, "measured"))

    found = [[(_seconds(arriving, path), _seconds(bare, path)) for _ in range(PAIRS + 1)][1:] for path in files]
    print(json.dumps(found), flush=True)
    os._exit(0)


def _seconds(measured: Callable[[str], None], path: str) -> float:
    import bpy

    bpy.ops.wm.read_factory_settings()
    gc.collect()
    with contextlib.redirect_stdout(io.StringIO()):
        begun = time.perf_counter()
        measured(path)
        return time.perf_counter() - begun


if __name__ == "__main__":
    main(sys.argv[1:])
