# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender prints the traceback of a failing importer before anybody can catch it. Scripts are promised none."""

import ctypes
import logging
import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress

LOG = logging.getLogger(__name__)

_STDOUT, _STDERR = 1, 2


@contextmanager
def no_output_on_failure(*, keeps_quiet: bool = False) -> Generator[None]:
    """Holds back what the process prints inside, from C as well: printed afterwards, or logged where the block raises
    or `keeps_quiet`.

    Does nothing where the process has no output, as on Windows without a console.
    """
    try:
        kept = os.dup(_STDOUT), os.dup(_STDERR)
    except OSError:
        yield
        return
    with tempfile.TemporaryFile() as held:
        _flush()
        os.dup2(held.fileno(), _STDOUT)
        os.dup2(held.fileno(), _STDERR)
        failed = True
        try:
            yield
            failed = False
        finally:
            _flush()
            for number, original in zip((_STDOUT, _STDERR), kept, strict=True):
                os.dup2(original, number)
                os.close(original)
            held.seek(0)
            said = held.read()
            if failed or keeps_quiet:
                LOG.debug("%s", said.decode(errors="replace"))
            elif said:
                with suppress(OSError):
                    os.write(_STDOUT, said)


def _flush() -> None:
    """Python's buffers and C's: nothing from before may be held back, and nothing from inside may get out."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError):  # a log on a full disk
                stream.flush()
    try:
        library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
        library.fflush(None)
    except (OSError, AttributeError):
        LOG.debug("C's output could not be flushed")
