#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a release: `python3 scripts/release.py 0.2.0` → the zip, a repository of extensions and SHA256SUMS in dist/.

Sets the version in all places, gives the changelog's "Unreleased" that version as its heading, runs all tests, builds.
Where one of these fails, the files are as they were. Committing, tagging and uploading are left to you.
`--dry-run` tells what would change and stops; arguments after `--` go to test.py, after
a second one to pytest (`-- --blender PATH -- -k looks`).
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environments import ROOT, parted, run

VERSIONS = {"blender_manifest.toml": r'^version = "([^"]+)"', "pyproject.toml": r'^version = "([^"]+)"'}
"""Each file with the version, and where in it."""
CHANGELOG = "CHANGELOG.md"
UNRELEASED = "## Unreleased"


class NoRelease(Exception):
    """Why it cannot be released, as a sentence."""


def main() -> int:
    """Makes the release, or says in one sentence why not."""
    epilog = "Arguments after -- go to test.py, and those after a second -- to pytest."
    parser = argparse.ArgumentParser(description="Makes a release.", epilog=epilog)
    parser.add_argument("version", help="three numbers, such as 0.2.0")
    parser.add_argument("--dry-run", action="store_true", help="tell what would change, and stop")
    own, for_tests = parted(sys.argv[1:])
    options = parser.parse_args(own)
    try:
        texts = texts_of(ROOT, options.version)
        if options.dry_run:
            print(*(f"{name} would say {options.version}" for name in texts), sep="\n")
            return 0
        if changed := said_by_git("status", "--porcelain"):
            raise NoRelease(f"There are changes that are not committed:\n{changed}")
    except NoRelease as reason:
        print(reason, file=sys.stderr)
        return 1
    before = {name: (ROOT / name).read_text(encoding="utf-8") for name in texts}
    write(ROOT, texts)
    try:
        run(sys.executable, ROOT / "scripts/test.py", "--all", *for_tests)
        run(sys.executable, ROOT / "scripts/build.py", "--repository", ROOT / "dist/repository")
    except BaseException:
        write(ROOT, before)
        raise
    archive = ROOT / f"dist/trellis_blender-{options.version}.zip"
    print(write_checksum(archive))
    print(f"Now: git commit -am 'Release {options.version}', git tag v{options.version}, upload dist/.")
    return 0


def texts_of(root: Path, version: str) -> dict[str, str]:
    """The text that each file will have. Raises NoRelease where the version is no later one, where the places disagree
    about the version that there is, and where the changelog says nothing of the new one.
    """
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version):
        raise NoRelease(f"“{version}” is no version: three numbers with points between them are one.")
    texts: dict[str, str] = {}
    earlier: set[str] = set()
    for name, pattern in VERSIONS.items():
        text = (root / name).read_text(encoding="utf-8")
        found = re.search(pattern, text, re.MULTILINE)
        if found is None:
            raise NoRelease(f"{name} names no version.")
        earlier.add(found[1])
        texts[name] = text[: found.start(1)] + version + text[found.end(1) :]
    if len(earlier) > 1:
        raise NoRelease(f"The versions differ: {', '.join(sorted(earlier))}.")
    changes = (root / CHANGELOG).read_text(encoding="utf-8")
    is_first = f"## {version}\n" in changes
    if numbers_of(version) < numbers_of(*earlier) or (version in earlier and not is_first):
        raise NoRelease(f"{version} is not later than {''.join(earlier)}.")
    if not is_first and UNRELEASED not in changes:
        raise NoRelease(f"{CHANGELOG} has neither “{UNRELEASED}” nor “## {version}”. Say there what is new.")
    return texts | {CHANGELOG: changes.replace(UNRELEASED, f"## {version}", 1)}


def numbers_of(version: str) -> tuple[int, ...]:
    """A version as numbers, which can be compared."""
    return tuple(map(int, version.split(".")))


def write(root: Path, texts: dict[str, str]) -> None:
    """Writes each text into its file."""
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")


def write_checksum(archive: Path) -> Path:
    """Writes SHA256SUMS beside the zip, as `sha256sum --check` reads it."""
    sums = archive.with_name("SHA256SUMS")
    sums.write_text(f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n", encoding="utf-8")
    return sums


def said_by_git(*arguments: str) -> str:
    """What git prints."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
