# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a second Blender, see `second_blender`: `-- MODULE FOLDER …` calls a module's `main`."""

import os
import shutil
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def _work(module: str, folder: Path, *arguments: str) -> None:
    import bpy  # noqa: F401 (as a module it brings mathutils along)

    # No operator is called inside an override here: see `versions.OPERATORS_CRASH_IN_OVERRIDES`.
    # Ctrl-C in a terminal goes to all processes there, and what is being made is taken in all the same.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_other, args=(folder,), daemon=True).start()
    sys.path.insert(0, str(PACKAGE.parent))
    # Imported by path: in this Blender the extension is not enabled.
    import_module(f"{PACKAGE.name}.{module}").main(folder, *arguments)


def _end_with_the_other(folder: Path) -> None:
    """Waits until the pipe from the other Blender closes: nobody waits for a result from then on."""
    try:
        while os.read(0, 1):
            pass
    except OSError:
        return  # there is no such pipe
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    status = 1
    try:
        given = sys.argv[sys.argv.index("--") + 1 :]
        _work(given[0], Path(given[1]), *given[2:])
        status = 0
    finally:
        if status:
            import traceback

            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        # At once: Blender 4.2 as a module crashes, and 4.5 hangs, where it is unloaded.
        os._exit(status)
