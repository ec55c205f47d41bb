"""`scripts/release.py`: the version in all places, or a sentence and nothing changed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import release
from environments import parted

CHANGES = "# Changelog\n\n## Unreleased\n\n- A window that opens.\n\n## 0.1.0\n\nThe first version.\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in release.VERSIONS:
        text = (ROOT / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(re.sub(release.VERSIONS[name], 'version = "0.1.0"', text, flags=re.MULTILINE))
    (tmp_path / release.CHANGELOG).write_text(CHANGES)
    return tmp_path


def test_the_version_stands_in_all_places(project: Path) -> None:
    before = {path.name: path.read_text() for path in project.iterdir()}
    release.write(project, release.texts_of(project, "0.2.0"))
    after = {path.name: path.read_text() for path in project.iterdir()}
    for name in release.VERSIONS:
        assert after[name] == before[name].replace('\nversion = "0.1.0"', '\nversion = "0.2.0"')
    assert after["CHANGELOG.md"] == CHANGES.replace("Unreleased", "0.2.0")


def test_what_the_changelog_calls_by_its_version_already_is_released_as_that(project: Path) -> None:
    (project / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.0\n\nThe first version.\n")
    assert release.texts_of(project, "0.1.0")["CHANGELOG.md"].startswith("# Changelog\n\n## 0.1.0\n")


@pytest.mark.parametrize("version", ["", "2", "0.2", "v0.2.0", "0.2.0-beta", "0.02.0", "0.0.9"])
def test_what_is_no_later_version_is_refused(project: Path, version: str) -> None:
    with pytest.raises(release.NoRelease):
        release.texts_of(project, version)


def test_a_release_of_which_the_changelog_says_nothing_is_refused(project: Path) -> None:
    (project / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.0\n\nThe first version.\n")
    with pytest.raises(release.NoRelease, match="Say there what is new"):
        release.texts_of(project, "0.2.0")


def test_places_that_disagree_are_refused(project: Path) -> None:
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace('version = "0.1.0"', 'version = "0.1.1"', 1))
    with pytest.raises(release.NoRelease, match=re.escape("0.1.0, 0.1.1")):
        release.texts_of(project, "0.2.0")


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum, which Windows has not")
def test_the_checksum_is_read_by_the_usual_tool(tmp_path: Path) -> None:
    archive = tmp_path / "trellis_blender-0.2.0.zip"
    archive.write_bytes(b"a zip")
    sums = release.write_checksum(archive)
    result = subprocess.run(["sha256sum", "--check", sums.name], check=True, cwd=tmp_path, capture_output=True)
    assert b"OK" in result.stdout


def test_each_program_gets_what_stands_after_its_own_dashes() -> None:
    own, for_tests = parted(["0.2.0", "--dry-run", "--", "--blender", "PATH", "--", "-k", "looks"])
    assert own == ["0.2.0", "--dry-run"]
    assert parted(for_tests) == (["--blender", "PATH"], ["-k", "looks"])
    assert parted(["--all"]) == (["--all"], [])
