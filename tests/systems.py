"""What Linux, macOS and Windows each do in a way of their own."""

import ctypes
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

CERTIFICATES = Path(__file__).with_name("certificates")
"""An authority that nobody knows and what it has signed, made once by `make.sh` there: openssl is not everywhere."""
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
_SYNCHRONIZE, _TIMED_OUT = 0x00100000, 0x102


def stop_listening(listener: socket.socket) -> None:
    """Closes it, and wakes whoever waits for a connection: on Linux that takes a shutdown, which Windows refuses."""
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def kill(process_id: int) -> None:
    """Ends a process without asking it."""
    os.kill(process_id, _KILL)


def runs(process_id: int) -> bool:
    """Whether a process runs. One that has ended counts as gone, even where nobody has collected it yet."""
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(_SYNCHRONIZE, 0, process_id)
        if not handle:
            return False
        try:
            return kernel.WaitForSingleObject(handle, 0) == _TIMED_OUT
        finally:
            kernel.CloseHandle(handle)
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True
