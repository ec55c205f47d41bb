# SPDX-License-Identifier: GPL-3.0-or-later
"""The output folder of a batch: whose it is, and what of each row has been sent and made, by all machines together.

Each machine writes files of its own, in a folder of its own, and reads those of the others. A line of a ledger is
complete or it is not read: the machine may have been switched off while it was written.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..generation.files import replace_for_good, sync, write_whole
from ..generation.problems import GenerationProblem, explain_os_error
from ..generation.store.file_locks import IS_HELD, Held, NoLocks, hold, is_held
from .plan import Shard

INNER = ".trellis-batch"
CLAIM = "batch.json"
LEDGER = "ledger.jsonl"
LOCK = "running"
OUTPUT_FOLDERS = ("glb", "blend")
HTML_NAME, CSV_NAME = "report.html", "report.csv"
LEDGER_MAX_BYTES = 512 * 2**20
LINE_MAX_BYTES = 2**20
"""Of eight models with all that there is to say of them it has some kilobytes."""
SENT, DONE, FAILED, ENDED = "sent", "done", "failed", "ended"
"""The last is of no row: all were over, and nothing of that start is left to do."""


class FolderRefused(ValueError):
    """The output folder cannot be used for this batch. `str(error)` is a sentence; nothing was sent."""


class Entry(NamedTuple):
    """A line of a ledger: what has become of the row with that `key`. `shard` is the folder of who wrote it."""

    key: str
    kind: str
    shard: str
    said: Mapping[str, Any]


class BatchFolder:
    """The folder, as one machine writes it. Raises FolderRefused where another batch or another process has it."""

    def __init__(self, path: Path, table: Path, shard: Shard) -> None:
        self.path = path
        self.shard = shard
        self.own = path / INNER / shard.folder_name
        self._lock: Held | None = None
        try:
            self._claim(table.name)
            self.own.mkdir(parents=True, exist_ok=True)
            self._hold()
            self._mend()
        except OSError as error:
            raise FolderRefused(str(explain_os_error(error, path))) from None
        except GenerationProblem as problem:
            raise FolderRefused(str(problem)) from None

    def close(self) -> None:
        """Another process may go on from here."""
        held, self._lock = self._lock, None
        if held is not None:
            held.close()

    def write(self, key: str, kind: str, said: Mapping[str, Any]) -> None:
        """Adds a line to this machine's ledger; it is on the disk when this returns. Raises GenerationProblem."""
        line = json.dumps({"row": key, "what": kind, **said}, ensure_ascii=True) + "\n"
        try:
            self._mend()
            with (self.own / LEDGER).open("ab") as file:
                file.write(line.encode())
                file.flush()
                sync(file.fileno())
        except OSError as error:
            raise explain_os_error(error, self.path) from None

    def write_end(self) -> None:
        """Notes that this start has come to its end, where that can be written."""
        with suppress(GenerationProblem):
            self.write("", ENDED, {})

    def share(self, path: Path, content: bytes) -> None:
        """Writes a file that all machines write, whole: by a name of this machine's own first, because all of them may
        do so at the same moment. Raises GenerationProblem."""
        own = self.own / path.name
        write_whole(own, content)
        try:
            replace_for_good(own, path)
        except OSError as error:
            raise explain_os_error(error, path.parent) from None

    def entries(self) -> Iterator[Entry]:
        """What all machines have written, each in its order; what cannot be read is passed over."""
        for folder in sorted((self.path / INNER).glob("*-of-*")):
            with suppress(OSError):
                yield from _read_ledger(folder / LEDGER, folder.name)

    def relative(self, path: Path) -> str:
        """A path as the ledger has it: the folder may be at another place on another machine."""
        return path.relative_to(self.path).as_posix()

    def _claim(self, table: str) -> None:
        claim = self.path / INNER / CLAIM
        if claim.exists():
            of = ""
            with suppress(ValueError, AttributeError, RecursionError):
                of = str(json.loads(claim.read_text(encoding="utf-8")).get("table", ""))
            if of and of != table:
                raise FolderRefused(
                    f"The folder {self.path} has the results of another table, “{of}”. Choose another folder."
                )
            return
        for name in (*OUTPUT_FOLDERS, HTML_NAME, CSV_NAME):
            if (self.path / name).exists():
                raise FolderRefused(
                    f"In {self.path} there is “{name}” already, where this batch would write. Choose another folder."
                )
        self.share(claim, json.dumps({"version": 1, "table": table}).encode())

    def _hold(self) -> None:
        try:
            self._lock = hold(self.own / LOCK)
        except NoLocks:
            return
        except OSError as error:
            if error.errno not in IS_HELD:
                raise
            part = f", as part {part_of(self.own.name)}" if self.shard.count > 1 else ""
            raise FolderRefused(f"Another process works on this batch now{part}. Wait for it, or end it.") from None
        self._check_division()

    def _check_division(self) -> None:
        """Parts of another division have rows of this one's."""
        for other in (self.path / INNER).glob("*-of-*"):
            if other.name.partition("-of-")[2] != self.own.name.partition("-of-")[2] and _is_at_work(other):
                self.close()
                raise FolderRefused(
                    f"Another process works on this batch now, as part {part_of(other.name)}. Wait for it, or end it."
                )

    def _mend(self) -> None:
        """The next line must not be added to one that was torn off, by a full disk for example."""
        path = self.own / LEDGER
        if path.exists() and path.stat().st_size:
            with path.open("r+b") as file:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")


def part_of(folder_name: str) -> str:
    """A machine's folder as --shard names it: "3/10"."""
    return "/".join(str(int(number)) for number in folder_name.split("-of-") if number.isdigit())


def _is_at_work(folder: Path) -> bool:
    try:
        return is_held(folder / LOCK)
    except (NoLocks, PermissionError):  # another user's
        return False


def _read_ledger(path: Path, shard: str) -> Iterator[Entry]:
    # A pipe would be waited for.
    if not path.is_file() or path.stat().st_size > LEDGER_MAX_BYTES:
        return
    with path.open("rb") as file:
        while line := file.readline(LINE_MAX_BYTES):
            try:
                said = json.loads(line)
                yield Entry(str(said.pop("row")), str(said.pop("what")), shard, said)
            except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
                continue
