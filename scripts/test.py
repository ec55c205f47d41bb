#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets up what the tests need, below .venv, and runs them: `python3 scripts/test.py`.

Without options: the checks of the code, the lower rooms in plain Python with today's requests, and everything else in
the newest Blender module that there is a Python for. `--all` adds the other Blenders, and the lower rooms with the
requests of Blender 4.2. What runs where is declared in groups.py; `--soak` runs what that leaves out, and the tests
that have a long version at their full size: hours.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

import groups
from environments import (
    PYTHON_OF_BLENDER,
    ROOT,
    blender_environment,
    blenders_here,
    environment,
    newest_blender,
    parted,
)

SHARED = ROOT.parent / "shared"
CORES = os.cpu_count() or 1
AT_ONCE = CORES + 1
"""Runs side by side: each waits for a server or a window now and then, those of the lower rooms most of the time."""
LONG_VERSIONS = ("--soak", "-m", "soak")
FOR_ANOTHER_SYSTEM = re.compile(r": .*\b(Windows|macOS)\b")
"""What the reason names why a test is skipped that no set-up could run here: these are run on Linux."""
FILES_OF_A_RUN = 8
MOST_AGAIN = 12
"""So many failed tests may owe it to the runs beside them; where more failed, something is wrong."""
LOOK_S = 5.0
LEFT_OVER_S = 60.0
FREED_IS_SPOILT = {"MALLOC_PERTURB_": "165"}
"""For the C library of Linux: what is used after it was freed is nonsense at once, not only where something else has
come to lie there. A node that was removed crashes Blender each time then, and not one time in a hundred. It takes a
tenth of the time, so not in the newest Blender, which has the most to do.
"""
Version = tuple[int, ...]


class Run(NamedTuple):
    """A run of pytest. `is_strict`: a test that is skipped there has failed, unless it is for another system;
    `spoils_freed`: memory is overwritten when it is freed.
    """

    title: str
    python: Path
    arguments: tuple[str, ...]
    is_strict: bool = True
    spoils_freed: bool = False

    def remembered_in(self, folder: Path) -> Run:
        """The same, with a folder where pytest remembers what failed."""
        return self._replace(arguments=(*self.arguments, "-o", f"cache_dir={folder}"))


class Outcome(NamedTuple):
    """What a run of pytest came to; `problem` is about the run itself, "" where it came to its end."""

    passed: int
    failed: list[str]
    skipped: list[str]
    said: str
    counts: tuple[str, ...] = ()
    problem: str = ""


def main() -> int:
    """Runs all that was asked for and sums it up; 0 where everything passed."""
    options = read_options()
    # As tests/conftest.py has it, and for what Python loads before that.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    newest, python = newest_blender()
    here = blenders_here() if options.all else {newest: python}
    left_out = [blender for blender in PYTHON_OF_BLENDER if options.all and blender not in here]

    tools = environment("tools", python, "tools")
    with ThreadPoolExecutor(CORES) as pool:
        old = None
        if options.all or options.soak:
            old = pool.submit(environment, "requests-of-4.2", here.get("4.2.23", python), "blender-4-2")
        started = {blender: pool.submit(blender_environment, blender, its_own) for blender, its_own in here.items()}
        modules = {blender: module.result() for blender, module in started.items()}
    runs = [
        # What waits most of the time comes first: none of it is to be alone at the end.
        *window_runs(tools, options),
        *windows_runs(options.windows),
        *plain_runs(tools, old.result() if old is not None else None, is_soak=options.soak),
        *blender_runs(modules, is_soak=options.soak),
    ]
    if options.blender:
        subprocess.run([sys.executable, ROOT / "scripts/build.py"], check=True)
    failures: list[str] = []
    ended: dict[Run, Outcome] = {}
    # The long versions measure, so each has the machine.
    at_once = 1 if options.soak else AT_ONCE if options.blender else AT_ONCE + 1
    with ThreadPoolExecutor(at_once) as pool, tempfile.TemporaryDirectory() as memory:
        runs = [run.remembered_in(Path(memory, str(number))) for number, run in enumerate(runs)]
        at_work: dict[Future[Outcome], Run] = {pool.submit(run_pytest, run, options.pytest): run for run in runs}
        failures += check_code(tools)
        on_wine = {run for run in runs if run.python == options.windows}
        for done in as_completed(at_work):
            run, outcome = at_work[done], done.result()
            print(f"\n=== {run.title}\n{outcome.said}", end="", flush=True)
            ended[run] = outcome
            if on_wine and not (on_wine := on_wine - {run}):
                end_wine(run.python)
            unexpected = [reason for reason in outcome.skipped if not FOR_ANOTHER_SYSTEM.search(reason)]
            if outcome.problem:
                failures.append(f"{run.title}: {outcome.problem}")
            if SHARED.is_dir() and run.is_strict and unexpected:
                failures.append(f"{run.title}: tests were skipped although everything they need is here")
        alone = passed_alone(ended, options.pytest)
    failures += [
        f"{run.title}: {name}" for run, outcome in ended.items() if run not in alone for name in outcome.failed
    ]
    return sum_up(ended, alone, failures, left_out)


