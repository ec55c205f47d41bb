"""The program with a window: the zip installed in a fresh profile, a service outside, a scenario inside."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from service import Piapi

ROOT = Path(__file__).resolve().parents[2]

sys.path.insert(0, str(Path(__file__).parent))

from blender_window import Window  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--program", help="the Blender program with a window to test in")
    parser.addoption("--write-pictures", action="store_true", help="write the manual's pictures into docs/pictures")


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Path:
    path = request.config.getoption("--program")
    if not path:
        pytest.skip("no Blender program was given (--program)")
    return Path(path)


@pytest.fixture(scope="session")
def version(program: Path) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=600).stdout
    found = re.search(r"Blender (\d+\.\d+)", said)
    assert found, said
    return found[1]


@pytest.fixture(scope="session")
def zip_file() -> Path:
    found = sorted((ROOT / "dist").glob("trellis_blender-*.zip"))
    assert found, "scripts/build.py has not been run"
    return found[-1]


@pytest.fixture(scope="session")
def installed(program: Path, zip_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile in which Blender's command line has installed the zip."""
    profile = tmp_path_factory.mktemp("profile")
    said = subprocess.run(
        [program, "--command", "extension", "install-file", "-r", "user_default", "--enable", zip_file],
        check=False, capture_output=True, text=True, timeout=300,
        env={**os.environ, "BLENDER_USER_RESOURCES": str(profile)},
    )  # fmt: skip
    # The exit code is 0 for a bad zip as well.
    assert "STATUS Installed" in said.stdout, said.stdout + said.stderr
    return profile


@pytest.fixture
def shots(version: str, request: pytest.FixtureRequest) -> Path:
    """Where the screenshots of this test go; they are there to be looked at."""
    case = getattr(request.node, "callspec", None)
    name = case.params["scenario"] if case is not None else request.node.name.removeprefix("test_")
    folder = ROOT / "dist" / "screenshots" / version / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def window(program: Path, installed: Path, shots: Path, piapi: Piapi, tmp_path: Path) -> Window:
    profile = tmp_path / "profile"
    shutil.copytree(installed, profile)
    control = tmp_path / "control"
    control.mkdir()
    return Window(program, profile, shots, piapi, control)
