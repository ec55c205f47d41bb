#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets up what the tests need, below .venv, and runs them: `python3 scripts/test.py`.

Without options: the checks of the code, the lower rooms in plain Python (with today's requests and with Blender 4.2's),
and everything else in the newest Blender module that there is a Python for. `--soak` runs the tests that have a long
version at their full size instead: hours.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environments import PYTHON_OF_BLENDER, ROOT, blender_environment, blenders_here, environment, newest_blender

SHARED = ROOT.parent / "shared"
CORES = os.cpu_count() or 1
AT_ONCE = max(2, CORES)
"""Runs side by side. Each keeps about one core busy."""


class Outcome(NamedTuple):
    """What a run of pytest came to."""

    passed: int
    failed: int
    skipped: list[str]
    said: str
    counts: tuple[str, ...] = ()


Run = Callable[[list[str]], Outcome]


def main() -> int:
    """Runs all that was asked for and sums it up; 0 where everything passed."""
    options = read_options()
    if options.soak:
        options.pytest += ["--soak", "-m", "soak"]
    newest, python = newest_blender()
    here = blenders_here() if options.all else {newest: python}
    left_out = [blender for blender in PYTHON_OF_BLENDER if options.all and blender not in here]

    tools = environment("tools", python, "tools")
    failures = check_code(tools)
    outcomes: list[Outcome] = []

    def side_by_side(runs: dict[str, Run]) -> None:
        for title in runs:
            print(f"Running: {title} …", flush=True)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            started = {title: pool.submit(run, options.pytest) for title, run in runs.items()}
            for title, run in started.items():
                outcome = run.result()
                print(f"\n=== {title}\n{outcome.said}", end="", flush=True)
                outcomes.append(outcome)
                if outcome.failed:
                    failures.append(f"{title}: {outcome.failed} failed")

    # What waits for a server or a window most of the time is run by several processes at once.
    several = [] if options.soak else ["-n", "3"]
    plain = {"Lower rooms, plain Python, today's requests": pytest_run(tools, "tests/plain", *several)}
    if not options.soak:
        old = environment("requests-of-4.2", here.get("4.2.23", python), "blender-4-2")
        plain["Lower rooms, plain Python, the requests of Blender 4.2"] = pytest_run(old, "tests/plain", *several)
    side_by_side(plain)
    modules = {blender: blender_environment(blender, its_python) for blender, its_python in here.items()}
    side_by_side(
        {f"Blender {blender} as a module": pytest_run(module, "tests/blender") for blender, module in modules.items()}
    )
    if options.blender:
        subprocess.run([sys.executable, ROOT / "scripts/build.py"], check=True)
        # A Blender of each program for every two cores; the long versions measure, so they have the machine.
        several = [] if options.soak else ["-n", str(max(1, min(CORES // 2, 4)))]
        side_by_side(
            {
                f"Window of {program}": pytest_run(tools, "tests/window", "--program", str(program), *several)
                for program in options.blender
            }
        )

    return sum_up(outcomes, failures, left_out, strict=SHARED.is_dir())


def read_options() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description="Sets up what the tests need and runs them.")
    parser.add_argument("--all", action="store_true", help="every Blender module there is a Python for")
    parser.add_argument("--soak", action="store_true", help="only the tests with a long version, at their full size")
    parser.add_argument(
        "--blender",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="also the window tests, with this program",
    )
    parser.add_argument("pytest", nargs="*", help="more arguments for pytest, after --")
    options = parser.parse_args()
    options.blender = [program.resolve() for program in options.blender]
    return options


def check_code(tools: Path) -> list[str]:
    """Style, types and the rules between the rooms; what failed."""
    commands = {
        "ruff check": ["-m", "ruff", "check", "--quiet"],
        "ruff format": ["-m", "ruff", "format", "--check", "--quiet"],
        "basedpyright": ["-m", "basedpyright", "--level", "error", "--pythonpath", str(tools)],
        "import-linter": ["-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
    }
    failed: list[str] = []
    for name, arguments in commands.items():
        print(f"\n=== {name}", flush=True)
        if subprocess.run([tools, *arguments], check=False, cwd=ROOT).returncode:
            failed.append(name)
    return failed


def pytest_run(python: Path, *arguments: str) -> Run:
    """A run of pytest, to be started with more arguments."""
    return lambda more: run_pytest(python, *arguments, *more)


def run_pytest(python: Path, *arguments: str) -> Outcome:
    """Runs pytest and reads what it came to from its own report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [python, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
        result = subprocess.run(
            command, check=False, cwd=ROOT, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if not report.exists():
            return Outcome(0, 1, [], result.stdout)
        cases = ET.parse(report).getroot().findall(".//testcase")
    skipped = [
        f"{case.get('classname')}.{case.get('name')}: {reason.get('message')}"
        for case in cases
        for reason in case.findall("skipped")
    ]
    counts = tuple(
        str(one.get("value")) for case in cases for one in case.iter("property") if one.get("name") == "count"
    )
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    return Outcome(
        len(cases) - failed - len(skipped),
        max(failed, int(result.returncode != 0)),
        skipped,
        result.stdout,
        counts,
    )


def sum_up(outcomes: list[Outcome], failures: list[str], left_out: list[str], *, strict: bool) -> int:
    """Prints what failed, what was left out and, last, what was skipped. `strict`: a skip is a failure."""
    skipped = [reason for outcome in outcomes for reason in outcome.skipped]
    if strict and skipped:
        failures.append("tests were skipped although everything they need is here")
    print("\n=== Sum")
    for failure in failures:
        print(f"FAILED {failure}")
    for blender in left_out:
        print(f"Left out: Blender {blender}, for which there is no Python {PYTHON_OF_BLENDER[blender]} here.")
    for reason in skipped:
        print(f"SKIPPED {reason}")
    for line in dict.fromkeys(line for outcome in outcomes for line in outcome.counts):
        print(line)
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