def passed_alone(ended: dict[Run, Outcome], more: list[str]) -> list[Run]:
    """The runs whose failed tests, once more and with nothing beside them, have all passed.

    Several runs share the processors, so a time limit may be missed without a fault. What failed is told all the same.
    """
    failed = [run for run, outcome in ended.items() if outcome.failed]
    if sum(len(ended[run].failed) for run in failed) > MOST_AGAIN:
        return []
    found: list[Run] = []
    for run in failed:
        once_more = run._replace(title=f"{run.title}, what failed, alone", arguments=(*run.arguments, "--last-failed"))
        outcome = run_pytest(once_more, [*more, "-n", "0"] if "-n" in run.arguments else more)
        print(f"\n=== {once_more.title}\n{outcome.said}", end="", flush=True)
        if outcome.passed >= len(ended[run].failed) and not outcome.failed and not outcome.problem:
            found.append(run)
    return found


def read_options() -> argparse.Namespace:
    """The command line's options."""
    epilog = "Arguments after -- go to pytest."
    parser = argparse.ArgumentParser(description="Sets up what the tests need and runs them.", epilog=epilog)
    parser.add_argument(
        "--all", action="store_true", help="every Blender module there is a Python for, and the requests of Blender 4.2"
    )
    parser.add_argument(
        "--soak", action="store_true", help="what the usual run leaves out, and what has a long version at full size"
    )
    parser.add_argument(
        "--blender",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="also the window tests, with this program",
    )
    parser.add_argument("--windows", type=Path, metavar="PATH", help="also what is for a Windows Python, with this one")
    own, more = parted(sys.argv[1:])
    options = parser.parse_args(own)
    options.pytest = more
    options.blender = sorted((program.resolve() for program in options.blender), key=version_of)
    return options


def plain_runs(tools: Path, old: Path | None, *, is_soak: bool) -> list[Run]:
    """The lower rooms in plain Python; `old` is that with the requests of Blender 4.2, where it is asked for."""
    # They wait for a server most of the time.
    several = ("-n", "4")
    usual = ("tests/plain", *LONG_VERSIONS) if is_soak else ("tests/plain", *several)
    found = [Run("Lower rooms, today's requests", tools, usual)]
    if old is not None:
        tests = files("tests/plain", groups.OPENS_NONE if is_soak else groups.OPENS_SOCKETS)
        found.append(Run("Lower rooms, the requests of Blender 4.2", old, (*tests, *several)))
    return found


