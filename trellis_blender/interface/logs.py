# SPDX-License-Identifier: GPL-3.0-or-later
"""What the add-on writes into its log: on the console, and the last lines for a report."""

import logging
import sys
import time
from collections import deque

from . import access

RECORDS_KEPT = 100
RECORD_LIMIT = 4000
"""Characters; a traceback through Blender's importer has some 3,000."""


class _Recent(logging.Handler):
    """Keeps the last records, and prints them where nobody else does: a logger that has a handler is no longer
    printed by Python itself."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=RECORDS_KEPT)
        formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)[:RECORD_LIMIT]
            self.lines.append(line)
            if not logging.root.handlers and sys.stderr is not None:
                sys.stderr.write(f"{line}\n")
        except Exception:  # noqa: BLE001  as every handler does: a log must not break what it tells of
            self.handleError(record)


class _Kept:
    handler: _Recent | None = None


def register() -> None:
    """Begins to keep, at the level that the preferences name."""
    _Kept.handler = _Recent()
    logging.getLogger(access.PACKAGE).addHandler(_Kept.handler)
    set_level()


def unregister() -> None:
    """Leaves the logger as it was."""
    handler, _Kept.handler = _Kept.handler, None
    logger = logging.getLogger(access.PACKAGE)
    logger.setLevel(logging.NOTSET)
    if handler is not None:
        logger.removeHandler(handler)


def set_level() -> None:
    """Takes the level from the preferences over."""
    logging.getLogger(access.PACKAGE).setLevel(getattr(access.preferences(), "log_level", 'WARNING'))


def recent_lines() -> list[str]:
    """The last lines, oldest first; times in UTC."""
    found = list(_Kept.handler.lines) if _Kept.handler is not None else []
    return "\n".join(found).splitlines()[-RECORDS_KEPT:]
