"""Files that somebody holds, names that a system takes for something else, and folders that are deleted."""

import errno
import os
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from models import box_glb

from trellis_blender.generation.file_names import file_stem, path_key, writable
from trellis_blender.generation.files import (
    clear_away,
    finish_removals,
    patiently,
    pictures_in,
    remove_file,
    set_aside,
    write_whole,
)
from trellis_blender.generation.problems import FolderUnusable
from trellis_blender.generation.worker.download import keep_model
from trellis_blender.interface.state.secret_file import SecretFile
from trellis_blender.piapi.http.result_file import ResultStream

DECOMPOSED, COMPOSED = "/home/ada/Mu\u0308nchen/ba\u0308r.blend", "/home/ada/M\u00fcnchen/b\u00e4r.blend"
on_windows = pytest.mark.skipif(os.name != "nt", reason="only Windows keeps open files where they are")


class Held:
    """Something that is held by a scanner for the first `times`."""

    def __init__(self, times: int, number: int = errno.EACCES) -> None:
        self.times, self.number, self.tries = times, number, 0

    def __call__(self) -> str:
        self.tries += 1
        if self.tries <= self.times:
            raise OSError(self.number, os.strerror(self.number))
        return "done"


@contextmanager
def opened_for(path: Path, seconds: float) -> Iterator[None]:
    """A program that looks into the file meanwhile, as scanners do."""
    is_open = threading.Event()

    def look() -> None:
        with path.open("rb"):
            is_open.set()
            time.sleep(seconds)

    thread = threading.Thread(target=look)
    thread.start()
    assert is_open.wait(5)
    yield
    thread.join()


def in_thread(act: Held) -> list[object]:
    found: list[object] = []

    def run() -> None:
        try:
            found.append(patiently(act))
        except OSError as error:
            found.append(error.errno)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EBUSY, errno.ENOTEMPTY])
def test_what_is_held_for_a_moment_is_tried_again(number: int) -> None:
    assert patiently(Held(5, number)) == "done"
    assert in_thread(Held(40, number)) == ["done"], "a thread has more than a second"


def test_the_main_thread_waits_no_longer_than_a_third_of_a_second() -> None:
    held, begun = Held(10**6), time.monotonic()
    with pytest.raises(PermissionError):
        patiently(held)
    assert 0.25 < time.monotonic() - begun < 1.0
    assert held.tries > 3


def test_what_is_wrong_for_good_is_said_at_once() -> None:
    held = Held(10**6, errno.ENOSPC)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        patiently(held)
    assert held.tries == 1


@on_windows
def test_a_file_that_a_scanner_looks_into_is_replaced_and_removed_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "api-key"
    path.write_bytes(b"old")
    with opened_for(path, 0.15):
        write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    with opened_for(path, 0.15):
        remove_file(path)
    assert list(tmp_path.iterdir()) == []


@on_windows
def test_a_folder_of_which_somebody_holds_a_file_is_not_half_removed(tmp_path: Path) -> None:
    folder = tmp_path / "generation-1"
    folder.mkdir()
    (folder / "a.png").touch()
    (folder / "model.glb").touch()
    with opened_for(folder / "model.glb", 2.0):
        try:
            found = set_aside(folder) or folder
        except FolderUnusable:
            found = folder
        assert sorted(path.name for path in found.iterdir()) == ["a.png", "model.glb"]


class Drive:
    """macOS's call for "onto the disk itself", which no other system has, and `fsync` for drives without it."""

    FULL = 51

    def __init__(self, *, knows_it: bool = True) -> None:
        self.knows_it = knows_it
        self.flushed: list[tuple[str, int]] = []

    def fcntl(self, number: int, what: int) -> int:
        assert what == self.FULL
        if not self.knows_it:
            raise OSError(errno.ENOTSUP, "not supported")
        self.flushed.append(("full", os.fstat(number).st_ino))
        return 0

    def fsync(self, number: int) -> None:
        self.flushed.append(("fsync", os.fstat(number).st_ino))


def _secret(folder: Path) -> Path:
    SecretFile(lambda: folder, "a-key", "API key").write("0123456789abcdef")
    return folder / "a-key"


def _model(folder: Path) -> Path:
    content = box_glb()
    return keep_model(ResultStream(len(content), iter([content])), folder, lambda _: None)


