"""Every fault at every step: what the artist reads, what it costs, and how the model arrives all the same.

What is expected stands in fault_matrix.toml, what is done in fault_cells.py. The cells mostly wait, so they are one
test that runs many of them at once, and each fails under its own name. `--soak` runs each several times with the real
waits, at times that chance chooses. In the environment, `FAULT_SEED` repeats such a run, and `FAULT_CELLS` is a
regular expression for the names of some: "poll × (404|429)".
"""

import os
import random
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from fault_cells import run_cell
from fault_matrix import Cell, read_matrix
from fault_runs import APART, AT_ONCE, FULL, QUICK, NoDisk, run_apart
from fault_stage import Surroundings
from service import Piapi, running
from systems import CERTIFICATES

from trellis_blender.piapi.http import certificates

REPETITIONS = 3

Run = tuple[Cell, Callable[[], int]]
"""A run of a cell that is under way: it gives the tasks that were accepted, or raises."""


@pytest.fixture
def seed(soak: bool) -> str:
    """What chance begins with; "" for no chance."""
    return os.environ.get("FAULT_SEED") or str(time.time_ns()) if soak else ""


@pytest.fixture
def elsewhere() -> Iterator[Piapi]:
    """Another host, to which requests are sent on. Only models are fetched from there, and without the key."""
    with running() as service:
        yield service
        assert all(method == "GET" and path.startswith("/files/") for method, path, _ in service.requests)
        assert not any("x-api-key" in headers for _, _, headers in service.requests)


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch, seed: str, elsewhere: Piapi) -> Iterator[Surroundings]:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "ca.pem"))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    certificates.trusting.cache_clear()
    yield Surroundings(FULL if seed else QUICK, elsewhere, CERTIFICATES)
    certificates.trusting.cache_clear()


def test_no_cell_is_missing_and_each_that_cannot_be_says_why() -> None:
    cells = read_matrix().values()
    assert len(cells) == len({cell.step for cell in cells}) * len({cell.fault for cell in cells})
    assert all(cell.not_possible.endswith(".") for cell in cells if cell.not_possible)
    assert all(cell.press for cell in cells if cell.rests)


@pytest.mark.soak
def test_every_fault_at_every_step(
    subtests: pytest.Subtests,
    around: Surroundings,
    seed: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    wanted = re.compile(os.environ.get("FAULT_CELLS", ""))
    cells = [cell for cell in read_matrix().values() if wanted.search(cell.name)]
    possible = [cell for cell in cells if not cell.not_possible]
    creates: list[int] = []
    with ThreadPoolExecutor(AT_ONCE[bool(seed)]) as pool:
        runs = [
            run
            for n in range(REPETITIONS if seed else 1)
            for run in _started(pool, possible, around, tmp_path / f"{n}", seed and f"{seed} {n}")
        ]
        for cell, result in runs:
            with subtests.test(cell.name):
                try:
                    creates.append(result())
                except NoDisk as error:
                    pytest.skip(f"there is no disk of our own to be had here: {error}")
    with_seed = f" with the seed {seed}" if seed else ""
    record_property(
        "count",
        f"fault matrix: {len(cells)} cells, {len(cells) - len(possible)} of them not possible; {len(runs)} runs"
        f"{with_seed}, {len(creates)} as expected; in these {sum(creates)} tasks accepted, never two for a request",
    )


def _started(
    pool: ThreadPoolExecutor, cells: list[Cell], around: Surroundings, folder: Path, seed: str
) -> Iterator[Run]:
    """A run of each cell, begun."""
    for fault in APART:
        if group := [cell for cell in cells if cell.fault == fault]:
            started = pool.submit(run_apart, group, folder / fault, seed)
            for cell in group:
                yield cell, lambda started=started, name=cell.name: _creates(*started.result()[name])
    # What takes longest begins first.
    for cell in sorted(cells, key=lambda cell: cell.fault not in {"slow drip", "stall"}):
        if cell.fault not in APART:
            chance = random.Random(f"{seed} {cell.name}") if seed else None
            surroundings = around._replace(speed=replace(around.speed, chance=chance))
            yield cell, pool.submit(run_cell, cell, surroundings, folder / cell.name).result


def _creates(problem: str, creates: int) -> int:
    assert not problem, problem
    return creates
