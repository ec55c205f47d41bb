# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch says while it runs: a line that is renewed on a terminal, a line for each change elsewhere, or JSON."""

import json
import os
import sys
import time
from collections import Counter
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from ...batch.row_progress import Stage
from ...generation.record.costs import dollars
from ..text.formats import plain

if TYPE_CHECKING:
    from ...batch.row_results import Change
    from ...batch.runner import Runner

RENEWED_S = 0.5
BAR = 24
TOLD_APART = frozenset({Stage.DONE, Stage.FAILED, Stage.REFUSED, Stage.HELD})
"""Without a terminal; what is only on its way is not told."""


class Follower(AbstractContextManager["Follower"]):
    """Writes to the standard output, until its context ends."""

    def __init__(self, *, as_json: bool) -> None:
        self.runner: Runner | None = None
        self._as_json = as_json
        self._out = _own_output()
        self._is_terminal = self._out.isatty()
        self._shown_at = 0.0
        self._left_out = False

    def __exit__(self, *_: object) -> None:
        """Lets go of the output."""
        with suppress(OSError, ValueError):
            if self._out is not sys.stdout:
                self._out.close()

    def tell(self, change: "Change") -> None:
        """A row's change."""
        each, row = change.progress, change.progress.row
        if self._as_json:
            self.write_json(
                event="row",
                row=row.number,
                name=row.name,
                state=change.stage.value,
                said=change.said,
                price_usd=row.price_usd,
                cost_usd=each.usd,
                files=each.files if change.stage is Stage.DONE else [],
            )
            return
        if change.stage is Stage.LEFT_OUT:
            is_first, self._left_out = not self._left_out, True
            if not is_first:
                return
        elif change.stage not in TOLD_APART and not change.said:
            return
        name = f" “{row.name}”" if row.name else ""
        self.line(f"row {row.number}{name}: {change.stage.value}. {change.said}".rstrip(". ") + ".")

    def line(self, text: str) -> None:
        """A line that stays."""
        if self._as_json:
            self.write_json(event="note", said=text)
            return
        self._clear()
        self._write(f"{plain(text)}\n")

    def write_json(self, **said: Any) -> None:
        """One object on a line."""
        self._write(json.dumps(said, ensure_ascii=True) + "\n")

    def renew(self) -> None:
        """The line that says how far all is, now and then."""
        now = time.monotonic()
        if self._as_json or not self._is_terminal or self.runner is None or now - self._shown_at < RENEWED_S:
            return
        self._shown_at = now
        self._write(f"\r\x1b[2K{summary(self.runner)}")

    def end(self) -> None:
        """Leaves the terminal as it was."""
        self._clear()

    def _clear(self) -> None:
        if self._is_terminal and self._shown_at and not self._as_json:
            self._write("\r\x1b[2K")

    def _write(self, text: str) -> None:
        """Raises BrokenPipeError where nobody listens any more. A log on a full disk must not end what is paid for."""
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError:
            raise
        except OSError:
            pass


def _own_output() -> TextIO:
    """The standard output, which stays when what Blender prints is held back."""
    try:
        sys.stdout.flush()
        return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding=sys.stdout.encoding, errors="replace")
    except (OSError, ValueError, AttributeError):
        return sys.stdout


def summary(runner: "Runner") -> str:
    """How far a batch is, on a line."""
    count = Counter(each.stage for each in runner.rows)
    ended = sum(each.is_over for each in runner.rows)
    total = max(len(runner.rows), 1)
    filled = BAR * ended // total
    parts = [
        f"{count[Stage.DONE]} of {len(runner.rows)} there",
        f"{count[Stage.MAKING] + count[Stage.SENDING]} being made"
        if count[Stage.MAKING] + count[Stage.SENDING]
        else "",
        f"{count[Stage.FAILED] + count[Stage.REFUSED]} failed" if count[Stage.FAILED] + count[Stage.REFUSED] else "",
        "waiting for the service" if count[Stage.HELD] else "",
        dollars(runner.spent_usd),
    ]
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {' · '.join(filter(None, parts))}"
