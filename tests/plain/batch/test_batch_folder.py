"""The ledgers of a batch's folder, which other machines write: what cannot be read is passed over."""

import json
import os
import time
from pathlib import Path

import pytest

from trellis_blender.batch.folder import CLAIM, INNER, LEDGER, BatchFolder
from trellis_blender.batch.plan import Shard, read_plan
from trellis_blender.batch.row import Defaults
from trellis_blender.batch.row_progress import RowProgress
from trellis_blender.batch.starting_state import read_ledgers


def opened(folder: Path) -> BatchFolder:
    return BatchFolder(folder / "out", folder / "props.csv", Shard())


def theirs(folder: Path) -> Path:
    """Another machine's ledger."""
    found = folder / "out" / INNER / "0002-of-0002" / LEDGER
    found.parent.mkdir(parents=True)
    return found


LINE = json.dumps({"row": "k", "what": "sent", "attempt": [0, 0], "of": 1, "usd": 0.04}).encode() + b"\n"
ODD = {
    "deep": b"[" * 100_000 + b"\n",
    "deep objects": b'{"a":' * 100_000 + b"\n",
    "no object": b"[1]\n",
    "no JSON": b"\xff\xfe\0\n",
    "a long number": b'{"row": ' + b"9" * 5000 + b"}\n",
    "torn": LINE[:20] + b"\n",
    "endless": b'{"row": "' + b"x" * 30_000_000 + b'"}\n',
}


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
def test_a_line_that_cannot_be_read_is_one_line(tmp_path: Path, line: bytes) -> None:
    theirs(tmp_path).write_bytes(LINE + line + LINE)
    folder = opened(tmp_path)
    assert [entry.said["usd"] for entry in folder.entries()] == [0.04, 0.04]
    folder.close()


@pytest.mark.skipif(os.name == "nt", reason="has no such files")
def test_a_pipe_is_no_ledger(tmp_path: Path) -> None:
    os.mkfifo(theirs(tmp_path))
    folder = opened(tmp_path)
    begun = time.monotonic()
    assert list(folder.entries()) == []
    assert time.monotonic() - begun < 5
    folder.close()


def test_whose_it_is_may_be_damaged(tmp_path: Path) -> None:
    claim = tmp_path / "out" / INNER / CLAIM
    claim.parent.mkdir(parents=True)
    claim.write_bytes(b"[" * 100_000)
    opened(tmp_path).close()


def test_nobody_has_spent_less_than_nothing(tmp_path: Path) -> None:
    """Else there would be more to spend."""
    (tmp_path / "props.csv").write_text("prompt\na chair\n")
    theirs(tmp_path).write_bytes(LINE + LINE.replace(b'"of": 1', b'"of": 2').replace(b"0.04", b"-5.0"))
    folder = opened(tmp_path)
    rows = [RowProgress(row) for row in read_plan(tmp_path / "props.csv", Defaults(tmp_path), Shard()).rows]
    assert read_ledgers(rows, folder, ()) == pytest.approx(0.04)
    folder.close()
