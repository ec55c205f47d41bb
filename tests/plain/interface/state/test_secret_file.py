"""A key in a file: whoever can read it, whatever is in its place. The module is read by its path: its package needs
Blender."""

import os
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from trellis_blender.interface.state import secret_file

KEY = "key-8c1f60b2d9"
SHOWN = "The file with your API key, {}, cannot be read ("
posix = pytest.mark.skipif(os.name == "nt", reason="there are no modes and no pipes in folders on Windows")


@pytest.fixture(scope="module")
def module() -> Any:
    return secret_file


@pytest.fixture
def file(module: Any, tmp_path: Path) -> Any:
    return module.SecretFile(lambda: tmp_path / "data", "api-key", "API key")


def names(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "data").iterdir())


def put(tmp_path: Path, content: bytes, mode: int = 0o600) -> Path:
    path = tmp_path / "data" / "api-key"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_secret_comes_back_and_goes(file: Any, tmp_path: Path) -> None:
    assert (file.read(), file.problem, file.warning) == ("", "", "")
    file.write(f"\ufeff {KEY}\n")
    assert file.read() == KEY
    file.forget()
    assert (file.read(), file.problem, file.warning) == (KEY, "", "")
    assert names(tmp_path) == ["api-key"]
    file.write("")
    assert file.read() == ""
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [KEY.encode("utf-8-sig"), KEY.encode("utf-16"), f"\ufeff{KEY}\r\n".encode("utf-16-be"), f" {KEY}\r\n".encode()],
)
def test_what_an_editor_puts_around_it_does_not_count(file: Any, tmp_path: Path, content: bytes) -> None:
    put(tmp_path, content)
    assert (file.read(), file.problem) == (KEY, "")


@pytest.mark.parametrize("content", [b"\xff\xfa\x00", b"key\0rest", b"key\xe9", b"x" * 100_000, b"\xff\xfek"])
def test_what_is_no_secret_is_a_sentence(file: Any, tmp_path: Path, content: bytes) -> None:
    path = put(tmp_path, content)
    assert file.read() == ""
    assert file.problem.startswith(SHOWN.format(path))
    assert "Enter it again" in file.problem
    file.write(KEY)
    assert (file.read(), file.problem) == (KEY, "")


def test_a_folder_in_its_place_is_a_sentence_and_leaves_no_part(file: Any, tmp_path: Path) -> None:
    (tmp_path / "data" / "api-key" / "x").mkdir(parents=True)
    assert file.read() == ""
    assert file.problem.startswith(SHOWN.format(tmp_path / "data" / "api-key"))
    with pytest.raises(IsADirectoryError if os.name != "nt" else PermissionError):
        file.write(KEY)
    assert names(tmp_path) == ["api-key"]


@posix
def test_a_pipe_in_its_place_is_not_waited_for(file: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    os.mkfifo(tmp_path / "data" / "api-key")
    begun = time.monotonic()
    assert file.read() == ""
    assert time.monotonic() - begun < 1.0
    assert "(it is no file)" in file.problem
    file.write(KEY)
    file.forget()
    assert file.read() == KEY


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o777])
def test_what_others_can_read_is_closed(file: Any, tmp_path: Path, mode: int) -> None:
    path = put(tmp_path, KEY.encode(), mode)
    assert (file.read(), file.warning) == (KEY, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
def test_what_is_written_is_closed_from_the_beginning(file: Any, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        file.write(KEY)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data" / "api-key").stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform != "linux", reason="Windows and macOS have no file that stays open to others")
def test_what_cannot_be_closed_is_said(module: Any) -> None:
    """A file of the system's whose mode stays as it is, as on a drive that knows no modes."""
    found = module.SecretFile(lambda: Path("/proc/self"), "comm", "API key")
    assert found.read() != ""
    assert found.warning == "Others on this computer can read the file with your API key: /proc/self/comm"


@pytest.mark.parametrize("left", [b"", KEY.encode()])
def test_a_part_that_was_left_goes_at_the_next_look(file: Any, tmp_path: Path, left: bytes) -> None:
    put(tmp_path, b"old-key")
    (tmp_path / "data" / "api-key.part").write_bytes(left)
    assert file.read() == "old-key"
    assert names(tmp_path) == ["api-key"]


def test_characters_that_cannot_be_written_change_nothing(file: Any, tmp_path: Path) -> None:
    file.write(KEY)
    with pytest.raises(OSError, match="characters that cannot be written"):
        file.write("key\udcff")
    file.forget()
    assert file.read() == KEY
    assert names(tmp_path) == ["api-key"]


def test_only_where_it_is_so_it_is_said_that_nobody_else_can_read_it(module: Any) -> None:
    assert ("only you" in module.KEPT_IN) == (os.name != "nt")
