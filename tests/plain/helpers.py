"""Driving a queue without Blender."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service import KEY, Piapi
from systems import stop_listening

from trellis_blender.generation.limits.rate_limit import LOOPBACK, RateLimit
from trellis_blender.generation.lookups.questions import Answer, Question
from trellis_blender.generation.queue import Queue
from trellis_blender.generation.record.generation import Generation
from trellis_blender.generation.record.request import GenerationRequest, Placement, compose_request
from trellis_blender.generation.store.database import Store
from trellis_blender.generation.worker.context import Surroundings, Work
from trellis_blender.generation.worker.job import Job
from trellis_blender.imaging.picture import Picture
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import Timings

PLACEMENT = Placement(scene="Scene", collection="Props", location=(1.0, 2.0, 0.5), longest_side_m=1.0)
IMPATIENT = Timings(look_after_s=(0.02, 0.05), staged_look_s=0.1, patience_s=0.0, first_wait_s=0.01)
"""Nobody waits for hours; the tests of what waits have times of their own."""
PICTURE = Picture(8, 4, bytes([200, 100, 50, 255]) * 32)


def service_of(piapi: Piapi, key: str = KEY) -> Service:
    return Service(api_url=piapi.url, api_key=key, upload_url=piapi.url)


def text_request(prompt: str = "a bear", **parameters: float) -> GenerationRequest:
    return compose_request(
        model="Qubico/trellis",
        prompt=prompt,
        picture=None,
        picture_name="",
        parameters=parameters,
        placement=PLACEMENT,
    )


def image_request(model: str = "Qubico/trellis2", prompt: str = "", **parameters: float) -> GenerationRequest:
    return compose_request(
        model=model, prompt=prompt, picture=PICTURE, picture_name="bear.png", parameters=parameters, placement=PLACEMENT
    )


class Driver:
    """Keeps the latest of each generation, as the interface does, and every state each one went through."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.queue = Queue(folder, **{"shared": lambda: folder.parent, **options})
        self.latest: dict[str, Generation] = {}
        self.history: dict[str, list[Generation]] = {}

    def look(self) -> None:
        for generation in self.queue.changes():
            self.latest[generation.id] = generation
            self.history.setdefault(generation.id, []).append(generation)

    def until(self, condition: Callable[[], bool], limit_s: float = 30.0) -> None:
        """Looks until the condition holds, and once more: what was told before it came true is heard as well."""
        end = time.monotonic() + limit_s
        self.look()
        while not condition():
            assert time.monotonic() < end, [(g.state, g.problem, g.parked) for g in self.latest.values()]
            time.sleep(0.005)
            self.look()
        self.look()

    def rest(self, generation: Generation, limit_s: float = 30.0) -> Generation:
        """The generation when nobody works on it any more."""
        self.until(lambda: generation.id in self.latest and not self.latest[generation.id].is_working, limit_s)
        return self.latest[generation.id]

    def ask(self, question: Question, service: Service) -> Answer:
        """What comes of a question to the service."""
        self.queue.lookups.ask(question, service)
        return self.answer()

    def answer(self) -> Answer:
        """The answer to a question that was asked."""
        answers: list[Answer] = []
        self.until(lambda: bool(answers.extend(self.queue.lookups.answers()) or answers))
        return answers[0]

    def states(self, generation: Generation) -> list[str]:
        """The states it went through, each once in a row."""
        names = [g.state.value for g in self.history[generation.id]]
        return [name for n, name in enumerate(names) if n == 0 or names[n - 1] != name]


def work_without_queue(
    folder: Path, generation: Generation, told: list[Generation], service: Service, **around: Any
) -> Work:
    """A generation in the hands of the test; `told` gets all that is published."""
    shared: dict[str, Any] = {
        "store": Store(folder),
        "owner_id": "me",
        "folder": folder,
        "pace": LOOPBACK,
        "limit": RateLimit(is_limited=False),
        "publish": told.append,
        "spacing_s": lambda: 0.0,
        "staged": set(),
        "adopt_plan": lambda plan: None,
    }
    return Work(generation, Job(service), Surroundings(**shared | around))


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that hands each connection to `serve`; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

        def handle(connection: socket.socket) -> None:
            with connection:
                try:
                    serve(connection)
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        stop_listening(listener)


def dripping(head: bytes, interval_s: float = 0.05) -> Callable[[socket.socket], None]:
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head)
        while True:
            connection.sendall(b"x")
            time.sleep(interval_s)

    return drip


def silent(connection: socket.socket) -> None:
    connection.recv(65536)
    time.sleep(30)
