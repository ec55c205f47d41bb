"""A process that generates ten models at a time, until somebody kills it.

`killed.py HOW FOLDER URL JOURNAL PICTURE`, with HOW "blender" (Blender as a module, with the add-on) or "plain" (its
queue alone). It begins when a line comes in: "ten" to generate, "none" to finish what there is and end. JOURNAL is
added to as it goes: a state and a generation's id on each line.
"""

import os
import random
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trellis_blender.generation.queue import Queue
from trellis_blender.generation.record.request import Placement, compose_request
from trellis_blender.generation.states import State
from trellis_blender.imaging.picture import Picture
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import Timings

if TYPE_CHECKING:
    from trellis_blender.generation.record.generation import Generation

AT_A_TIME, FEW = 10, 5
"""So many at most are under way; with fewer than that, more are asked for."""
TURN_S = 0.01
SPEED = 20.0
"""How much faster than in life a task that was lost sight of is looked for."""
IMPORT_S = (0.02, 0.3)
"""How long Blender would take to put a model into a scene."""

TIMINGS = Timings(look_after_s=tuple(seconds / SPEED for seconds in Timings().look_after_s[:3]))


class Plain:
    """The queue, used as the interface uses it."""

    def __init__(self, folder: Path, url: str, picture: Path) -> None:
        self._service = Service(url, os.environ["PIAPI_API_KEY"], url)
        self._queue = Queue(folder, timings=TIMINGS)
        self._placement = Placement("Scene", "", (0.0, 0.0, 0.0), 1.0)

    @property
    def is_busy(self) -> bool:
        return self._queue.is_busy

    def load(self) -> None:
        self._queue.load()

    def changed(self) -> "Iterable[Generation]":
        return self._queue.changes()

    def generate(self, prompt: str, seed: int, *, from_image: bool) -> None:
        request = compose_request(
            model="Qubico/trellis",
            prompt=prompt,
            picture=Picture(8, 4, bytes([200, 100, 50, 255]) * 32) if from_image else None,
            picture_name="bear.png",
            parameters={"seed": seed},
            placement=self._placement,
        )
        self._queue.submit(request, self._service)

    def resume(self, generation: "Generation") -> None:
        self._queue.resume(generation, self._service)

    def submit_again(self, generation: "Generation") -> None:
        self._queue.submit_again(generation, self._service)

    def place(self, generation: "Generation") -> None:
        time.sleep(random.uniform(*IMPORT_S))
        self._queue.keep(replace(generation, state=State.PLACED, object_name=generation.request.name))

    def end(self) -> None:
        assert self._queue.close(5), "a thread did not end"


class InBlender:
    """The add-on in a Blender without a window, its buttons pressed by their operators."""

    def __init__(self, folder: Path, url: str, picture: Path) -> None:
        import bpy  # isort: skip
        import addon_utils

        bpy.ops.wm.read_factory_settings()
        addon_utils.enable("trellis_blender", default_set=True)
        from trellis_blender.interface.generate import submission
        from trellis_blender.interface.state import configuration, session

        assert configuration.data_folder() == folder, configuration.data_folder()
        self._bpy: Any = bpy
        self._form = submission
        self._session = session.current()
        self._session.timings = TIMINGS
        self._seen: dict[str, Generation] = {}
        self._picture = picture
        self._placed = 0

    @property
    def is_busy(self) -> bool:
        return self._session.is_busy

    def load(self) -> None:
        self._session.load()

    def changed(self) -> "Iterable[Generation]":
        self._session.drain()
        found = dict(self._session.generations)
        changed = [each for number, each in found.items() if self._seen.get(number) is not each]
        self._seen = found
        return changed

    def generate(self, prompt: str, seed: int, *, from_image: bool) -> None:
        given: dict[str, Any] = {"prompt": prompt, "seed": seed, "model": "Qubico/trellis"}
        if from_image:
            given["image"] = str(self._picture)
        self._form.submit(self._form.compose(self._bpy.context, given, 1), in_place=True)

    def resume(self, generation: "Generation") -> None:
        assert self._bpy.ops.trellis.resume(generation=generation.id) == {"FINISHED"}

    def submit_again(self, generation: "Generation") -> None:
        assert self._bpy.ops.trellis.submit_again(generation=generation.id) == {"FINISHED"}

    def place(self, generation: "Generation") -> None:
        assert self._bpy.ops.trellis.place(generation=generation.id) == {"FINISHED"}
        self._placed += 1
        arrived = [item for item in self._bpy.data.objects if item.get("trellis_generation") == generation.id]
        assert len(arrived) == 1, (arrived, self._session.generations[generation.id])

    def end(self) -> None:
        arrived = [item for item in self._bpy.data.objects if "trellis_generation" in item]
        assert len(arrived) == self._placed, (arrived, self._placed)
        from trellis_blender.interface.state import session

        session.end()