def blender_runs(modules: dict[str, Path], *, is_soak: bool) -> list[Run]:
    """Blender as a module, a run for each group of files; the newest, which has the most to do, begins."""
    versions = list(modules)
    on_all = {"what differs from version to version": groups.EVERY_BLENDER}
    at_the_ends = {"what is the same in all": groups.OLDEST_AND_NEWEST}
    once = {"what needs no version": groups.ONCE}
    found: list[Run] = []
    for blender in [*versions[-1:], *versions[:-1]]:
        title, module = f"Blender {blender} as a module", modules[blender]
        usual = on_all
        if blender in {versions[0], versions[-1]}:
            usual = on_all | at_the_ends
        if blender == versions[-1]:
            usual = once | usual
        rest = {name: names for name, names in (at_the_ends | once).items() if name not in usual}
        if is_soak:
            found.append(Run(title, module, ("tests/blender", *LONG_VERSIONS)))
        for name, wanted in (rest if is_soak else usual).items():
            # A long group is several runs, so that one processor does not wait for the other at the end.
            parts = -(-len(wanted) // FILES_OF_A_RUN)
            for part in range(parts):
                which = f" ({part + 1} of {parts})" if parts > 1 else ""
                tests = files("tests/blender", wanted[part::parts])
                spoils_freed = blender != versions[-1]
                found.append(Run(f"{title}, {name}{which}", module, tests, spoils_freed=spoils_freed))
    return found


def window_runs(tools: Path, options: argparse.Namespace) -> list[Run]:
    """Blender with a window: all of it in the newest program, which takes longest and begins."""
    found: list[Run] = []
    for program in reversed(options.blender):
        usual, rest = groups.EVERY_PROGRAM, groups.NEWEST_PROGRAM
        if program == options.blender[-1]:
            usual, rest = (*usual, *rest), groups.WITH_SOAK
        title, given = f"Window of {program}", ("--program", str(program))
        if options.soak:
            found.append(Run(title, tools, ("tests/window", *given, *LONG_VERSIONS)))
        if wanted := rest if options.soak else usual:
            scenarios = [f"tests/window/test_window.py::{name}" for name in wanted]
            found.append(Run(title, tools, (*scenarios, *given, "-n", str(CORES))))
    return found


def windows_runs(python: Path | None) -> list[Run]:
    """A Windows Python, with Blender as a module for it."""
    if python is None:
        return []
    # What a test needs of Linux or macOS is skipped there.
    return [
        Run(f"Windows Python (Wine), {room}", python, files(room, names), is_strict=False)
        for room, names in groups.ON_WINDOWS.items()
    ]


def end_wine(python: Path) -> None:
    """Ends the server of the Wine that `python` runs in, where it is one that stays: it would take most of a processor
    from all that comes after it.
    """
    ask = "import os; print(os.environ.get('WINEPREFIX', ''))"
    prefix = subprocess.run([python, "-c", ask], check=False, capture_output=True, text=True).stdout.strip()
    if prefix and shutil.which("wineserver"):
        subprocess.run(["wineserver", "--kill"], check=False, env=os.environ | {"WINEPREFIX": prefix})


def files(room: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The paths of test files, which are called differently even where they are in different folders."""
    paths = {path.stem: path.relative_to(ROOT).as_posix() for path in (ROOT / room).rglob("test_*.py")}
    return tuple(paths[name] for name in names)


def version_of(program: Path) -> Version:
    """The version of a program with a window, which may have to be put in place first."""
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"Blender (\d+)\.(\d+)\.(\d+)", said)
    if found is None:
        raise SystemExit(f"{program} does not say which Blender it is.")
    return tuple(map(int, found.groups()))


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
        result = subprocess.run(
            [tools, *arguments], check=False, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        print(f"\n=== {name}\n{result.stdout}", end="", flush=True)
        if result.returncode:
            failed.append(name)
    return failed


def run_pytest(run: Run, more: list[str]) -> Outcome:
    """Runs pytest and reads what it came to from its own report."""
    print(f"Running: {run.title} …", flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [run.python, "-m", "pytest", "-q", f"--junitxml={report}", *run.arguments, *more]
        output = Path(folder, "output.txt")
        with output.open("wb") as file:
            environ = os.environ | (FREED_IS_SPOILT if run.spoils_freed else {})
            process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=file, stderr=subprocess.STDOUT)
            code = wait_for(process, report, is_on_wine=not run.is_strict)
        # A Windows Python speaks as its system does.
        said = output.read_text(encoding="utf-8", errors="replace")
        said = f"{said}{(time.monotonic() - begun) / 60:.1f} minutes\n"
        if not report.exists():
            return Outcome(0, [], [], said, problem="it did not come to its end")
        cases = ET.parse(report).getroot().findall(".//testcase")
    skipped = [
        f"{case.get('classname')}.{case.get('name')}: {reason.get('message')}"
        for case in cases
        for reason in case.findall("skipped")
    ]
    counts = tuple(
        str(one.get("value")) for case in cases for one in case.iter("property") if one.get("name") == "count"
    )
    failed = [
        f"{case.get('classname')}.{case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]
    problem = f"it ended with {code}" if code and not failed else ""
    return Outcome(len(cases) - len(failed) - len(skipped), failed, skipped, said, counts, problem)


def wait_for(process: subprocess.Popen[bytes], report: Path, *, is_on_wine: bool) -> int:
    """The exit code. A console of Wine's may outlive the program that it was for, and whoever reads what was printed
    waits for it as well: it is ended where the report has been there for a while.
    """
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(LOOK_S)
        is_left_over = is_on_wine and report.exists() and time.time() - report.stat().st_mtime > LEFT_OVER_S
        if is_left_over and shutil.which("pkill"):
            subprocess.run(["pkill", "-f", r"conhost\.exe --server"], check=False)


def sum_up(ended: dict[Run, Outcome], alone: list[Run], failures: list[str], left_out: list[str]) -> int:
    """Prints what failed, what was left out and, last, what was skipped."""
    skipped = [reason for outcome in ended.values() for reason in outcome.skipped]
    print("\n=== Sum")
    for failure in failures:
        print(f"FAILED {failure}")
    for run in alone:
        for name in ended[run].failed:
            print(f"FAILED beside the other runs, PASSED alone: {run.title}: {name}")
    for blender in left_out:
        print(f"Left out: Blender {blender}, for which there is no Python {PYTHON_OF_BLENDER[blender]} here.")
    for reason in skipped:
        print(f"SKIPPED {reason}")
    for line in dict.fromkeys(line for outcome in ended.values() for line in outcome.counts):
        print(line)
    in_the_end = sum(len(ended[run].failed) for run in alone)
    passed = sum(outcome.passed for outcome in ended.values()) + in_the_end
    failed = sum(len(outcome.failed) for outcome in ended.values()) - in_the_end
    print(f"{passed} passed, {in_the_end} of them when run alone, {failed} failed, {len(skipped)} skipped", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
