# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the Pythons that Blender needs and makes the environments that the scripts run in, below `.venv`.

Runs on any Python from 3.9 on, because it is what finds the right one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venv"
PIP = "pip==25.3"  # the first pip that every Python here has is too old for dependency groups

PYTHON_OF_BLENDER = {"4.2.23": "3.11", "4.5.15": "3.11", "5.0.1": "3.11", "5.2.3": "3.13", "5.3.0": "3.13"}
"""The Blender modules under test, from the oldest to the newest, and the one Python that each of them is built for."""

_MAKING_PIP = threading.Lock()


class NoPython(SystemExit):
    """No Python that Blender's module could run on; carries the one sentence to print."""


def find_python(version: str) -> Path | None:
    """A Python of exactly `version` ("3.11") that can make environments: PATH, then pyenv, then uv."""
    for candidate in _candidates(version):
        if candidate and _is_usable(candidate, version):
            return Path(candidate)
    return None


def blenders_here() -> dict[str, Path]:
    """The Blender versions that there is a Python for on this machine, with that Python."""
    pythons = {version: find_python(version) for version in sorted(set(PYTHON_OF_BLENDER.values()))}
    found = {blender: pythons[version] for blender, version in PYTHON_OF_BLENDER.items()}
    return {blender: python for blender, python in found.items() if python is not None}


def newest_blender() -> tuple[str, Path]:
    """The newest Blender version that can be had here and the Python for it; NoPython where there is none."""
    here = blenders_here()
    if not here:
        versions = " or ".join(sorted(set(PYTHON_OF_BLENDER.values())))
        raise NoPython(f"Install Python {versions} (from python.org, pyenv or uv) and run this again.")
    return list(here.items())[-1]


def environment(name: str, python: Path, group: str, *packages: str) -> Path:
    """The Python of environment `.venv/<name>` with a dependency group of pyproject.toml in it."""
    folder = VENVS / name
    inside = _python_in(folder)
    # Of its own packages only: a line in another group is no reason to fetch Blender again.
    stamp = folder / ".packages"
    wanted = "\n".join([PIP, str(python), *_requirements(group), *packages])
    if stamp.exists() and stamp.read_text() == wanted and inside.exists():
        return inside
    pip = _pip(python)
    # In one piece: several are set up at once.
    print(f"Setting up .venv/{name} …\n", end="", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    run(python, "-m", "venv", "--without-pip", folder)
    # Nothing is compiled that nobody imports: Blender brings thousands of modules.
    install = [pip, "-m", "pip", "--python", inside, "install", "-qq", "--disable-pip-version-check", "--no-compile"]
    run(*install, "--group", f"{ROOT / 'pyproject.toml'}:{group}", *packages)
    stamp.write_text(wanted)
    return inside


def _pip(python: Path) -> Path:
    """The Python of an environment with the one pip that fills all the others, on whatever Python came first."""
    with _MAKING_PIP:
        folder = VENVS / PIP
        inside = _python_in(folder)
        if not (folder / ".complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            run(python, "-m", "venv", folder)
            run(inside, "-m", "pip", "install", "-qq", "--disable-pip-version-check", PIP)
            (folder / ".complete").touch()
        return inside


def _python_in(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def blender_environment(blender: str, python: Path) -> Path:
    """The Python of the environment with Blender `blender` as the `bpy` module."""
    return environment(f"blender-{blender}", python, "blender", f"bpy=={blender}")


def parted(arguments: list[str]) -> tuple[list[str], list[str]]:
    """A command line before its first `--` and after it. argparse takes away the later ones, too, which are for the
    program that gets the rest, and Pythons differ in how many.
    """
    where = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:where], arguments[where + 1 :]


def run(*command: str | Path) -> None:
    """Runs a step of the set-up; ends the script with one line where it fails."""
    result = subprocess.run([str(part) for part in command], check=False, cwd=ROOT)
    if result.returncode:
        raise SystemExit(f"This failed with exit code {result.returncode}: {' '.join(map(str, command))}")


def _requirements(group: str) -> list[str]:
    """The packages of a dependency group of pyproject.toml, those of the groups that it includes first."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[dependency-groups]")[2]
    lines = re.search(rf"^{group} = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    if lines is None:
        raise SystemExit(f"pyproject.toml has no dependency group “{group}”.")
    found: list[str] = []
    for included, package in re.findall(r'include-group = "([^"]+)"|^ *"([^"]+)"', lines[1], re.MULTILINE):
        found += _requirements(included) if included else [package]
    return found


def _candidates(version: str) -> list[str | None]:
    # From within an environment the same Pythons are found as from outside, so that none is made again.
    own = sys.executable if sys.prefix == sys.base_prefix else None
    found: list[str | None] = [own, shutil.which(f"python{version}")]
    roots = [os.environ.get("PYENV_ROOT"), os.environ.get("PYENV"), _said_by("pyenv", "root")]
    roots += [str(Path.home() / ".pyenv"), str(Path.home() / ".pyenv" / "pyenv-win")]
    for root in filter(None, roots):
        for folder in sorted(Path(root, "versions").glob(f"{version}.*"), reverse=True):
            found.append(str(folder / ("python.exe" if os.name == "nt" else "bin/python")))
    if os.name == "nt":
        found.append(_said_by("py", f"-{version}", "-c", "import sys; print(sys.executable)"))
    if not any(candidate and _is_usable(candidate, version) for candidate in found) and shutil.which("uv"):
        subprocess.run(["uv", "python", "install", "--quiet", version], check=False, capture_output=True)
        found.append(_said_by("uv", "python", "find", version))
    return found


def _said_by(*command: str) -> str | None:
    """What a command prints; None where it is not there or fails."""
    # By its whole path: on Windows pyenv is a .bat, which is not found by its bare name.
    path = shutil.which(command[0])
    if path is None:
        return None
    try:
        result = subprocess.run([path, *command[1:]], check=False, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() or None if result.returncode == 0 else None


def _is_usable(python: str, version: str) -> bool:
    code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        result = subprocess.run([python, "-c", code], check=False, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0 and result.stdout.strip() == version
