"""The limit on requests over all Blenders of this computer: real processes, one after the other and at once."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from places import ROOT

from trellis_blender.generation.limits.account_limits import Accounts
from trellis_blender.generation.limits.rate_limit import PIAPI, RateLimit
from trellis_blender.generation.limits.request_ledger import FILE_NAME, HOLD_LIMIT_S, Ledger, LedgerUnusable, Turn
from trellis_blender.generation.store import owners
from trellis_blender.generation.store.owners import Owner
from trellis_blender.piapi.account import FREE
from trellis_blender.piapi.service import Service

ASKING = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from trellis_blender.generation.limits.request_ledger import Ledger
from trellis_blender.generation.limits.rate_limit import RateLimit

class Late(Exception):
    pass

def pause(seconds):
    if seconds > 1:
        raise Late
    import time
    time.sleep(seconds)

limit = RateLimit(ledger=Ledger(lambda: Path(sys.argv[2]), sys.argv[3]))
sent = 0
try:
    while sent < 100:
        limit.wait_turn(pause)
        sent += 1
except Late:
    pass
print(sent)
"""


class Clock:
    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def asking(folder: Path, account: str = "one") -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", ASKING, str(ROOT), str(folder), account]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def sent_by(*processes: "subprocess.Popen[str]") -> int:
    return sum(int(process.communicate(timeout=60)[0]) for process in processes)


def test_several_blenders_at_once_keep_one_limit_and_the_next_one_keeps_it_too(tmp_path: Path) -> None:
    assert sent_by(*(asking(tmp_path) for _ in range(3))) == FREE.requests_per_minute
    assert sent_by(asking(tmp_path)) == 0, "a restart begins no new minute"
    assert sent_by(asking(tmp_path, "another")) == FREE.requests_per_minute


def test_what_one_is_told_by_the_service_all_keep_to(tmp_path: Path) -> None:
    clock = Clock()
    one, other = (RateLimit(ledger=Ledger(lambda: tmp_path, "a", clock), now=clock) for _ in range(2))
    one.hold(300.0)
    one.hold(20.0)  # what another one hears does not make it shorter
    waits = [other._take_or_wait(), one._take_or_wait()]
    assert waits == [300.0, 300.0]
    clock.now += 301
    assert other._take_or_wait() == 0.0


def test_the_plan_that_one_is_told_is_everybodys(tmp_path: Path) -> None:
    clock = Clock()
    one, other = (RateLimit(ledger=Ledger(lambda: tmp_path, "a", clock), now=clock) for _ in range(2))
    one.adopt(60)
    assert sum(one._take_or_wait() == 0.0 for _ in range(70)) == 60
    clock.now += 62
    assert sum(other._take_or_wait() == 0.0 for _ in range(70)) == 60


