"""Processes that generate are killed, one after the other, on one folder; then the books are compared.

The service stays, as PiAPI does. Every choice comes from one seed, which `TRELLIS_KILLS_SEED` sets; what the machine
makes of it, down to the millisecond, does not.
"""

import base64
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models import box_glb, picture_png
from places import ROOT
from service import KEY, Behaviour, Fault, Piapi

from trellis_blender.generation.files import MODEL_NAME
from trellis_blender.generation.queue import Queue
from trellis_blender.generation.states import State
from trellis_blender.generation.store.database import FILE_NAME, Store
from trellis_blender.generation.store.owners import Owner

SCRIPT = Path(__file__).with_name("killed.py")
SEED_VARIABLE = "TRELLIS_KILLS_SEED"

AIMS = ("placing", "accepted", "downloading", "waiting", "submitting", "any moment")
"""When to kill: soon after something is in that state, "accepted" being a task whose answer is on its way."""
PATIENCE_S = 8.0
"""For the moment that is aimed at; then it is any moment."""
LOOK_S = 0.002
START_S = 60.0
END_S = 180.0
FILLING_BYTES = 60_000


def seed_of_the_day() -> int:
    """The one that is set, else a new one."""
    return int(os.environ.get(SEED_VARIABLE) or random.SystemRandom().randrange(10**6))


class Killing:
    """A folder, a service, and the processes that came to their end."""

    def __init__(self, how: str, folder: Path, home: Path, piapi: Piapi, seed: int) -> None:
        self.seed = seed
        self.tally: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._how = how
        self._folder = folder
        self._home = home
        self._piapi = piapi
        self._started = 0
        self._standby: _Process | None = None
        (home / "picture.png").write_bytes(picture_png(64, 48))
        piapi.ranges = True
        piapi.behaviour_of = self._task
        piapi.fail("create", *(self._answer() for _ in range(20_000)))

    def run(self, count: int) -> None:
        """Kills `count` processes, and lets one finish what they have left."""
        try:
            process = self._next()
            for number in range(count):
                process.begin("ten")
                # The next one gets ready meanwhile.
                self._standby = self._start()
                self._await(process, AIMS[number % len(AIMS)])
                process.kill()
                self._note(process, self._held_back())
                process = self._next()
            process.begin("none")
            process.end()
        finally:
            if self._standby is not None:
                self._standby.kill()
        self.tally["kills"] = count

    def _next(self) -> "_Process":
        process, self._standby = self._standby or self._start(), None
        process.await_standby()
        return process

    def _start(self) -> "_Process":
        self._started += 1
        return _Process(self._how, self._folder, self._home, self._piapi.url, self._started)

    def _task(self, payload: dict[str, Any]) -> Behaviour:
        """Each has a model of its own, so that none can be taken for another."""
        chance = self._chance
        size = (1.0, chance.uniform(0.2, 1.0), chance.uniform(0.2, 1.0))
        return Behaviour(
            pending_s=chance.uniform(0.0, 0.4),
            processing_s=chance.uniform(0.0, 0.6),
            sending_s=chance.uniform(0.0, 0.6),
            model=box_glb(size, extras=f"{chance.random()}{'.' * FILLING_BYTES}"),
        )

    def _answer(self) -> Fault | None:
        """How the service answers a create: at once, late, or not at all."""
        stall_s = self._chance.uniform(0.05, 0.6)
        kinds = [
            None,
            Fault(stall_s=stall_s, after=True),
            Fault(stall_s=stall_s),
            Fault(stall_s=stall_s, after=True, reset=True),
            Fault(reset=True),
        ]
        return self._chance.choices(kinds, (8, 8, 4, 2, 1))[0]

    def _await(self, process: "_Process", aim: str) -> None:
        """Returns at the moment to kill."""
        deadline = time.monotonic() + PATIENCE_S
        if aim == "any moment":
            self._until(process, lambda: False, time.monotonic() + self._chance.uniform(0.0, 2.0))
            return
        has_come = self._holds_back if aim == "accepted" else lambda: process.is_at(aim)
        # Not always the first.
        self._until(process, lambda: False, time.monotonic() + self._chance.uniform(0.0, 0.7))
        self._until(process, has_come, deadline)
        width_s = 0.3 if aim == "waiting" else 0.1
        self._until(process, lambda: False, time.monotonic() + self._chance.uniform(0.0, width_s))

    def _holds_back(self) -> bool:
        return any(answer is not None for answer in list(self._piapi.held_back))

    def _until(self, process: "_Process", has_come: Callable[[], bool], deadline: float) -> None:
        while time.monotonic() < deadline and not has_come():
            process.check()
            time.sleep(LOOK_S)

    def _held_back(self) -> set[tuple[int, str]]:
        """What tasks are made from that the service has accepted and not answered yet."""
        answers = [each for each in list(self._piapi.held_back) if each is not None]
        return {_key_of(self._piapi.tasks[answer.get_json()["data"]["task_id"]].payload) for answer in answers}

    def _note(self, process: "_Process", held_back: set[tuple[int, str]]) -> None:
        """What it died in the middle of: a kill counts once for each state that something was in."""
        found = [each.generation for each in Store(self._folder).load_all()] if self._has_store() else []
        states = {generation.state.value for generation in found}
        for generation in found:
            model = self._folder / generation.folder_name / MODEL_NAME
            # Nothing has this name before it is whole.
            assert not model.exists() or model.read_bytes() == self._piapi.tasks[generation.task_id].behaviour.model
        died_in = states & {"queued", "submitting", "waiting", "running", "downloading"}
        if any(each.state is State.SUBMITTING and _key(each.request) in held_back for each in found):
            died_in.add("accepted, not answered")
        if process.is_placing():
            died_in.add("placing")
        self.tally.update(died_in)

    def _start_hours_later(self) -> None:
        """Takes away what some of the killed have left: who had nothing in hand, or a picture only."""
        for path in [*(self._folder / "owners").iterdir(), *self._folder.glob("generation-*")]:
            os.utime(path, (0, 0))
        later = Queue(self._folder)
        later.load()
        while later.is_busy:
            time.sleep(LOOK_S)
        assert later.close(5)
        owner = Owner(self._folder)
        assert owner.id
        owner.let_go()

    def _has_store(self) -> bool:
        return (self._folder / FILE_NAME).exists()

    def told(self, what: str) -> str:
        """The line for the count."""
        tally = self.tally
        states = ("queued", "submitting", "waiting", "running", "downloading", "placing")
        each = ", ".join(f"{tally[state]} {state}" for state in states)
        return (
            f"{tally['kills']} kills of {what} (seed {self.seed}), with something {each}, "
            f"{tally['accepted, not answered']} between acceptance and answer: {tally['models']} models, as many tasks "
            f"and files, {tally['asked']} submitted again after being looked for"
        )

    def compare(self) -> None:
        """The service's books and the store agree, and so does the disk."""
        self._start_hours_later()
        found = [each.generation for each in Store(self._folder).load_all()]
        assert Counter(each.state for each in found) == {State.PLACED: len(found)}
        tasks = self._piapi.tasks
        of_tasks = Counter(each.task_id for each in found)
        assert set(of_tasks) == set(tasks), "tasks without a generation, or generations without a task"
        assert set(of_tasks.values()) == {1}, "generations that share a task"
        assert Store(self._folder).known_tasks() == set(tasks)
        folders = {each.folder_name: each for each in found}
        assert {path.name for path in self._folder.glob("generation-*")} == set(folders)
        for name, generation in folders.items():
            task = tasks[generation.task_id]
            assert _key_of(task.payload) == _key(generation.request)
            files = {path.name: path.read_bytes() for path in (self._folder / name).iterdir()}
            image = task.payload["input"].get("image", "")
            assert set(files) == {"model.glb", "generation.json"} | ({"input.png"} if image else set()), set(files)
            assert files["model.glb"] == task.behaviour.model
            assert json.loads(files["generation.json"])["task_id"] == task.id
            assert not image or base64.b64decode(image.partition(",")[2]) == files["input.png"]
        rest = {path.name for path in self._folder.iterdir()} - set(folders)
        assert rest == {FILE_NAME, "owners"}, rest
        assert list((self._folder / "owners").iterdir()) == []
        journals = [path.read_text() for path in self._home.glob("journal-*")]
        assert not [line for journal in journals for line in journal.splitlines() if line.startswith("trouble")]
        self.tally["models"] = len(found)
        self.tally["asked"] = sum(journal.count("asked ") for journal in journals)


