# SPDX-License-Identifier: GPL-3.0-or-later
"""The batch that runs: a second Blender carries out `blender -c trellis batch`, and says how far it is in JSON lines.

So it costs this Blender nothing but a look now and then, goes on from where it was however it ends, and saves the same
files as the command does. When this Blender ends, it sends nothing more and takes in what is being made.
"""

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..state import background, configuration, session
from ..viewport import redraw

if TYPE_CHECKING:
    from ...batch.row_progress import Stage
    from .place_in_grid import Wish

LOOK_S = 0.5
READ_AT_ONCE = 2**20
FOLLOWED_NAME = "trellis-batch.jsonl"
STOP_WITH_US = "--stop-with-stdin"


class Run:
    """A batch of which this Blender knows, running or ended. `spent_usd` is what the rows have cost that are over,
    `failed_rows` are the numbers of those that have failed, `files` what each has become."""

    def __init__(self, folder: Path, rows: int, process: "subprocess.Popen[bytes]", followed: Path) -> None:
        self.folder, self.rows, self.followed = folder, rows, followed
        self.process: subprocess.Popen[bytes] | None = process
        self.code: int | None = None
        self.is_stopping = False
        self.last_said = ""
        self.files: dict[int, list[Path]] = {}
        self.has_blends = False
        self.wish: Wish | None = None
        self._new: set[int] = set()
        self.spent_usd = 0.0
        self.failed_rows: set[int] = set()
        self._count: Counter[Stage] = Counter()
        self._rows: dict[int, tuple[Stage, float]] = {}
        self._read = 0
        self._rest = b""

    def count(self) -> "Counter[Stage]":
        """How many rows are at which stage."""
        return +self._count

    def blends(self, *, new: bool = False) -> list[Path]:
        """The .blend file of each model, in the order of the rows; of those alone that were `new` in this run."""
        found: list[Path] = []
        for row in sorted(self._new if new else self.files):
            blends = [path for path in self.files.get(row, ()) if path.suffix == ".blend"]
            found += [path for path in blends if path.parent == self.folder] or blends
        return found

    def look(self) -> bool:
        """Reads what is new; False once it has ended."""
        process = self.process
        code = process.poll() if process is not None else self.code
        while self._read_more():
            pass
        if process is not None and code is not None:
            self.process, self.code = None, code
            with suppress(OSError):
                if process.stdin is not None:
                    process.stdin.close()
        return self.process is not None

    def stop(self) -> None:
        """Sends nothing more; what is being made is taken in."""
        self.is_stopping = True
        if self.process is not None and self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()

    def _read_more(self) -> bool:
        try:
            with self.followed.open("rb") as file:
                file.seek(self._read)
                found = file.read(READ_AT_ONCE)
        except OSError:
            return False
        self._read += len(found)
        *lines, self._rest = (self._rest + found).split(b"\n")
        for line in lines:
            self._hear(line.decode(errors="replace").strip())
        return len(found) == READ_AT_ONCE

    def _hear(self, line: str) -> None:
        from ...batch.row_progress import Stage
        from ...batch.starting_state import IS_THERE

        try:
            said: Any = json.loads(line)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            self.last_said = line[:500] or self.last_said
        elif said.get("event") == "row":
            row = said.get("row")
            if isinstance(row, int) and said.get("state") in [stage.value for stage in Stage]:
                stage = Stage(said.get("state"))
                if stage is Stage.DONE and said.get("said") != IS_THERE:
                    self._new.add(row)
                (self.failed_rows.add if stage is Stage.FAILED else self.failed_rows.discard)(row)
                self._move(row, stage, float(said.get("cost_usd") or 0.0))
                self.files[row] = [self.folder / str(name) for name in said.get("files") or ()]
                self.has_blends |= any(path.suffix == ".blend" for path in self.files[row])
        elif said.get("event") == "note":
            self.last_said = str(said.get("said", ""))[:500]

    def _move(self, row: int, stage: "Stage", cost_usd: float) -> None:
        """Keeps the sums, which a draw must not add up each time."""
        before, before_usd = self._rows.get(row, (None, 0.0))
        self._rows[row] = (stage, cost_usd)
        if before is not None:
            self._count[before] -= 1
        self._count[stage] += 1
        self.spent_usd += cost_usd - before_usd


class _Memory:
    run: Run | None = None


def current() -> Run | None:
    """The batch that runs, or has run last."""
    return _Memory.run


def is_running() -> bool:
    """Whether a batch runs."""
    return _Memory.run is not None and _Memory.run.process is not None


def begin(table: Path, folder: Path, rows: int, options: Sequence[str], wish: "Wish | None" = None) -> None:
    """Starts it; with a `wish`, what comes of it is placed in the scene in the end. Raises OSError."""
    from ...scene import second_blender

    followed = Path(bpy.app.tempdir, FOLLOWED_NAME)
    trellis = second_blender.command_of(bpy.app.binary_path, configuration.PACKAGE, is_online=bpy.app.online_access)
    command = [*trellis, "batch", str(table), "--out", str(folder), "--json", STOP_WITH_US, *options]
    process = second_blender.start_command(command, followed, _environ())
    _Memory.run = Run(folder, rows, process, followed)
    _Memory.run.wish = wish
    background.later(_look, LOOK_S)


def end() -> None:
    """With the add-on: what has been sent is taken in by the other Blender, which then ends."""
    from . import place_in_grid

    place_in_grid.end()
    if _Memory.run is not None:
        _Memory.run.stop()
    _Memory.run = None


def _environ() -> dict[str, str]:
    """What is set here and may not be saved."""
    api, upload = configuration.api_url(), configuration.upload_url()
    return {configuration.API_VARIABLE: api.value, configuration.UPLOAD_VARIABLE: upload.value}


def _look() -> float | None:
    run = _Memory.run
    goes_on = run is not None and run.look()
    if not goes_on:
        session.current().note_spending()
    redraw.sidebars()
    if run is not None and run.wish is not None and not goes_on:
        from . import place_in_grid

        place_in_grid.begin(run.blends(new=True), run.wish)
    return LOOK_S if goes_on else None
