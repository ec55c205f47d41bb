# SPDX-License-Identifier: GPL-3.0-or-later
"""How long Blender's main thread is taken by finishing a model: `finishing.py TRIANGLES` prints the seconds.

Those of the default preset, of writing the mesh for a Blender of its own, and of taking 10,000 triangles back.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RUNS = 7
BUDGET = 10_000


def main(triangles: int) -> None:
    """Measures each so many times; the first run warms up."""
    os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp()
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "blender")]
    import bpy
    from blender_helpers import lumpy_ball  # pyright: ignore[reportMissingImports]

    from trellis_blender.scene.finish import background_finish, steps
    from trellis_blender.scene.finish.options import Finish

    bpy.ops.wm.read_factory_settings()
    taken: dict[str, list[float]] = {"default": [], "given": [], "taken": []}
    for run in range(RUNS + 1):
        model = lumpy_ball(triangles)
        mesh = model.data
        with tempfile.TemporaryDirectory() as folder:
            done = Path(folder, "done.blend")
            given = partial(background_finish.write, model, Path(folder, "given.blend"), with_materials=False)
            taken["given"].append(_seconds(given))
            size_m = 1.0 + run
            taken["default"].append(
                _seconds(lambda model=model, size_m=size_m: steps.finish(model, Finish(size_m=size_m)))
            )
            small = lumpy_ball(BUDGET)
            bpy.data.libraries.write(str(done), {small.data})
            taken["taken"].append(_seconds(partial(_take, mesh, done, small.data.name)))
    print(json.dumps({name: seconds[1:] for name, seconds in taken.items()}), flush=True)
    os._exit(0)


def _take(mesh: Any, done: Path, name: str) -> None:
    """As `BackgroundFinish.take` does it."""
    from trellis_blender.scene.finish.background_finish import _loaded
    from trellis_blender.scene.meshes import edited

    with _loaded(done, {"made": name}) as meshes, edited(mesh, meshes["made"]):
        pass


def _seconds(measured: Callable[[], object]) -> float:
    begun = time.perf_counter()
    measured()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(int(sys.argv[1]))
