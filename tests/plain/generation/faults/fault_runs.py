"""Many cells of the fault matrix, and how quickly they go.

Started as a program, it runs cells in a process of their own: those for which the clock jumps, and those on disks of
their own that fill up.
"""

import json
import os
import random
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from fault_cells import run_cell
from fault_matrix import Cell, read_matrix
from fault_means import Clock
from fault_stage import Speed, Surroundings
from places import ROOT
from service import running

from trellis_blender.piapi.timings import Timings

QUICK = Speed(
    Timings(
        answer_limit_s=2.0,
        slowness_look_s=2.0,
        look_after_s=(0.02, 0.05, 0.1),
        busy_delay_s=0.02,
        first_wait_s=0.02,
        first_delay_s=0.02,
    ),
    read_s=0.8,
    drip_s=0.05,
    limit_s=60.0,
)
"""Waits are short; how often something is asked for is as in life."""
FULL = Speed(Timings(answer_limit_s=15.0, slowness_look_s=15.0), read_s=10.0, drip_s=0.5, limit_s=900.0)
AT_ONCE = {False: 16, True: 48}
"""Cells, by whether the waits are the real ones."""
APART = ("clock jumps ahead", "clock jumps back", "full disk")
"""Faults that come over a whole computer: each has a process of its own."""
DAY_S = 24 * 3600.0
DISK_BYTES = 1024 * 1024


class NoDisk(Exception):
    """This computer lets nobody mount a disk of their own."""


def run_apart(cells: list[Cell], folder: Path, seed: str) -> dict[str, tuple[str, int]]:
    """Cells of one such fault, in a process of their own: by name what was not as expected, and the tasks accepted."""
    places = {cell.name: folder / str(number) for number, cell in enumerate(cells)}
    for place in places.values():
        place.mkdir(parents=True)
    command = [sys.executable, __file__, seed, *(f"{name}={place}" for name, place in places.items())]
    if cells[0].fault == "full disk":
        command = _with_disks(list(places.values()), command)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "tests/plain")))}
    result = subprocess.run(command, check=False, capture_output=True, text=True, env=environ, cwd=ROOT)
    assert not result.returncode, result.stderr[-3000:]
    return {name: (problem, creates) for name, (problem, creates) in json.loads(result.stdout).items()}


def _with_disks(places: list[Path], command: list[str]) -> list[str]:
    """The command with a small disk mounted at each place, which nobody but its process sees."""
    mount = " && ".join(f"mount -t tmpfs -o size={DISK_BYTES} none '{place}'" for place in places)
    private = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    try:
        subprocess.run([*private, mount], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoDisk(str(error)) from None
    return [*private, f'{mount} && exec "$@"', "sh", *command]


def main() -> None:
    """Runs the cells that the arguments name, each in its folder, and prints what came of them."""
    seed, *arguments = sys.argv[1:]
    matrix = read_matrix()
    places = {matrix[name]: Path(place) for name, _, place in (argument.partition("=") for argument in arguments)}
    fault = next(iter(places)).fault
    clock = Clock(len(places), DAY_S if fault.endswith("ahead") else -DAY_S) if fault.startswith("clock") else None
    speed = replace(FULL, chance=random.Random(f"{seed} {fault}")) if seed else QUICK
    with pytest.MonkeyPatch.context() as patch, running() as elsewhere, ThreadPoolExecutor(len(places)) as pool:
        if clock is not None:
            patch.setattr(time, "time", clock)
        around = Surroundings(speed, elsewhere, Path(), clock)
        started = {cell.name: pool.submit(run_cell, cell, around, place) for cell, place in places.items()}
        sys.stdout.write(json.dumps({name: _told(each) for name, each in started.items()}))


def _told(started: Future[int]) -> tuple[str, int]:
    error = started.exception()
    return (f"{type(error).__name__}: {error}", 0) if error else ("", started.result())


if __name__ == "__main__":
    main()
