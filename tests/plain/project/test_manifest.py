"""The manifest says what the add-on does, and the extension's rules are kept."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from places import ROOT

PACKAGE = ROOT / "trellis_blender"
SIZE_MAX_BYTES = 1_500_000
"""Of the zip that artists download, with the manual, its pictures and samples."""
CODE_MAX_BYTES = 600_000
"""Of the code in it, compressed."""
MANIFEST = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))

NETWORK_MODULES = {"requests", "urllib3", "socket", "http", "ftplib", "smtplib", "asyncio"}
FILE_MODULES = {"os", "pathlib", "shutil", "tempfile", "sqlite3"}


def trees() -> Iterator[ast.Module]:
    for path in PACKAGE.rglob("*.py"):
        yield ast.parse(path.read_text(encoding="utf-8"))


def used_permissions() -> set[str]:
    """What the code uses, from its imports and from the names it reads."""
    found: set[str] = set()
    for tree in trees():
        for node in ast.walk(tree):
            names = {alias.name.split(".")[0] for alias in node.names} if isinstance(node, ast.Import) else set()
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
            found |= {"network"} if names & NETWORK_MODULES else set()
            found |= {"files"} if names & FILE_MODULES else set()
            if isinstance(node, ast.Attribute) and "clipboard" in node.attr:
                found.add("clipboard")
    return found


def test_the_permissions_are_those_the_code_uses() -> None:
    assert set(MANIFEST["permissions"]) == used_permissions()


def test_the_rules_for_extensions() -> None:
    assert MANIFEST["id"] == PACKAGE.name
    assert MANIFEST["id"].isidentifier()
    assert "blender" not in MANIFEST["name"].casefold()
    assert re.fullmatch(r"\d+\.\d+\.\d+", MANIFEST["version"])
    assert MANIFEST["blender_version_min"] == "4.2.0"
    for text in (MANIFEST["tagline"], *MANIFEST["permissions"].values()):
        assert len(text) <= 64
        assert text[-1].isalnum()


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == MANIFEST["version"]
    assert f"## {MANIFEST['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_package_imports_itself_only_relatively() -> None:
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert not (node.module or "").startswith(PACKAGE.name)
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith(PACKAGE.name) for alias in node.names)


def test_the_package_imports_nothing_at_its_top() -> None:
    top = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    assert not [node for node in top.body if isinstance(node, ast.Import | ast.ImportFrom)]


def test_every_file_names_its_licence() -> None:
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "scripts").glob("*.py")]:
        assert "SPDX-License-Identifier: GPL-3.0-or-later" in path.read_text(encoding="utf-8")[:120], path


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    from build import build

    first, second = (build(tmp_path / name) for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    zipped = zipfile.ZipFile(first)
    names = zipped.namelist()
    assert zipped.read("samples/fish.png") == (PACKAGE / "samples/fish.png").read_bytes()
    assert {
        "__init__.py",
        "blender_manifest.toml",
        "LICENSE",
        "piapi/client.py",
        "samples/fish.png",
        "manual/index.html",
    } <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests", "scripts"))]
    assert first.stat().st_size < SIZE_MAX_BYTES
    code = [entry.compress_size for entry in zipped.infolist() if entry.filename.endswith(".py")]
    assert sum(code) < CODE_MAX_BYTES


def test_where_the_manual_cannot_be_built_no_zip_is_left(tmp_path: Path) -> None:
    """Half a zip has no manifest, and Blender says so only when it is installed."""
    for name in ("docs", "scripts", PACKAGE.name):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("blender_manifest.toml", "LICENSE", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "docs" / "pictures" / "panel.png").unlink()
    code = "import pathlib, sys; sys.path.insert(0, 'scripts'); import build; build.build(pathlib.Path('dist'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert "panel.png" in done.stderr, done
    assert list((tmp_path / "dist").iterdir()) == []