class _Process:
    """One that will be killed."""

    def __init__(self, how: str, folder: Path, home: Path, url: str, number: int) -> None:
        self._journal = home / f"journal-{number}"
        self._log = home / f"log-{number}"
        environ = {
            **os.environ,
            "PIAPI_API_KEY": KEY,
            "PIAPI_API_URL": url,
            "PIAPI_UPLOAD_URL": url,
            "PYTHONPATH": str(ROOT),
            "BLENDER_USER_RESOURCES": str(home / "profile"),
        }
        command = [sys.executable, SCRIPT, how, folder, url, self._journal, home / "picture.png"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=environ, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
            )

    def await_standby(self) -> None:
        deadline = time.monotonic() + START_S
        while b"standing by" not in self._log.read_bytes():
            assert time.monotonic() < deadline, self._log.read_text()
            self.check()
            time.sleep(LOOK_S)

    def begin(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n".encode())
        self._process.stdin.close()

    def check(self) -> None:
        assert self._process.poll() is None, f"it ended by itself:\n{self._log.read_text()}"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        assert self._process.wait(END_S) == 0, self._log.read_text()

    def is_at(self, aim: str) -> bool:
        """Whether something is, by what the process has told."""
        return aim in self._now().values()

    def is_placing(self) -> bool:
        return "placing" in self._now().values()

    def _now(self) -> dict[str, str]:
        """Where each generation stands."""
        try:
            lines = self._journal.read_text().splitlines()
        except FileNotFoundError:
            return {}
        return {number: what for what, _, number in (line.rpartition(" ") for line in lines)}


def _key(request: Any) -> tuple[int, str]:
    return request.seed, request.prompt if request.task_type == "text-to-3d" else ""


def _key_of(payload: dict[str, Any]) -> tuple[int, str]:
    return payload["input"]["seed"], payload["input"].get("prompt", "")
