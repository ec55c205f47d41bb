#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are the tests worth something? Changes the lower rooms in one small way after the other; does a test fail?

`python3 scripts/mutate.py piapi/answers piapi/http/retries` does it for two modules, `--tests test_tasks test_client`
with these tests only, `--sample 50` with fifty changes of each, drawn by `--seed`. Without modules it is every module
of `piapi/` and `generation/`, which takes hours. Below `dist/mutation` a run can be broken off and gone on with
(`--go-on`), also with another fifty of each; `mutmut show NAME` there shows a change. Needs a system that can fork.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environments import ROOT, environment, newest_blender

MUTMUT = "mutmut==3.8.1"
PLACE = ROOT / "dist/mutation"
ROOMS = ("piapi", "generation")
TESTED_IN = ("piapi", "generation", "interface")
"""The folders of the tests that a change of these rooms can reach without numpy, which is not installed here."""
LEFT_OUT = {"test_faults", "test_fuzz", "test_kills", "test_long_run"}
"""Tests that take long."""
SURVIVED, NOBODY_LOOKS, NOT_RUN = "survived", "no test", "not run"
BY_EXIT_CODE: dict[int | None, str] = {
    0: SURVIVED,
    33: NOBODY_LOOKS,
    5: NOBODY_LOOKS,
    2: NOT_RUN,
    255: NOT_RUN,
    None: NOT_RUN,
}
"""Of pytest, and mutmut's own: 33, and 255 where pytest did not even begin, for a test whose name it does not find.
Whatever else it is, the change was noticed."""


def main() -> int:
    """Runs it and prints the share of the changes that were noticed, for each module."""
    options = read_options()
    modules = options.modules or [name for room in ROOMS for name in modules_of(room)]
    found = (path for room in TESTED_IN for path in sorted((ROOT / "tests/plain" / room).rglob("test_*.py")))
    paths = {path.stem: path.relative_to(ROOT).as_posix() for path in found}
    tests = [paths[name] for name in options.tests or paths.keys() - LEFT_OUT]
    _, python = newest_blender()
    inside = environment("mutation", python, "today", MUTMUT)
    if not options.go_on:
        lay_out(modules, tests)
    command = [str(inside.with_name("mutmut")), "run", "--max-children", str(options.processes)]
    names: list[str] = []
    if options.sample:
        run(*command, "none")  # makes the changes, and complains that there is none of this name
        names = drawn(modules, options.sample, options.seed)
    run(*command, *names)
    tell(modules)
    return 0


def run(*command: str) -> None:
    """Runs mutmut, which ends with 1 where a change survives."""
    # On a busy machine hypothesis must not take slowness for a failure; it knows this variable.
    subprocess.run(command, check=False, cwd=PLACE, env={**os.environ, "CI": "1"})


def read_options() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description="Changes the lower rooms and looks whether a test fails.")
    parser.add_argument("modules", nargs="*", metavar="ROOM/MODULE", help="piapi/answers; all where none is named")
    parser.add_argument("--tests", nargs="+", default=[], metavar="NAME", help="test_tasks; nearly all in tests/plain")
    parser.add_argument("--sample", type=int, metavar="N", help="this many changes of each module; all where not said")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--processes", type=int, default=6, help="how many at once: the tests wait more than they work")
    parser.add_argument("--go-on", action="store_true", help="with the run that was broken off")
    return parser.parse_args()


def modules_of(room: str) -> list[str]:
    """The modules of a room and the rooms in it: "piapi/http/retries"."""
    package = ROOT / "trellis_blender"
    found = (path.relative_to(package).with_suffix("").as_posix() for path in (package / room).rglob("*.py"))
    return sorted(name for name in found if not name.endswith("__init__"))


def lay_out(modules: list[str], tests: list[str]) -> None:
    """A copy of what is needed, with mutmut's settings."""
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    for name in ("trellis_blender", "tests", "scripts"):
        shutil.copytree(ROOT / name, PLACE / name, ignore=shutil.ignore_patterns("__pycache__"))
    for module in modules:
        leave_protocols(PLACE / "trellis_blender" / f"{module}.py")
    shutil.copy(ROOT / "README.md", PLACE)
    if (ROOT.parent / "shared").is_dir():
        (PLACE / "shared").symlink_to((ROOT.parent / "shared").resolve())
    settings = {
        "source_paths": ["trellis_blender"],
        "only_mutate": [f"trellis_blender/{module}.py" for module in modules],
        "also_copy": ["scripts", "README.md"],
        "pytest_add_cli_args_test_selection": tests,
        "process_isolation": "forkserver",  # the tests start threads
        "timeout_constant": 20.0,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]  # JSON is TOML here
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (PLACE / "pyproject.toml").write_text("\n".join([project, "[tool.mutmut]", *lines, ""]), encoding="utf-8")


def leave_protocols(path: Path) -> None:
    """mutmut gives a class more methods. Those of a protocol would be asked of each class that is to have it."""
    content = path.read_text(encoding="utf-8")
    content = re.sub(
        r"^class \w+\(.*\bProtocol\b.*\):$", r"\g<0>  # pragma: no mutate block", content, flags=re.MULTILINE
    )
    path.write_text(content, encoding="utf-8")


def drawn(modules: list[str], count: int, seed: int) -> list[str]:
    """So many changes of each module that have not been tried, by chance."""
    chance = random.Random(seed)
    found = [sorted(name for name, fate in fates_of(module).items() if fate == NOT_RUN) for module in modules]
    return [name for names in found for name in chance.sample(names, min(count, len(names)))]


def fates_of(module: str) -> dict[str, str]:
    """What became of each change of a module, by mutmut's name for it; nothing where it was not changed at all."""
    results = PLACE / f"mutants/trellis_blender/{module}.py.meta"
    if not results.exists():
        return {}
    codes: dict[str, int | None] = json.loads(results.read_text(encoding="utf-8"))["exit_code_by_key"]
    return {name: BY_EXIT_CODE.get(code, "noticed") for name, code in codes.items()}


def tell(modules: list[str]) -> None:
    """What became of the changes, module by module, and the names of those that nobody noticed."""
    whole: Counter[str] = Counter()
    missed: list[str] = []
    for module in modules:
        fates = fates_of(module)
        missed += [name for name, fate in fates.items() if fate in {SURVIVED, NOBODY_LOOKS}]
        found = Counter(fates.values())
        whole += found
        print(line_of(module, found))
    print("\n".join(missed))
    print(line_of("all", whole))


def line_of(name: str, found: Counter[str]) -> str:
    """One module's figures."""
    run = found["noticed"] + found[SURVIVED] + found[NOBODY_LOOKS]
    share = f"{found['noticed'] / run:.0%}" if run else "–"
    rest = ", ".join(f"{found[fate]} {fate}" for fate in (SURVIVED, NOBODY_LOOKS, NOT_RUN) if found[fate])
    return f"{name}: {share} of {run} changes noticed{': ' if rest else ''}{rest}"


if __name__ == "__main__":
    sys.exit(main())
