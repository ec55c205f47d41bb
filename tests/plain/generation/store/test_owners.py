"""Owners outlive nothing: not a kill, not a close."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import ROOT

from trellis_blender.generation.limits.account_limits import Accounts
from trellis_blender.generation.limits.rate_limit import PIAPI
from trellis_blender.generation.problems import FolderUnusable
from trellis_blender.generation.store.owners import Owner
from trellis_blender.piapi.account import FREE
from trellis_blender.piapi.service import Service
from trellis_blender.piapi.timings import USUAL_TIMINGS

HOLD = (
    "import sys, time; sys.path.insert(0, sys.argv[1]); from pathlib import Path;"
    "from trellis_blender.generation.store.owners import Owner;"
    "owner = Owner(Path(sys.argv[2])); print(owner.id, flush=True); time.sleep(60)"
)


def test_two_in_one_process_know_of_each_other(tmp_path: Path) -> None:
    first, second = Owner(tmp_path), Owner(tmp_path)
    assert first.is_another(second.id)
    assert not first.is_another(first.id)
    assert first.is_alive(first.id)
    second_id = second.id
    second.let_go()
    assert not first.is_another(second_id)
    assert second.id != second_id
    first.let_go()
    second.let_go()


def test_a_killed_process_owns_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(ROOT), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    owner_id = process.stdout.readline().strip()
    mine = Owner(tmp_path)
    assert mine.is_another(owner_id)
    process.kill()
    process.wait()
    process.stdout.close()
    assert not mine.is_another(owner_id)
    assert list((tmp_path / "owners").iterdir()) == []


def test_what_the_dead_left_who_worked_on_nothing_is_swept(tmp_path: Path) -> None:
    living = Owner(tmp_path)
    living_id = living.id
    old, new = tmp_path / "owners" / "died-long-ago", tmp_path / "owners" / "just-begins"
    for path in (old, new):
        path.touch()
    for path in (old, tmp_path / "owners" / living_id):
        os.utime(path, (0, 0))
    mine = Owner(tmp_path)
    mine_id = mine.id
    assert {path.name for path in (tmp_path / "owners").iterdir()} == {living_id, mine_id, "just-begins"}
    assert mine.is_another(living_id)
    living.let_go()
    mine.let_go()


@pytest.mark.parametrize("owner_id", ["", "never-was"])
def test_nobody_is_dead(tmp_path: Path, owner_id: str) -> None:
    assert not Owner(tmp_path).is_alive(owner_id)


def test_whose_file_cannot_be_looked_at_is_taken_for_alive(tmp_path: Path) -> None:
    (tmp_path / "owners" / "unreadable").mkdir(parents=True)
    assert Owner(tmp_path).is_another("unreadable")


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "owners").write_text("in the way")
    with pytest.raises(FolderUnusable):
        _ = Owner(tmp_path).id


def test_the_limit_on_requests_is_shared_by_the_living_who_work_on_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = Owner(tmp_path), Owner(tmp_path)
    working = {other.id, "died-long-ago"}
    limit = Accounts(mine, lambda: working, PIAPI).limit_of(Service())
    alone_s = USUAL_TIMINGS.minute_s / FREE.requests_per_minute
    assert limit.spacing_s(1) == alone_s
    working.add(mine.id)
    assert limit.spacing_s(1) == alone_s, "looked up again at once"
    today = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: today() + USUAL_TIMINGS.sharers_look_s + 1)
    assert limit.spacing_s(1) == 2 * alone_s
    other.let_go()
    monkeypatch.setattr(time, "monotonic", lambda: today() + 2 * USUAL_TIMINGS.sharers_look_s + 2)
    assert limit.spacing_s(1) == alone_s
    mine.let_go()


def test_what_waits_at_the_service_is_told_apart_by_account(tmp_path: Path) -> None:
    accounts = Accounts(Owner(tmp_path), set, PIAPI)
    accounts.staged_of(Service(api_key="one")).add("a generation")
    assert accounts.staged_of(Service(api_key="one")) == {"a generation"}
    assert accounts.staged_of(Service(api_key="another")) == set()


def test_a_folder_that_tells_nothing_of_others_is_for_one(tmp_path: Path) -> None:
    def unreadable() -> set[str]:
        raise FolderUnusable(tmp_path, "in the way")

    limit = Accounts(Owner(tmp_path), unreadable, PIAPI).limit_of(Service())
    assert limit.spacing_s(1) == USUAL_TIMINGS.minute_s / FREE.requests_per_minute


NO_LOCKS = """
import errno, fcntl, os, sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from trellis_blender.generation.store import file_locks
from trellis_blender.generation.store.owners import Owner
lock = file_locks._lock
def lock_as_there(number):
    # As a drive on the network that knows no locks at all; the rest of the computer does.
    if os.readlink(f"/proc/self/fd/{number}").startswith(sys.argv[2]):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
    lock(number)
file_locks._lock = lock_as_there
owner = Owner(Path(sys.argv[2]))
print(owner.id, *(owner.is_another(name) for name in sys.argv[3:]), flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a file's name by its number")
def test_on_a_drive_without_locks_blenders_of_one_computer_know_of_each_other(tmp_path: Path) -> None:
    def begin(*others: str) -> "tuple[subprocess.Popen[str], list[str]]":
        command = [sys.executable, "-c", NO_LOCKS, str(ROOT), str(tmp_path), *others]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return process, process.stdout.readline().split()

    def end(*processes: "subprocess.Popen[str]") -> None:
        for process in processes:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

    first, told = begin("nobody")
    assert told[1:] == ["False"]
    second, told_of_living = begin(told[0])
    assert told_of_living[1:] == ["True"]
    end(first)
    # One of another computer, whose lock cannot be seen from here, is taken for alive.
    (tmp_path / "owners" / "elsewhere").write_text("another computer")
    third, told_of_dead = begin(told[0], told_of_living[0], "elsewhere")
    end(second, third)
    assert told_of_dead[1:] == ["False", "True", "True"]
