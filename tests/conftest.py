"""What every test may use."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from service import FIXTURES, Piapi, running

SOAK_LIMIT_S = 4 * 3600

# Whatever the environment says, a module is compiled once and not by each Blender and by each test that enables the
# add-on again: three times as long as loading it.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
if os.name == "nt":
    # Under Wine it is the same tree as for the Pythons beside it, and pytest's modules keep the paths they had.
    sys.pycache_prefix = str(Path(__file__).resolve().parents[1] / ".venv" / "compiled-on-windows")
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the tests marked “soak” at their full size")


def pytest_configure(config: pytest.Config) -> None:
    # What hypothesis draws is the same each time, so that a change is judged by what it changed; a soak draws others.
    # How quickly it draws is a figure of the machine.
    settings.register_profile("short", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    if not config.getoption("--soak"):
        settings.load_profile("short")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--soak"):
        for item in items:
            if item.get_closest_marker("soak"):
                item.add_marker(pytest.mark.timeout(SOAK_LIMIT_S), append=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the tests counted (`record_property("count", …)`)."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    lines = [line for report in reports for name, line in report.user_properties if name == "count"]
    if lines:
        terminalreporter.section("counts")
    for line in lines:
        terminalreporter.write_line(str(line))


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> bool:
    """Whether a test marked “soak” is to run at its full size; else a short version, in seconds."""
    return bool(request.config.getoption("--soak"))


@pytest.fixture
def piapi() -> Iterator[Piapi]:
    with running() as service:
        yield service


@pytest.fixture(scope="session")
def fixtures() -> Path:
    if not FIXTURES.is_dir():
        pytest.skip(f"the real models and images are not at {FIXTURES.name}")
    return FIXTURES
