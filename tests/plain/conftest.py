"""The lower rooms in plain Python."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from helpers import Driver


@pytest.fixture
def make_driver(tmp_path: Path) -> Iterator[Callable[..., Driver]]:
    drivers: list[Driver] = []

    def make(folder: Path = tmp_path / "generations", **options: int) -> Driver:
        drivers.append(Driver(folder, **options))
        return drivers[-1]

    yield make
    for driver in drivers:
        assert driver.queue.close(10), "a thread did not end"


@pytest.fixture
def driver(make_driver: Callable[..., Driver]) -> Driver:
    return make_driver()