class Artist:
    """Has models made, answers what the list asks, and places what has come."""

    def __init__(self, addon: Plain | InBlender, journal: Path) -> None:
        self._addon = addon
        self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._latest: dict[str, Generation] = {}

    def work(self, *, more: bool) -> None:
        self._addon.load()
        while self._addon.is_busy:
            time.sleep(TURN_S)
        while True:
            for generation in self._addon.changed():
                self._hear(generation)
            ready = [each for each in self._latest.values() if each.state is State.READY]
            unfinished = sum(each.state is not State.PLACED for each in self._latest.values())
            if ready:
                self._place(ready[0])
            elif more and unfinished < FEW:
                self._ask_for(AT_A_TIME - unfinished)
            elif not unfinished and not self._addon.is_busy:
                break
            time.sleep(TURN_S)
        self._addon.end()

    def _ask_for(self, count: int) -> None:
        twice = random.randrange(1, 2**31)
        for number in range(count):
            # The first two are the same: an artist may ask for the very same model once more.
            seed = twice if number < 2 else random.randrange(1, 2**31)
            self._addon.generate(f"model {max(number, 1)}", seed, from_image=number % 3 == 2)

    def _hear(self, generation: "Generation") -> None:
        before = self._latest.get(generation.id)
        self._latest[generation.id] = generation
        if before is None or before.state is not generation.state:
            self._write(generation.state.value, generation)
        if generation.elsewhere or generation.state in {State.FAILED, State.CANCELLED}:
            self._write(f"trouble: elsewhere {generation.elsewhere}, {generation.problem}", generation)
        elif generation.parked and generation.state is State.READY:
            self._write(f"trouble: not placed, {generation.problem}", generation)
        elif generation.state is State.OUTCOME_UNKNOWN:
            if "not among the account's tasks" in generation.problem:
                self._write("asked", generation)
                self._addon.submit_again(generation)
            else:
                self._addon.resume(generation)
        elif generation.parked and generation.state is State.QUEUED:
            self._addon.submit_again(generation)
        elif generation.parked:
            self._addon.resume(generation)

    def _place(self, generation: "Generation") -> None:
        self._write("placing", generation)
        self._addon.place(generation)
        # What the interface has taken over already, it hears of from the queue when it is in the store.
        self._latest[generation.id] = replace(generation, state=State.PLACED)
        self._write("arrived", generation)

    def _write(self, what: str, generation: "Generation") -> None:
        os.write(self._journal, f"{what} {generation.id}\n".encode())


def main(how: str, folder: str, url: str, journal: str, picture: str) -> None:
    addon = (InBlender if how == "blender" else Plain)(Path(folder), url, Path(picture))
    artist = Artist(addon, Path(journal))
    sys.stdout.write("standing by\n")
    sys.stdout.flush()
    artist.work(more=sys.stdin.readline().strip() == "ten")
    sys.stdout.flush()
    sys.stderr.flush()
    # Some Blenders crash or hang when their module is unloaded.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
