#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the extension that artists install: `python3 scripts/build.py` → dist/trellis_blender-<version>.zip.

The same tree and the same zlib give the same bytes. Blender's own validator has the last word.
"""

from __future__ import annotations

import importlib.util
import re
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
    archive = build(ROOT / "dist")
    python = blender_environment(*newest_blender())
    result = subprocess.run(
        [python, validator(python), "validate", str(archive)], check=False, capture_output=True, text=True
    )
    if result.returncode:
        print(result.stdout, result.stderr, sep="\n")
        archive.unlink()
        return 1
    print(archive)
    return 0


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
    with tempfile.TemporaryDirectory() as made, zipfile.ZipFile(archive, "w") as zipped:
        build_manual(Path(made) / "manual")
        files |= {path.relative_to(made).as_posix(): path for path in Path(made).rglob("*") if path.is_file()}
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
