# SPDX-License-Identifier: GPL-3.0-or-later
"""How long Blender's main thread is taken by a whole arrival in a window, against File > Import of the same file, each
with its undo step: `blender --python window_arrival.py -- GLB ROUNDS`.

Prints, round by round, what the arrival takes in all and in its longest stretch, what the import takes,
and what parts of the arrival do, and what saving it as an asset takes, as the preferences may want it of every model.
"""

import contextlib
import io
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bpy
from addon import enable, requests
from steps import Steps, run, until

REST_S = 1.0
"""For what a new file has Blender do."""


class Clock:
    """Takes the main thread's own time in whatever the add-on has Blender's event loop call."""

    def __init__(self) -> None:
        self.stretches_s: list[float] = []
        self.parts_s: dict[str, float] = {}

    def put_around(self, owner: Any, name: str, part: str = "") -> None:
        """Around a function: a stretch of its own, or for no more than a `part` of one."""
        original = getattr(owner, name)

        def measured(*arguments: Any, **more: Any) -> Any:
            begun = time.thread_time()
            try:
                return original(*arguments, **more)
            finally:
                took_s = time.thread_time() - begun
                if part:
                    self.parts_s[part] = self.parts_s.get(part, 0.0) + took_s
                else:
                    self.stretches_s.append(took_s)

        setattr(owner, name, measured)


def measure(path: Path, count: int) -> Steps:
    """The two ways in turn, in a new file each; the first round warms up."""
    session = enable()
    from trellis_blender.generation.files import THUMBNAIL_NAME
    from trellis_blender.interface.input_image import thumbnails
    from trellis_blender.interface.monitor import arrival, delivery, monitor
    from trellis_blender.interface.placed_model import assets
    from trellis_blender.interface.state import background
    from trellis_blender.scene.arrival import place
    from trellis_blender.scene.images import mesh_snapshot

    clock = Clock()
    clock.put_around(background._Timer, "__call__")
    clock.put_around(monitor, "tick")
    clock.put_around(arrival, "place", "placing")
    clock.put_around(place, "push_undo", "its undo step")
    clock.put_around(mesh_snapshot, "take", "what its picture needs")
    clock.put_around(mesh_snapshot, "prepare", "its texture, where small")
    rounds: list[dict[str, Any]] = []
    stored = fill_store(path, count + 1)
    session.load()
    yield from until(lambda: session.drain() or len(session.generations) == len(stored))
    for generation_id, folder in stored:
        yield from new_file()
        with contextlib.redirect_stdout(io.StringIO()):
            import_s = taken_by(lambda: import_as_from_the_menu(path))
        yield from new_file()
        clock.stretches_s, clock.parts_s = [], {}
        delivery.deliver(generation_id)
        yield from until((folder / THUMBNAIL_NAME).is_file)
        yield from until(lambda: not background.is_running(thumbnails.DRAWING))
        yield REST_S
        all_s, longest_s = sum(clock.stretches_s), max(clock.stretches_s)
        model = session.file.object_of(session.generations[generation_id])
        asset_s = taken_by(lambda model=model: assets.save_as_asset(bpy.context, model))
        figures = {"all": all_s, "longest": longest_s, "import": import_s, "asset": asset_s}
        rounds.append({**figures, "parts": clock.parts_s})
    session.close()
    return rounds[1:]


def import_as_from_the_menu(path: Path) -> None:
    """With its undo step, which the second argument asks for."""
    operator: Any = bpy.ops.import_scene.gltf
    operator('EXEC_DEFAULT', True, filepath=str(path))  # noqa: FBT003


def new_file() -> Steps:
    """An empty one."""
    bpy.ops.wm.read_homefile(use_empty=True)
    yield REST_S


def taken_by(act: Callable[[], object]) -> float:
    """Seconds of this thread."""
    begun = time.thread_time()
    act()
    return time.thread_time() - begun


def fill_store(path: Path, count: int) -> list[tuple[str, Path]]:
    """A finished generation for each round, which waits for somebody to place it: its id and its folder."""
    from trellis_blender.generation.files import MODEL_NAME
    from trellis_blender.generation.record.generation import new_generation
    from trellis_blender.generation.states import State
    from trellis_blender.generation.store.database import Store
    from trellis_blender.interface.state import configuration

    folder = configuration.data_folder()
    folder.mkdir(parents=True)
    store = Store(folder)
    made = [
        replace(
            new_generation(request, "https://api.piapi.ai", 1e9 + number),
            state=State.READY,
            wanted=False,
            task_id=f"task-{number}",
            submitted_at=1e9,
            finished_at=1e9 + 40,
            charged_usd=0.04,
        )
        for number, request in enumerate(requests(count))
    ]
    for each in made:
        (folder / each.folder_name).mkdir()
        (folder / each.folder_name / MODEL_NAME).symlink_to(path)
        store.save(each)
    return [(each.id, folder / each.folder_name) for each in made]


if __name__ == "__main__":
    path, rounds = sys.argv[sys.argv.index("--") + 1 :]
    run(measure(Path(path), int(rounds)))
