"""The lower rooms in plain Python."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# What helps tests lies beside them.
sys.path.extend(map(str, [Path(__file__).parent, *Path(__file__).parent.rglob("*/")]))

from helpers import Driver

from trellis_blender.piapi import redaction
from trellis_blender.piapi.timings import Timings


@pytest.fixture(autouse=True)
def what_is_secret() -> Iterator[None]:
    """What a test makes known as a secret is none in the next test."""
    before = dict(redaction._known)
    yield
    redaction._known.clear()
    redaction._known.update(before)


@pytest.fixture
def timings() -> Timings:
    """The waits of the drivers. A module whose tests are not to wait has quicker ones."""
    return Timings()


@pytest.fixture
def make_driver(tmp_path: Path, timings: Timings) -> Iterator[Callable[..., Driver]]:
    drivers: list[Driver] = []

    def make(folder: Path = tmp_path / "generations", **options: Any) -> Driver:
        drivers.append(Driver(folder, **{"timings": timings, **options}))
        return drivers[-1]

    yield make
    for driver in drivers:
        assert driver.queue.close(10), "a thread did not end"


@pytest.fixture
def driver(make_driver: Callable[..., Driver]) -> Driver:
    return make_driver()
