# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline preview's process. Reads its token from the first line of standard input, writes its address to the first
line of standard output, and ends when the input ends: however Blender ends, the system closes that pipe.
"""

import os
import signal
import sys
import threading

from .server import OfflineServer


def main() -> None:
    """Serves until the input ends. Ctrl-C in a terminal goes to all processes there, and is Blender's to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    token = sys.stdin.readline().strip()
    if not token:
        raise SystemExit("The offline preview is started by the add-on.")
    try:
        server = OfflineServer(token)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    except (RuntimeError, MemoryError):
        raise SystemExit("This computer has no room for one more thread. Close other programs.") from None
    sys.stdout.write(f"{server.address}\n")
    sys.stdout.flush()
    sys.stdin.read()
    # At once, even while something is made: it will not be downloaded.
    os._exit(0)


if __name__ == "__main__":
    main()
