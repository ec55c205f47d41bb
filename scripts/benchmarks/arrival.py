# SPDX-License-Identifier: GPL-3.0-or-later
"""How long Blender's main thread is taken by a model that arrives, against Blender's bare import of the same file.

`arrival.py PAIRS GLB…` prints for each file so many pairs of seconds: arriving, after a thread has read it, and
imported as Blender does it by itself; how long reading took; and by how many bytes it raised the process's peak of
memory.
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main(count: int, files: list[str]) -> None:
    """Measures the files one after the other, the two ways in turn; the first pair of each warms up."""
    os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp()
    sys.path.insert(0, str(ROOT))
    import bpy

    from trellis_blender.scene.arrival import place
    from trellis_blender.scene.importing import reading

    def bare(path: str) -> None:
        bpy.ops.import_scene.gltf(filepath=path)

    held: list[reading.Reading] = []

    def arriving(path: str) -> None:
        here = place.here(bpy.context, 1.0, "measured")
        place.place(Path(path), "A small wooden chair", "measured", here, read=held.pop())

    def read(path: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            held[:] = [pool.submit(reading.read, Path(path)).result()]

    found = []
    for path in files:
        before = _peak_bytes()
        read_s = _seconds(read, path)
        peak = _peak_bytes() - before
        held.clear()
        pairs = [(_seconds(arriving, path, read), _seconds(bare, path)) for _ in range(count + 1)][1:]
        found.append({"pairs": pairs, "read_s": read_s, "peak_bytes": peak})
    print(json.dumps(found), flush=True)
    os._exit(0)


def _seconds(measured: Callable[[str], None], path: str, first: Callable[[str], None] = lambda _: None) -> float:
    import bpy

    bpy.ops.wm.read_factory_settings()
    first(path)
    gc.collect()
    with contextlib.redirect_stdout(io.StringIO()):
        begun = time.perf_counter()
        measured(path)
        return time.perf_counter() - begun


def _peak_bytes() -> int:
    """Of this process, so far; 0 on Windows."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
