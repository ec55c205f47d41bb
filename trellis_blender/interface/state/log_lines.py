# SPDX-License-Identifier: GPL-3.0-or-later
"""The last records of a log, as lines."""

import logging
import sys
import time
from collections import deque

from ...piapi.redaction import LOOKED_THROUGH, hidden

RECORDS_KEPT = 100
RECORD_LIMIT = 4000
"""Characters; a traceback through Blender's importer has some 3,000."""


class LogLines(logging.Handler):
    """Keeps the last records, and prints them where no other handler does: a logger that has a handler is no longer
    printed by Python itself."""

    def __init__(self) -> None:
        super().__init__()
        self._records: deque[str] = deque(maxlen=RECORDS_KEPT)
        formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def lines(self) -> list[str]:
        """The last ones, oldest first; times in UTC."""
        return "\n".join(self._records).splitlines()[-RECORDS_KEPT:]

    def emit(self, record: logging.LogRecord) -> None:
        try:
            _hide(record)
            line = self.format(record)[:RECORD_LIMIT]
            self._records.append(line)
            if not logging.root.handlers and sys.stderr is not None:
                sys.stderr.write(f"{line}\n")
        except Exception:  # noqa: BLE001  as every handler does: a log must not break what it tells of
            self.handleError(record)


def _hide(record: logging.LogRecord) -> None:
    """In the record itself: what other handlers make of it has no secret in it either. This one is asked first."""
    if record.exc_info and not record.exc_text:
        record.exc_text = logging.Formatter().formatException(record.exc_info)
    record.msg, record.args = hidden(record.getMessage(), LOOKED_THROUGH), ()
    record.exc_info = None
    record.exc_text = hidden(record.exc_text, LOOKED_THROUGH) if record.exc_text else None
    record.stack_info = hidden(record.stack_info, LOOKED_THROUGH) if record.stack_info else None
