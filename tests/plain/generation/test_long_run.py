"""A long working day: a thousand generations, thirty at a time, within the limits of the account's plan.

Everything that takes time takes `speed` times less of it, at the service and here: the lengths of the tasks, the pace
of the polls and the minute of the limit. Times are told as they would be in life, so that what this machine needs for a
download counts `speed` times too much.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from helpers import Driver, service_of, text_request
from models import box_glb
from service import AT_ONCE, Behaviour, Piapi, running

from trellis_blender.generation.limits.rate_limit import PIAPI, Pace
from trellis_blender.generation.queue import Queue
from trellis_blender.generation.states import State
from trellis_blender.piapi.account import REQUESTS_PER_MINUTE
from trellis_blender.piapi.timings import Timings

LENGTHS_S = (25.0, 60.0)
SEED = 5
LOOK_S = 0.002
WARMING = 40
MEMORY_MB = 50
REST_S = 10.0
PROCESS = Path("/proc/self")


@dataclass
class Day:
    """One account's generations."""

    plan: str
    count: int
    piapi: Piapi
    queue: Queue
    speed: float
    late_s: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    most_at_once: int = 0

    def begin(self) -> None:
        chance, model = random.Random(SEED), box_glb()
        self.piapi.plan = self.plan
        self.piapi.most_requests = REQUESTS_PER_MINUTE[self.plan]
        self.piapi.minute_s = 60.0 / self.speed
        self.piapi.behaviour_of = lambda payload: Behaviour(
            processing_s=chance.uniform(*LENGTHS_S) / self.speed, model=model
        )
        for number in range(self.count):
            self.queue.submit(text_request(f"chair {number}"), service_of(self.piapi))

    @property
    def is_over(self) -> bool:
        return len(self.late_s) + len(self.failed) == self.count

    def look(self) -> None:
        """Takes down when which model was ready."""
        now = time.monotonic()
        for generation in self.queue.changes():
            if generation.state is State.READY:
                task = self.piapi.tasks[generation.task_id]
                self.late_s.append((now - task.born - task.behaviour.processing_s) * self.speed)
            elif generation.parked or generation.state in {State.FAILED, State.CANCELLED, State.OUTCOME_UNKNOWN}:
                self.failed.append(f"{generation.state} {generation.problem}")
        self.most_at_once = max(self.most_at_once, self.piapi.at_work())

    @property
    def busiest_minute(self) -> int:
        """The most requests that came in within a minute, wherever it begins."""
        arrivals, most, first = self.piapi.arrivals, 0, 0
        for last, arrived in enumerate(arrivals):
            while arrived - arrivals[first] >= self.piapi.minute_s:
                first += 1
            most = max(most, last - first + 1)
        return most

    def told(self) -> str:
        late_s = sorted(self.late_s)
        limit = REQUESTS_PER_MINUTE[self.plan]
        return (
            f"{self.count} generations on the plan “{self.plan}”, {self.most_at_once} at once: "
            f"{len(self.piapi.arrivals) / self.count:.1f} requests each, {self.busiest_minute} of {limit} in the "
            f"busiest minute; from “completed” to “ready” {statistics.median(late_s):.1f} s, "
            f"95 of 100 within {late_s[int(len(late_s) * 0.95)]:.1f} s"
        )


def pace_of(speed: float) -> Pace:
    """How often tasks are polled where time goes so many times faster."""
    return PIAPI._replace(
        early_s=PIAPI.early_s / speed,
        early_until_s=PIAPI.early_until_s / speed,
        close_s=PIAPI.close_s / speed,
        longest_s=PIAPI.longest_s / speed,
    )


@pytest.fixture
def services() -> Iterator[tuple[Piapi, Piapi]]:
    with ExitStack() as stack:
        yield stack.enter_context(running()), stack.enter_context(running())


def warm_up(folder: Path, piapi: Piapi) -> None:
    """What is loaded once, and the stacks of as many threads as there will be, are no growth."""
    driver = Driver(folder, at_once=30)
    piapi.behaviour = Behaviour(processing_s=0.2, model=box_glb())
    for number in range(WARMING):
        driver.queue.submit(text_request(f"stool {number}"), service_of(piapi))
    driver.until(lambda: sum(each.state is State.READY for each in driver.latest.values()) == WARMING)
    assert driver.queue.close(10)
    piapi.arrivals.clear()
    piapi.tasks.clear()


def memory_mb() -> float:
    lines = (PROCESS / "status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def held() -> tuple[int, int]:
    """How many threads and open files this process has."""
    return len(list((PROCESS / "task").iterdir())), len(list((PROCESS / "fd").iterdir()))


@pytest.mark.soak
@pytest.mark.skipif(not PROCESS.exists(), reason="only Linux tells what a process holds in /proc")
def test_a_long_day_within_the_plans_limits(
    tmp_path: Path,
    services: tuple[Piapi, Piapi],
    soak: bool,
    record_property: Callable[[str, object], None],
) -> None:
    speed = 4.0 if soak else 12.0
    warm_up(tmp_path / "before", services[0])
    before, before_mb = held(), memory_mb()
    timings = Timings(minute_s=Timings().minute_s / speed)
    pro, free = (Queue(tmp_path / plan, polling=pace_of(speed), timings=timings) for plan in ("pro", "free"))
    free.allow(1)
    days = [
        Day("pro", 1000 if soak else 40, services[0], pro, speed),
        Day("free", 25 if soak else 2, services[1], free, speed),
    ]
    for day in days:
        day.begin()
    while not all(day.is_over for day in days):
        time.sleep(LOOK_S)
        for day in days:
            day.look()
    for day in days:
        assert day.queue.close(10), "a thread did not end"
    deadline = time.monotonic() + REST_S
    while max(held()[0] - before[0], held()[1] - before[1]) > 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    grown_mb = memory_mb() - before_mb
    threads, files = held()
    for day in days:
        record_property("count", day.told())
    record_property(
        "count",
        f"A long day leaves {threads - before[0]} threads and {files - before[1]} open files, "
        f"and has taken {grown_mb:.0f} MB, the books of the test service among them",
    )
    assert [day.failed for day in days] == [[], []]
    assert [day.piapi.refused_as_too_many for day in days] == [0, 0]
    assert all(day.busiest_minute <= REQUESTS_PER_MINUTE[day.plan] for day in days)
    assert [len(day.piapi.tasks) for day in days] == [day.count for day in days]
    assert all(day.most_at_once <= AT_ONCE[day.plan] for day in days)
    if soak:
        # In the short version a busy machine may be slower to begin them than the first are to end.
        assert days[0].most_at_once == AT_ONCE["pro"]
    assert grown_mb <= MEMORY_MB
    assert threads <= before[0]
    assert files <= before[1]
