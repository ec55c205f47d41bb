"""What every test may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from service import FIXTURES, Piapi, running


@pytest.fixture
def piapi() -> Iterator[Piapi]:
    with running() as service:
        yield service


@pytest.fixture(scope="session")
def fixtures() -> Path:
    if not FIXTURES.is_dir():
        pytest.skip(f"the real models and images are not at {FIXTURES.name}")
    return FIXTURES
