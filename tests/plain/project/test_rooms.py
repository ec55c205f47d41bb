"""The rooms of the package are those of docs/architecture.md and of the tests, and each module is found by its name."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from places import ROOT

PACKAGE = ROOT / "trellis_blender"
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
IN_EVERY_ROOM = {"__init__", "classes", "panel"}
INSTALLED = "bl_ext.user_default.trellis_blender"
"""The package in a program; the scenarios with a window run in one, and seldom."""
NO_ROOMS = {".", "project", "generation/faults"}
"""Folders of tests that are about all rooms."""


def rooms() -> set[str]:
    return {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("__init__.py")} - {"."}


def rooms_in_the_architecture() -> set[str]:
    """The tree's folders; each level is three characters further in."""
    found: list[str] = []
    tree = re.search(r"^trellis_blender/\n(.*?)^```", ARCHITECTURE, re.MULTILINE | re.DOTALL)
    assert tree is not None
    parents: list[str] = []
    for marks, name in re.findall(r"^([ │]*[├└] )(\w+)/(?: |$)", tree[1], re.MULTILINE):
        parents = [*parents[: len(marks) // 3], name]
        found.append("/".join(parents))
    assert len(found) == len(set(found))
    return set(found)


def test_the_architecture_names_each_room() -> None:
    assert rooms_in_the_architecture() == rooms()


def test_paths_named_in_the_architecture_are_there() -> None:
    """A name without a folder is in the folder that was named before it in its line."""
    named: list[Path] = []
    for line in ARCHITECTURE.splitlines():
        folder = PACKAGE
        for path in re.findall(r"`([\w./-]+)`", line):
            outside = path.startswith(("tests/", "scripts/", "docs/"))
            if outside or path.partition("/")[0] in rooms() or path.endswith(".py"):
                named.append((ROOT if outside else PACKAGE if "/" in path else folder) / path)
                folder = named[-1].parent
    assert len(named) > 40
    assert [path for path in named if not (path.exists() or path.with_suffix(".py").exists())] == []


def test_names_of_modules_occur_once_below_each_room_of_the_first_level() -> None:
    """Across these the same name is the same subject: `cleanup` in `imaging` and in `interface`."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        found[name.partition("/")[0], path.stem].append(name)
    assert [names for (_, stem), names in found.items() if len(names) > 1 and stem not in IN_EVERY_ROOM] == []


def test_the_folders_of_the_tests_are_rooms() -> None:
    found = {
        path.parent.relative_to(ROOT / "tests" / kind).as_posix()
        for kind in ("plain", "blender")
        for path in (ROOT / "tests" / kind).rglob("test_*.py")
    }
    assert found - NO_ROOMS <= rooms()
    assert "interface" not in found, "what tests the interface is in one of its rooms"


def test_the_scenarios_import_what_is_there() -> None:
    missing: list[str] = []
    for path in (ROOT / "tests/window/scenarios").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(INSTALLED):
                continue
            place = PACKAGE / (node.module or "").removeprefix(INSTALLED).strip(".").replace(".", "/")
            module = place.with_suffix(".py")
            content = module.read_text(encoding="utf-8") if module.is_file() else ""
            for name in (alias.name for alias in node.names):
                is_defined = re.search(rf"^(def |class )?{name}\b|^[A-Z_, ]*\b{name}\b.* = ", content, re.MULTILINE)
                if not is_defined and not (place / f"{name}.py").is_file():
                    missing.append(f"{path.name}: {node.module}.{name}")
    assert missing == []