def _small(folder: Path) -> Path:
    write_whole(folder / "generation.json", b"{}")
    return folder / "generation.json"


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither")
@pytest.mark.parametrize("written", [_small, _model, _secret])
@pytest.mark.parametrize("knows_it", [True, False])
def test_what_gets_its_name_is_on_the_disk_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: Callable[[Path], Path], knows_it: bool
) -> None:
    """On macOS `fsync` ends when the drive has it in its cache, which a power cut empties."""
    import fcntl

    drive = Drive(knows_it=knows_it)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", Drive.FULL, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", drive.fcntl)
    monkeypatch.setattr(os, "fsync", drive.fsync)
    path = written(tmp_path)
    how = "full" if knows_it else "fsync"
    assert drive.flushed == [(how, path.stat().st_ino), (how, tmp_path.stat().st_ino)]


def test_a_part_that_cannot_become_the_file_does_not_stay(tmp_path: Path) -> None:
    (tmp_path / "name" / "in the way").mkdir(parents=True)
    with pytest.raises(FolderUnusable):
        write_whole(tmp_path / "name", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_cleaning_up_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder" / "file").mkdir(parents=True)
    remove_file(tmp_path / "folder")
    remove_file(tmp_path / "nothing" / "file")
    clear_away(tmp_path / "nothing")
    assert (tmp_path / "folder" / "file").exists()


def test_what_was_set_aside_is_deleted_at_the_next_start_and_what_is_known_comes_back(tmp_path: Path) -> None:
    for name in ("generation-gone", "generation-known"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.glb").write_bytes(b"x")
        assert set_aside(tmp_path / name) is not None
    assert {path.name for path in tmp_path.iterdir()} == {"removed-generation-gone", "removed-generation-known"}
    (tmp_path / "removed by me").mkdir()
    finish_removals(tmp_path, {"known"})
    assert {path.name for path in tmp_path.iterdir()} == {"generation-known", "removed by me"}
    assert (tmp_path / "generation-known" / "model.glb").read_bytes() == b"x"
    assert set_aside(tmp_path / "generation-nothing") is None


def test_a_renderers_cache_beside_a_generations_pictures_goes_with_them(tmp_path: Path) -> None:
    """Cycles of Blender 5.2 keeps its copies of pictures in `blender_tx` beside them."""
    cache = tmp_path / "generation-1" / "blender_tx"
    cache.mkdir(parents=True)
    for path in (cache / "picture-1_png.tx", cache.parent / "picture-1.png"):
        path.write_bytes(b"x")
    assert [path.name for path in pictures_in(cache.parent)] == ["picture-1.png"]
    aside = set_aside(cache.parent)
    assert aside is not None
    clear_away(aside)
    assert list(tmp_path.iterdir()) == []


def test_what_was_set_aside_before_is_not_in_the_way(tmp_path: Path) -> None:
    for _ in range(2):
        (tmp_path / "generation-1" / "in it").mkdir(parents=True)
        set_aside(tmp_path / "generation-1")
    assert [path.name for path in tmp_path.iterdir()] == ["removed-generation-1"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("nul", "nul_"), ("CON", "CON_"), ("aux", "aux_"), ("Prn", "Prn_"), ("com1", "com1_"), ("LPT²", "LPT²_"),
        ("nul.diffuse", "nul_.diffuse"), ("con .x", "con_ .x"), ("conin$", "conin$_"), (" nul. ", "nul_"),
        ("null", "null"), ("concrete", "concrete"), ("my con", "my con"), ("com", "com"),
        ('a/b\\c:d*e?"f<g>|h\n', "a_b_c_d_e__f_g__h_"), ("...", "else"), ("", "else"), ("x. .", "x"),
        ("half\ud800", "half_"), ("ba\u0308r", "b\u00e4r"),
    ],
)  # fmt: skip
def test_a_name_becomes_that_of_a_file_on_every_system(name: str, stem: str) -> None:
    assert file_stem(name, "else") == stem


@pytest.mark.parametrize("letter", ["a", "ü", "熊"])
def test_a_long_name_is_one_that_a_folder_holds(letter: str, tmp_path: Path) -> None:
    stem = file_stem(letter * 400, "else")
    assert set(stem) == {letter}
    write_whole(tmp_path / f"{stem}-{'0' * 16}.blend", b"x")


def test_paths_are_the_same_however_their_letters_are_composed() -> None:
    assert DECOMPOSED != COMPOSED
    assert path_key(DECOMPOSED) == path_key(COMPOSED)
    assert unicodedata.is_normalized("NFC", path_key(DECOMPOSED))
    assert path_key("/a") != path_key("/b")


def test_names_that_are_no_utf_8_can_be_written_and_stay_two() -> None:
    names = ["caf\udce9.blend", "caf\udce8.blend", "café.blend"]
    written = [writable(name) for name in names]
    assert len(set(written)) == 3
    assert written[2] == "café.blend"
    for name in written:
        name.encode()
