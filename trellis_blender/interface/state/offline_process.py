# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline preview's process: started when a generation first needs it, gone with Blender. No `bpy` within reach.

It is started and waited for in the thread of the generation that needs it, never in Blender's main thread.
"""

import logging
import os
import secrets
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from ...generation.providers import OFFLINE_PREVIEW
from ...generation.threads import NoThread, begun
from ...piapi.errors import NotStarted
from ...piapi.service import Service

LOG = logging.getLogger(__name__)

START_LIMIT_S = 60.0
"""A Python that has to load numpy from a cold disk under a virus scanner takes its time."""
END_LIMIT_S = 2.0
LOOK_S = 0.1
PACKAGE_FOLDER = Path(__file__).resolve().parents[2]
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""For Windows, where a console would open."""
SWITCHED_OFF = "The add-on is being switched off."
RUN_ROOM = "import runpy, sys; sys.path.append(sys.argv.pop()); runpy.run_module(sys.argv.pop(), run_name='__main__')"
"""The package's folder goes behind Python's own: other extensions lie beside it under any name."""


class OfflineProcess:
    """One process at the most, for all offline generations. `python` is the command that starts Blender's Python."""

    def __init__(self, python: Sequence[str]) -> None:
        self._python = python
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._service: Service | None = None
        self._is_stopped = False

    def service(self) -> Service:
        """The offline preview by its name; it is started when a generation's thread reaches for it."""
        return Service(api_url=OFFLINE_PREVIEW.id, start=self._reach)

    @property
    def process_id(self) -> int | None:
        """The system's number for the process; None while none runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def stop(self) -> None:
        """Ends the process, and every wait for it; one that is just being started ends with that."""
        self._is_stopped = True
        if self._process is not None:
            _end(self._process)

    def _reach(self) -> Service:
        with self._lock:
            if self._is_stopped:
                raise NotStarted(SWITCHED_OFF)
            if self._service is None or self.process_id is None:
                self._service = self._start()
            return self._service

    def _start(self) -> Service:
        token = secrets.token_urlsafe(32)
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            if self._process is not None:
                _end(self._process)
            try:
                self._process = self._run(said)
                # In this order: `stop` says that it is over and then ends the process that it sees.
                if self._is_stopped:
                    _end(self._process)
                address = _first_line(self._process, token)
            except NoThread as problem:
                if self._process is not None:
                    _end(self._process)
                raise NotStarted(f"The offline preview could not be started. {problem}") from None
            except OSError as error:
                raise NotStarted(f"The offline preview could not be started ({error.strerror or error}).") from None
            if self._is_stopped:
                raise NotStarted(SWITCHED_OFF)
            if not address:
                _end(self._process)
                raise NotStarted(f"The offline preview could not be started ({_last_line(said)}).")
        return Service(api_url=address, api_key=token, upload_url=address)

    def _run(self, said: IO[str]) -> "subprocess.Popen[str]":
        package = PACKAGE_FOLDER.name
        return subprocess.Popen(  # noqa: S603 (Blender's own Python and this add-on's own code)
            [*self._python, "-c", RUN_ROOM, f"{package}.offline", str(PACKAGE_FOLDER.parent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            errors="replace",
            # Threads of numpy's own would gain nothing, and where there is no room for them it does not load.
            env={name: value for name, value in os.environ.items() if not name.startswith("PIAPI_")}
            | {"OPENBLAS_NUM_THREADS": "1"},
            creationflags=NO_WINDOW,
        )


def _first_line(process: "subprocess.Popen[str]", token: str) -> str:
    """Sends the token, returns the address that comes back; "" where the process ended or hung. Raises NoThread."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(OSError, ValueError):  # it has ended, or `stop` has closed this
        process.stdin.write(f"{token}\n")
        process.stdin.flush()
    found: list[str] = []

    def read() -> None:
        with lines:
            found.append(lines.readline().strip())

    lines = process.stdout
    reader = threading.Thread(target=read, daemon=True)
    try:
        begun(reader)
    except NoThread:
        lines.close()
        raise
    end = time.monotonic() + START_LIMIT_S
    while reader.is_alive() and process.poll() is None:
        if time.monotonic() > end:
            process.kill()
        reader.join(LOOK_S)
    # On Windows a program that was started in the same moment may hold its output open: not waited for.
    reader.join(END_LIMIT_S)
    return found[0] if found else ""


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_LIMIT_S)
    with suppress(OSError):
        # What is still unsent is dropped.
        process.stdin.close()  # pyright: ignore[reportOptionalMemberAccess]


def _last_line(said: IO[str]) -> str:
    said.seek(0)
    text = said.read()
    LOG.error("the offline preview: %s", text)
    lines = text.strip().splitlines()
    return lines[-1][:200] if lines else "it gave no reason"
