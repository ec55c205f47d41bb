"""What the scripts do differently from one system to the other."""

import io
import os
import sys
from pathlib import Path

import pytest
from places import ROOT

SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))

import environments  # noqa: E402
import mutate  # noqa: E402
from demo_run import Bars  # noqa: E402


def command(folder: Path, name: str, *said: str) -> None:
    """A program of that name on the PATH: on Windows a .bat, as pyenv is there."""
    folder.mkdir()
    if os.name == "nt":
        (folder / f"{name}.bat").write_text("@echo off\n" + "".join(f"echo {line}\n" for line in said))
        return
    (folder / name).write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in said))
    (folder / name).chmod(0o755)


def python_of_pyenv(root: Path, version: str) -> Path:
    inside = root / "versions" / version / ("python.exe" if os.name == "nt" else "bin/python")
    inside.parent.mkdir(parents=True)
    inside.touch()
    return inside


def test_a_python_of_pyenv_is_found_by_what_pyenv_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = python_of_pyenv(tmp_path / "root", "3.11.7")
    command(tmp_path / "bin", "pyenv", str(tmp_path / "root"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert environments._said_by("pyenv", "root") == str(tmp_path / "root")
    assert str(python) in environments._candidates("3.11")


@pytest.mark.parametrize("variable", ["PYENV_ROOT", "PYENV"])
def test_or_by_the_variables_that_it_sets(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = python_of_pyenv(tmp_path, "3.13.0")
    monkeypatch.setenv(variable, str(tmp_path))
    assert str(python) in environments._candidates("3.13")
    assert str(python) not in environments._candidates("3.11")


def test_a_command_that_is_not_there_or_cannot_be_run_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / ("py.exe" if os.name == "nt" else "py")
    broken.write_bytes(b"no program")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environments._said_by("py", "-3.11") is None
    assert environments._said_by("pyenv", "root") is None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("system", "console", "moves"), [
    ("posix", Terminal, True), ("nt", Terminal, False), ("posix", io.StringIO, False)
])  # fmt: skip
def test_bars_are_drawn_over_only_where_the_terminal_can(
    system: str, console: type[io.StringIO], moves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", system)
        told = console()
        bars = Bars(told)
    for share, stage in ((0.0, "waits"), (0.5, "waits"), (1.0, "ready")):
        bars.show({"one": ("Chair", share, stage)})
    assert ("\x1b" in told.getvalue()) is moves
    assert told.getvalue().count("Chair") == (3 if moves else 2)
    assert "█" * 24 + " ready" in told.getvalue().splitlines()[-1]


def test_protocols_stay_as_they_are_where_modules_are_changed(tmp_path: Path) -> None:
    """A `runtime_checkable` one is asked for by its methods, and a changed class has more of them."""
    source = tmp_path / "module.py"
    source.write_text("@runtime_checkable\nclass Lists(Protocol):\n    ...\n\n\nclass Client(Base):\n    ...\n")
    mutate.leave_protocols(source)
    assert [line for line in source.read_text().splitlines() if "no mutate" in line] == [
        "class Lists(Protocol):  # pragma: no mutate block"
    ]
