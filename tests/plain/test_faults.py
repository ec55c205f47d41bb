"""Every fault at every step: what the artist reads, what it costs, and how the model arrives all the same.

What is expected stands in fault_matrix.toml, what is done in fault_cells.py. The cells mostly wait, so that many of
them run at once; each is a test of its own. `--soak` runs each of them several times with the real waits, at times that
chance chooses; `FAULT_SEED` in the environment repeats such a run.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from fault_cells import Surroundings, run_cell
from fault_matrix import read_matrix
from fault_means import make_certificates
from fault_runs import APART, AT_ONCE, FULL, QUICK, NoDisk, hasten, limit_answers, run_apart
from service import running

from trellis_blender.piapi import certificates

pytestmark = pytest.mark.xdist_group("faults")

CELLS = read_matrix()
POSSIBLE = [name for name, cell in CELLS.items() if not cell.not_possible]
REPETITIONS = 3

Runs = dict[str, list[Callable[[], int]]]
"""By the cell's name its runs, under way: each gives the tasks that were accepted, or raises."""


@pytest.fixture(scope="module")
def seed(request: pytest.FixtureRequest) -> str:
    """What chance begins with; "" for no chance."""
    return os.environ.get("FAULT_SEED") or str(time.time_ns()) if request.config.getoption("--soak") else ""


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, seed: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """All runs of the cells that were asked for, many at once."""
    wanted = [CELLS[item.callspec.params["name"]] for item in request.session.items if _is_a_cell(item)]
    folder = tmp_path_factory.mktemp("faults")
    make_certificates(folder)
    started: Runs = {cell.name: [] for cell in wanted}
    timing = FULL if seed else QUICK
    with pytest.MonkeyPatch.context() as patch, running() as elsewhere:
        if not seed:
            hasten(patch)
        limit_answers(patch, timing)
        patch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            patch.delenv(name)
        certificates.trusting.cache_clear()
        with ThreadPoolExecutor(AT_ONCE[bool(seed)]) as pool:
            for n in range(REPETITIONS if seed else 1):
                for fault in APART:
                    cells = [cell for cell in wanted if cell.fault == fault]
                    group = pool.submit(run_apart, cells, folder / f"{n} {fault}", seed and f"{seed} {n}")
                    for cell in cells:
                        started[cell.name].append(lambda group=group, name=cell.name: _creates(*group.result()[name]))
                # What takes longest begins first.
                for cell in sorted(wanted, key=lambda cell: cell.fault not in {"slow drip", "stall"}):
                    if cell.fault not in APART:
                        chance = random.Random(f"{seed} {n} {cell.name}") if seed else None
                        around = Surroundings(replace(timing, chance=chance), elsewhere, folder)
                        started[cell.name].append(
                            pool.submit(run_cell, cell, around, folder / f"{n} {cell.name}").result
                        )
            yield started
        certificates.trusting.cache_clear()
    # Only models are fetched from another host.
    assert {(method, "x-api-key" in headers) for method, _, headers in elsewhere.requests} <= {("GET", False)}
    assert all(path.startswith("/files/") for _, path, _ in elsewhere.requests)


def _is_a_cell(item: pytest.Item) -> bool:
    return getattr(item, "originalname", "") == "test_a_cell" and item.path == Path(__file__)


def _creates(problem: str, creates: int) -> int:
    assert not problem, problem
    return creates


@pytest.mark.soak
@pytest.mark.parametrize("name", POSSIBLE)
def test_a_cell(runs: Runs, name: str) -> None:
    try:
        for run in runs[name]:
            run()
    except NoDisk as error:
        pytest.skip(f"there is no disk of our own to be had here: {error}")


def test_no_cell_is_missing_and_each_that_cannot_be_says_why() -> None:
    assert len(CELLS) == len({cell.step for cell in CELLS.values()}) * len({cell.fault for cell in CELLS.values()})
    assert all(cell.not_possible.endswith(".") for cell in CELLS.values() if cell.not_possible)
    assert all(cell.press for cell in CELLS.values() if cell.rests)


@pytest.mark.soak
def test_the_counts(runs: Runs, seed: str, record_property: Callable[[str, object], None]) -> None:
    """Comes last: by now every cell has an outcome."""
    passed: list[int] = []
    every = [run for of_one_cell in runs.values() for run in of_one_cell]
    for run in every:
        try:
            passed.append(run())
        except (AssertionError, NoDisk):
            continue
    with_seed = f" with the seed {seed}" if seed else ""
    record_property(
        "count",
        f"fault matrix: {len(CELLS)} cells, {len(CELLS) - len(POSSIBLE)} of them not possible; {len(every)} "
        f"run{with_seed}, {len(passed)} as expected; {sum(passed)} tasks accepted, never two for a request",
    )