def test_a_minute_is_over_for_all(tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger(lambda: tmp_path, "a", clock)
    assert [ledger.turn(2, 60.0) for _ in range(3)] == [Turn(0.0, 2), Turn(0.0, 2), Turn(60.0, 2)]
    clock.now += 59.0
    assert ledger.turn(2, 60.0) == Turn(1.0, 2)
    clock.now += 1.0
    assert ledger.turn(2, 60.0) == Turn(0.0, 2)


@pytest.mark.parametrize("now", [5.0, 999_999_999.0])
def test_what_was_before_a_restart_of_the_computer_holds_nobody(tmp_path: Path, now: float) -> None:
    clock = Clock(50_000.0)
    ledger = Ledger(lambda: tmp_path, "a", clock)
    for _ in range(2):
        ledger.turn(2, 60.0)
    ledger.hold(3600.0)
    clock.now = now
    assert ledger.turn(2, 60.0).wait_s == 0.0
    ledger.hold(7.0)
    assert ledger.turn(2, 60.0).wait_s == pytest.approx(7.0)


def test_nobody_is_held_for_ever(tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger(lambda: tmp_path, "a", clock)
    ledger.hold(1e12)
    assert ledger.turn(2, 60.0).wait_s == HOLD_LIMIT_S


@pytest.mark.parametrize("content", [b"not a database at all, but a text" * 200, b""])
def test_a_file_that_is_none_is_made_again(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    limit = RateLimit(ledger=Ledger(lambda: tmp_path, "a"))
    assert [limit._take_or_wait() for _ in range(2)] == [0.0, 0.0]
    assert sent_by(asking(tmp_path, "a")) >= FREE.requests_per_minute - 2


def test_where_there_can_be_none_each_keeps_its_own_count(tmp_path: Path) -> None:
    def nowhere() -> Path:
        raise PermissionError(13, "no")

    with pytest.raises(LedgerUnusable):
        Ledger(nowhere, "a").turn(2, 60.0)
    limit = RateLimit(ledger=Ledger(nowhere, "a"))
    limit.adopt(5)
    limit.hold(0.0)
    assert sum(limit._take_or_wait() == 0.0 for _ in range(20)) == 5


def test_blenders_of_several_folders_and_versions_share_it(tmp_path: Path) -> None:
    """The folder of the generations is another one in each version of Blender."""
    limits = [
        Accounts(Owner(tmp_path / version), set, PIAPI, lambda: tmp_path).limit_of(Service(api_key="k"))
        for version in ("4.2", "5.3")
    ]
    assert sum(limit._take_or_wait() == 0.0 for limit in limits * 10) == FREE.requests_per_minute
    assert b"k " not in (tmp_path / FILE_NAME).read_bytes()


def test_a_service_on_this_computer_writes_nothing(tmp_path: Path) -> None:
    limit = Accounts(Owner(tmp_path), set, None, lambda: tmp_path).limit_of(Service(api_url="http://127.0.0.1:1"))
    assert [limit._take_or_wait() for _ in range(100)] == [0.0] * 100
    limit.hold(1.0)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_this_computer_is_its_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "_of_this_computer", lambda: tmp_path)
    folder = owners.shared_folder()
    assert folder == owners.shared_folder()
    assert folder.parent == tmp_path
    if os.name == "nt":
        return
    assert folder.stat().st_mode & 0o077 == 0
    folder.chmod(0o777)
    with pytest.raises(PermissionError):
        owners.shared_folder()
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        owners.shared_folder()


SHARED = """
import sys
sys.path.insert(0, sys.argv[1])
from trellis_blender.generation.store.owners import shared_folder
print(shared_folder())
"""


def test_jobs_with_temporary_folders_of_their_own_share_it(tmp_path: Path) -> None:
    """As pipelines start each of theirs, and a shell that knows no names."""

    def place(**environ: str) -> str:
        command = [sys.executable, "-c", SHARED, str(ROOT)]
        kept = {name: value for name, value in os.environ.items() if name not in {"USER", "LOGNAME", "TMPDIR"}}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=kept | environ).stdout

    jobs = [tmp_path / "job 1", tmp_path / "job 2"]
    for job in jobs:
        job.mkdir()
    found = {place(TMPDIR=str(job), TEMP=str(job), TMP=str(job), USER=job.name, LOGNAME=job.name) for job in jobs}
    assert found == {place()}


def test_a_wait_is_kept_where_the_file_was_locked_or_is_cleared_away(tmp_path: Path) -> None:
    clock = Clock()
    one, other = (RateLimit(ledger=Ledger(lambda: tmp_path, "a", clock), now=clock) for _ in range(2))
    assert one._take_or_wait() == 0.0
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        one.hold(300.0)
        db.execute("ROLLBACK")
    assert one._take_or_wait() == 300.0
    assert other._take_or_wait() == 300.0, "it is told as soon as it can be"
    (tmp_path / FILE_NAME).unlink()
    assert [one._take_or_wait(), other._take_or_wait()] == [300.0, 300.0]


def test_what_this_blender_has_sent_counts_where_the_file_is_cleared_away(tmp_path: Path) -> None:
    limit = RateLimit(ledger=Ledger(lambda: tmp_path, "a"))
    sent = sum(limit._take_or_wait() == 0.0 for _ in range(8))
    (tmp_path / FILE_NAME).unlink()
    assert sent + sum(limit._take_or_wait() == 0.0 for _ in range(8)) == FREE.requests_per_minute


def test_an_account_is_one_however_its_address_is_written(tmp_path: Path) -> None:
    written = ["https://api.piapi.ai", "https://API.piapi.ai/", "HTTPS://api.piapi.ai:443"]
    limits = [
        Accounts(Owner(tmp_path / str(number)), set, PIAPI, lambda: tmp_path).limit_of(
            Service(url, " k "[number % 2 :])
        )
        for number, url in enumerate(written)
    ]
    assert sum(limit._take_or_wait() == 0.0 for limit in limits * 10) == FREE.requests_per_minute


@pytest.mark.parametrize("column", ["per_minute", "told_at", "held_at", "held_until"])
@pytest.mark.parametrize("value", [None, 0, -1, 1.5, 2**62, "x", b"\0", float("inf"), -1e308, 1e308])
def test_odd_numbers_of_another_program_neither_stop_nor_hold_forever(
    tmp_path: Path, column: str, value: object
) -> None:
    ledger = Ledger(lambda: tmp_path, "one")
    ledger.turn(10, 60.0)
    ledger.adopt(10)
    ledger.hold(0.001)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db, db:
        db.execute(f"UPDATE account SET {column} = ?", (value,))
    for _ in range(2):
        try:
            turn = ledger.turn(10, 60.0)
        except LedgerUnusable:
            turn = ledger.turn(10, 60.0)  # it is made again
        assert 0 <= turn.wait_s <= HOLD_LIMIT_S
        assert turn.limit >= 1
