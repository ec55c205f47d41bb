"""Where a cell of the fault matrix is run: its service, the ways to it, its queue, what the artist sees and presses."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from fault_matrix import Cell
from fault_means import Clock, Disk, Door
from helpers import Driver
from models import box_glb, glb
from service import KEY, Behaviour, Fault, Piapi, running

from trellis_blender.generation.limits.rate_limit import LOOPBACK
from trellis_blender.generation.lookups.questions import Answer, Question, Topic
from trellis_blender.generation.record.generation import Generation
from trellis_blender.interface.text import rows as wording
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import TimeLimits, Timings

WEBHOOK_SECRET = "hook-secret-9876543210"
NOWHERE = "https://trellis.invalid"
MODEL = box_glb()
FILM = b"\0\0\0\x20ftypisom" + bytes(100)
LONG_S = 600.0
"""A task is not done, and not begun, before the test says so."""


@dataclass(frozen=True)
class Speed:
    """How quickly it goes: the add-on's waits, and the seconds of the test.

    `chance` None for no chance: faults begin at once and end when they were seen.
    """

    timings: Timings
    read_s: float
    drip_s: float
    limit_s: float
    chance: random.Random | None = None

    def some(self, most_s: float) -> float:
        return self.chance.uniform(0.0, most_s) if self.chance else 0.0


# What the service answers. A message with the key in it must not be shown.
_MESSAGE = {"message": f"no, {KEY}, not with {WEBHOOK_SECRET}", "data": None}
_WRONG_TYPES: dict[str, Any] = {
    "submit": {"code": "200", "message": 7, "data": {"task_id": 7, "status": [], "output": "x"}},
    "poll": {"code": [], "data": {"task_id": 7, "status": ["x"], "output": "x", "meta": [1], "logs": 5, "error": [2]}},
    "cancel": {"code": "x", "data": [1, "x"]},
    "balance": {"code": [], "data": [{"plan": 7}]},
    "history": {"code": 200, "data": {"data": "x", "total": []}},
    "active tasks": {"code": 200, "data": {"flux": [None, {"task_id": {}}]}},
    "upload": {"code": "200", "data": {"url": 7}},
}
_REQUEST = {"submit": "create", "poll": "get", "download": "file", "turntable": "file"}
_TAKES_EFFECT = {"slow drip", "stall", "truncated body", "wrong length", "invalid JSON", "wrong types", "502"}


def service_fault(cell: Cell, speed: Speed, elsewhere: str) -> Fault | None:
    """What the service does wrong; None for what goes wrong on the way to it, or here."""
    fault, is_file = cell.fault, cell.step in {"download", "turntable"}
    taken = fault in _TAKES_EFFECT
    if fault.isdigit():
        return Fault(int(fault), {"code": int(fault), **_MESSAGE}, after=taken)
    faults: dict[str, Fault] = {
        "reset before the request": Fault(unread="all"),
        "reset during the request": Fault(unread="half"),
        "reset after the request": Fault(reset=True, after=True),
        "slow drip": Fault(drip_s=speed.drip_s),
        "stall": Fault(stall_s=speed.read_s * 3, after=True),
        "truncated body": Fault(cut_after=20),
        "wrong length": Fault(announced=len(MODEL) // 2 if is_file else 15),
        "HTML": Fault(200, f"<!DOCTYPE html><html>Log in to Café Wi-Fi {KEY}</html>"),
        "invalid JSON": Fault(200, _damaged(b'"meshes"', b'"meshes]') if is_file else '{"code": 200, ', after=taken),
        "wrong types": Fault(
            200, glb({"asset": 2, "meshes": "x"}) if is_file else _WRONG_TYPES[cell.step], after=taken
        ),
        "redirect to another host": Fault(307, headers={"Location": f"{elsewhere}/files/elsewhere.glb"}),
    }
    return faults.get(fault)


def _damaged(old: bytes, new: bytes) -> bytes:
    assert MODEL.count(old) == 1
    return MODEL.replace(old, new)


class Surroundings(NamedTuple):
    """What the cells of one process share."""

    speed: Speed
    elsewhere: Piapi
    certificates: Path
    clock: Clock | None = None


class Run:
    """A cell under way: its service, the ways to it, its queue. `patience_s` is for how long it is asked again."""

    def __init__(self, cell: Cell, around: Surroundings, piapi: Piapi, folder: Path, patience_s: float) -> None:
        self.cell, self.speed, self.piapi = cell, around.speed, piapi
        self._clock = around.clock
        self._disk = Disk(folder.parent) if cell.fault == "full disk" else None
        tls = around.certificates if cell.fault == "expired certificate" else None
        self.door = Door(piapi.url, tls) if cell.fault in {"connection refused", "expired certificate"} else None
        self.url = self.door.url if self.door else piapi.url
        self._fault = service_fault(cell, around.speed, around.elsewhere.url.replace("127.0.0.1", "localhost"))
        self._patience_s = patience_s
        self.sentences: list[str] = []
        timings = self.speed.timings
        if not self._is_short:
            timings = timings._replace(answer_limit_s=60.0, slowness_look_s=60.0)
        # A name that nobody knows is no reason to be as slow as with a service on the internet.
        self.driver = Driver(folder, now=self._clock or time.time, polling=LOOPBACK, timings=timings)
        self.is_on = False
        piapi.behaviour = Behaviour(model=MODEL, processing_s=0.0)

    # The service as it is to be asked.

    @property
    def service(self) -> Service:
        """With the addresses that this computer finds at the moment."""
        away = NOWHERE if self.is_on and self.cell.fault == "DNS failure" else ""
        return Service(
            api_url=self.piapi.url if self.cell.step in {"upload", "download"} else away or self.url,
            api_key=KEY,
            upload_url=away or self.url,
            upload_images=self.cell.step == "upload",
            webhook_secret=WEBHOOK_SECRET,
            limits=TimeLimits(read_s=self.speed.read_s if self._is_short else 60.0, patience_s=self._patience_s),
        )

    @property
    def _is_short(self) -> bool:
        """A short limit only where it is what ends the waiting: the machine may be busy."""
        return self.cell.fault in {"stall", "slow drip"}

    # The fault.

    def on(self) -> None:
        """The fault begins."""
        self.is_on = True
        if self._clock is not None:
            self._clock.jump()
        elif self._disk is not None:
            self._disk.fill()
        elif self._fault is not None:
            self.piapi.fail_always(self.request, self._fault)
        elif self.cell.fault == "DNS failure":
            self.piapi.files_url = NOWHERE
        elif self.door is not None and self.cell.fault == "expired certificate":
            self.door.expire()
        elif self.door is not None:
            self.door.shut()

    def off(self) -> None:
        """The fault is over."""
        self.is_on = False
        if self._disk is not None:
            self._disk.clear()
        self.piapi.fail_always(self.request, None)
        self.piapi.files_url = self.url
        if self.door is not None:
            self.door.open()

    def make(self) -> None:
        """PiAPI works through the task at once."""
        self.piapi.behaviour.pending_s = self.piapi.behaviour.processing_s = 0.0

    def strike_film(self) -> None:
        """The fault is there for the second file alone, which is the film."""
        self.piapi.behaviour.video = FILM
        self.piapi.fail(self.request, None, self._fault or Fault(also=self.on))

    @property
    def request(self) -> str:
        return _REQUEST.get(self.cell.step, self.cell.step)

    @property
    def is_of_this_computer(self) -> bool:
        """Whether it comes over this computer as a whole, in the midst of a step."""
        return self._clock is not None or self._disk is not None

    @property
    def is_of_the_service(self) -> bool:
        """Whether it strikes the requests of one kind only, and may begin before there is one."""
        return self._fault is not None

    # What the artist sees.

    def row(self, generation: Generation) -> wording.Line:
        return wording.describe(generation, time.time(), here=True, in_scene=False, waits_for="")

    def rows(self, generation: Generation) -> Iterator[wording.Line]:
        """All that the row has said."""
        for each in self.driver.history.get(generation.id, []):
            yield self.row(each)

    def latest(self, generation: Generation) -> Generation:
        return self.driver.latest.get(generation.id, generation)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + self.speed.limit_s
        self.driver.look()
        while not condition():
            if time.monotonic() > end:
                said = [f"{line.stage}: {line.detail}" for g in self.driver.latest.values() for line in self.rows(g)]
                raise AssertionError(f"never came: {what}; the row said {list(dict.fromkeys(said))}")
            time.sleep(0.02)
            self.driver.look()
        self.driver.look()

    def rest(self, generation: Generation) -> Generation:
        self.until(lambda: generation.id in self.driver.latest and not self.latest(generation).is_working, "an end")
        return self.latest(generation)

    def press(self, button: str, generation: Generation) -> None:
        """What the button of that name does in the interface."""
        queue = self.driver.queue
        if button == "Again":
            queue.submit_again(generation, self.service)
        elif button == "Cancel":
            queue.cancel(generation, self.service)
        else:
            assert button in {"Resume", "Look Again"}, button
            queue.resume(generation, self.service)
        if button == "Cancel":
            self.until(lambda: self.latest(generation) is not generation, "the button's effect")

    def ask(self, topic: Topic, **fields: str) -> Answer:
        self.driver.queue.lookups.ask(Question(topic, **fields), self.service)
        found: list[Answer] = []
        self.until(lambda: bool(found.extend(self.driver.queue.lookups.answers()) or found), "an answer")
        return found[0]


@contextmanager
def begun(cell: Cell, around: Surroundings, folder: Path, patience_s: float) -> Iterator[Run]:
    with running() as piapi:
        run = Run(cell, around, piapi, folder / "generations", patience_s)
        piapi.files_url = run.url
        try:
            yield run
            _check_books(run)
        finally:
            assert run.driver.queue.close(10), "a thread did not end"
            if run.door is not None:
                run.door.close()


def _check_books(run: Run) -> None:
    """One task, whatever was pressed; and no secret anywhere that it does not belong."""
    expected = 0 if run.cell.step == "balance" else 1
    assert len(run.piapi.creates) == expected, f"{len(run.piapi.creates)} tasks were accepted"
    said = [line.detail for each in run.driver.latest.values() for line in run.rows(each)] + run.sentences
    for secret in (KEY, WEBHOOK_SECRET):
        assert not any(secret in sentence for sentence in said), "a secret is in a sentence"
    for _, path, headers in run.piapi.requests:
        assert not (path.startswith("/files/") and "x-api-key" in headers), "the key went along with a download"
