"""Nothing falls through: each test file and each window scenario is in one of the groups of `scripts/groups.py`."""

import ast
import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest
from places import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import groups

_spec = importlib.util.spec_from_file_location("runner", ROOT / "scripts/test.py")  # “test” is a package of Python's
assert _spec is not None
assert _spec.loader is not None
runner = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(runner)

TREE = ast.parse((ROOT / "tests/window/test_window.py").read_text(encoding="utf-8"))
SHARED_BY_SCENARIOS = {"drive", "main"}


def files_in(room: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / "tests" / room).rglob("test_*.py"))


@pytest.mark.parametrize(
    ("room", "declared"),
    [
        ("plain", (*groups.OPENS_SOCKETS, *groups.OPENS_NONE)),
        ("blender", (*groups.EVERY_BLENDER, *groups.OLDEST_AND_NEWEST, *groups.ONCE)),
    ],
)
def test_each_file_is_in_one_group(room: str, declared: tuple[str, ...]) -> None:
    assert sorted(declared) == files_in(room)


def test_each_test_with_a_window_is_in_one_group_and_in_that_file() -> None:
    assert files_in("window") == ["test_window"]
    found = [part.name for part in TREE.body if isinstance(part, ast.FunctionDef) and part.name.startswith("test_")]
    assert sorted((*groups.EVERY_PROGRAM, *groups.NEWEST_PROGRAM, *groups.WITH_SOAK)) == sorted(found)


def test_each_scenario_is_run_by_a_test() -> None:
    named = {part.value for part in ast.walk(TREE) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    there = {path.stem for path in (ROOT / "tests/window/scenarios").glob("*.py")}
    assert there - SHARED_BY_SCENARIOS <= named


def test_what_is_for_windows_is_there() -> None:
    for room, names in groups.ON_WINDOWS.items():
        assert set(names) <= set(files_in(room.partition("/")[2]))


def runs(versions: list[str], *, is_soak: bool) -> Counter[tuple[str, str, bool]]:
    """How often each file runs: (Blender, file, whether it is its long version)."""
    modules = {version: Path(version) for version in versions}
    found: Counter[tuple[str, str, bool]] = Counter()
    for run in runner.blender_runs(modules, is_soak=is_soak):
        named = {Path(argument).stem for argument in run.arguments if argument.endswith(".py")}
        for name in named or set(files_in("blender")):
            found[str(run.python), name, "--soak" in run.arguments] += 1
    return found


@pytest.mark.parametrize("versions", [["4.2"], ["4.2", "5.3"], ["4.2", "4.5", "5.3"]])
def test_the_newest_runs_all_and_a_soak_the_rest(versions: list[str]) -> None:
    usual, soak = runs(versions, is_soak=False), runs(versions, is_soak=True)
    newest, wanted = versions[-1], files_in("blender")
    assert sorted(name for blender, name, _ in usual if blender == newest) == wanted
    assert all(usual[blender, name, False] for blender in versions for name in groups.EVERY_BLENDER)
    assert usual + Counter({one: times for one, times in soak.items() if not one[2]}) == Counter(
        {(blender, name, False): 1 for blender in versions for name in wanted}
    )
    assert all(soak[blender, name, True] == 1 for blender in versions for name in wanted)


BESIDE_OTHERS = """
from pathlib import Path

def test_quick(): pass

def test_missed_once():
    flag = Path(__file__).with_name("flag")
    known = flag.exists()
    flag.touch()
    assert known

def test_wrong(): assert not {wrong}
"""


@pytest.mark.parametrize("wrong", [False, True])
def test_what_fails_beside_the_other_runs_has_to_pass_alone(tmp_path: Path, wrong: bool) -> None:
    file = tmp_path / "test_beside_others.py"
    file.write_text(BESIDE_OTHERS.format(wrong=wrong))
    run = runner.Run("A run", Path(sys.executable), (str(file),)).remembered_in(tmp_path / "memory")
    outcome = runner.run_pytest(run, [])
    assert (outcome.passed, len(outcome.failed), outcome.problem) == (2 - wrong, 1 + wrong, "")
    assert runner.passed_alone({run: outcome}, []) == ([] if wrong else [run])
