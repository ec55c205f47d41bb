#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the extension that artists install: `python3 scripts/build.py` → dist/trellis_blender-<version>.zip.

`--repository DIR` makes a static repository of extensions as well, for any web server: the zip, index.json, and a page
from which the add-on can be dragged into Blender. It replaces the zip of an earlier version there.

The same tree and the same zlib give the same bytes. Blender's own validator has the last word.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environments import ROOT, blender_environment, environment, newest_blender, run

PACKAGE = "trellis_blender"
FIXED_TIME = (1980, 1, 1, 0, 0, 0)


def main() -> int:
    """Builds, validates and says where it is."""
    parser = argparse.ArgumentParser(description="Builds the extension that artists install.")
    parser.add_argument("--repository", type=Path, metavar="DIR", help="also a static repository of extensions there")
    options = parser.parse_args()
    archive = build(ROOT / "dist")
    if not blenders_tool("validate", str(archive)):
        archive.unlink()
        return 1
    print(archive)
    if options.repository is not None:
        if not make_repository(options.repository, archive):
            return 1
        print(options.repository / "index.json")
    return 0


def make_repository(folder: Path, archive: Path) -> bool:
    """Makes a static repository of extensions out of the zip, with Blender's own tool; False where that refused."""
    folder.mkdir(parents=True, exist_ok=True)
    # Of several versions Blender 4.3 takes an earlier one for the update.
    for earlier in folder.glob(f"{PACKAGE}-*.zip"):
        earlier.unlink()
    shutil.copyfile(archive, folder / archive.name)
    return blenders_tool("server-generate", "--repo-dir", str(folder), "--html")


def blenders_tool(*arguments: str) -> bool:
    """Runs Blender's command line tool for extensions; prints what it says where it fails."""
    python = blender_environment(*newest_blender())
    command = [python, validator(python), *arguments]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    if result.returncode:
        print(result.stdout, result.stderr, sep="\n")
    return not result.returncode


def build(folder: Path) -> Path:
    """Writes the zip into `folder` and returns its path: manifest, licence, package and manual side by side, sorted."""
    manifest = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "([^"]+)"', manifest, re.MULTILINE)
    if version is None:
        raise SystemExit("blender_manifest.toml names no version.")
    kept = [path for kind in ("*.py", "samples/*.png") for path in (ROOT / PACKAGE).rglob(kind)]
    files = {path.relative_to(ROOT / PACKAGE).as_posix(): path for path in kept}
    for name in ("blender_manifest.toml", "LICENSE"):
        files[name] = ROOT / name
    folder.mkdir(exist_ok=True, parents=True)
    archive = folder / f"{PACKAGE}-{version[1]}.zip"
    with tempfile.TemporaryDirectory() as made:
        build_manual(Path(made) / "manual")  # before the zip is opened: where it fails, none is left half written
        files |= {path.relative_to(made).as_posix(): path for path in Path(made).rglob("*") if path.is_file()}
        with zipfile.ZipFile(archive, "w") as zipped:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, FIXED_TIME)
                entry.external_attr = 0o644 << 16
                content = files[name].read_bytes()
                if files[name].suffix != ".png":
                    content = content.replace(b"\r\n", b"\n")
                zipped.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return archive


def build_manual(folder: Path) -> None:
    """The manual in HTML: with this Python if it has what that takes, else with one that is set up for it."""
    python = Path(sys.executable)
    if importlib.util.find_spec("markdown_it") is None:
        python = environment("manual", newest_blender()[1], "manual")
    run(python, ROOT / "scripts/manual.py", folder)


def validator(python: Path) -> Path:
    """Blender's command line tool for extensions, which comes with the module."""
    code = "import importlib.util; print(importlib.util.find_spec('bpy').submodule_search_locations[0])"
    folder = Path(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip())
    return next(folder.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))


if __name__ == "__main__":
    sys.exit(main())
