# SPDX-License-Identifier: GPL-3.0-or-later
"""A second Blender, which shows nothing and does what would hold this one up.

It ends by itself when its work is done, and when the pipe to it closes, which the system does however this Blender
ends.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LOOK_S = 0.05
WORKER = Path(__file__).with_name("second_blender_worker.py")
SAID_NAME = "said.txt"
"""In the folder of its work: all that it has printed."""
SAID_LAST_BYTES = 4096
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Windows would open a console otherwise."""
_LISTING = "import os, sys, bpy; from _bpy_internal.assets.remote_library import asset_listing_main as main; "
_LISTING += "os._exit(main(sys.argv[1:]))"
"""A Python module has Blender's commands, and no way to call them."""


def this_blender(binary_path: str) -> list[str]:
    """How to have this Blender run a script: `binary_path` is `bpy.app.binary_path`, "" in a Python module."""
    if not binary_path:
        return [sys.executable]
    quiet = ["--background", "--factory-startup", "--offline-mode", "-noaudio", "--python-exit-code", "1"]
    return [binary_path, *quiet, "--python"]


def start(blender: Sequence[str], module: str, folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """Has a second Blender call `main(folder, *arguments)` of a module of the package, "scene.finish.heavy_work".

    `blender` is what `this_blender` has said. Raises OSError.
    """
    with (folder / SAID_NAME).open("wb") as said:
        return subprocess.Popen(  # noqa: S603 (this very Blender, with our own arguments)
            [*blender, str(WORKER), "--", module, str(folder), *arguments],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
            creationflags=NO_WINDOW,
        )


def start_command(command: Sequence[str], output: Path, environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Has a second Blender carry out a command of the add-on's with the artist's preferences, see `command_of`; what it
    prints goes into the file. `environ` is what differs from the environment here. Raises OSError.
    """
    with output.open("wb") as said:
        return subprocess.Popen(  # noqa: S603 (as above)
            command,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=os.environ | environ,
            creationflags=NO_WINDOW,
        )


def command_of(binary_path: str, package: str, *, is_online: bool) -> list[str]:
    """How to have this Blender carry out `trellis` commands, also where the add-on's switch was not saved."""
    online = "--online-mode" if is_online else "--offline-mode"
    return [binary_path, online, "-noaudio", "--addons", package, "--command", "trellis"]


def listing_command(binary_path: str, *arguments: str) -> list[str]:
    """How to have this Blender carry out its `asset_listing`, as in `this_blender`; see `versions.HAS_ASSET_LISTING`.

    Of what it prints `last_message` tells.
    """
    if not binary_path:
        return [sys.executable, "-c", _LISTING, *arguments]
    quiet = ["--background", "--factory-startup", "--offline-mode", "-noaudio"]
    return [binary_path, *quiet, "--command", "asset_listing", *arguments]


def wait(process: "subprocess.Popen[bytes]", limit_s: float, go_on: Callable[[], object]) -> bool:
    """True when it has ended; False where it took longer than that, and was ended.

    For a thread. Raises what `go_on` raises, which is called 20 times a second; then, too, it is ended.
    """
    give_up_at = time.monotonic() + limit_s
    with process:
        try:
            while process.poll() is None:
                if time.monotonic() > give_up_at:
                    return False
                go_on()
                time.sleep(LOOK_S)
        finally:
            process.kill()
    return True


def last_message(folder: Path) -> str:
    """The last line that it has printed, as a sentence with a space before it; "" where it has said nothing.

    Not the program's greeting and farewell, which may come behind all else: they are held back in a buffer.
    """
    with suppress(OSError), (folder / SAID_NAME).open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - SAID_LAST_BYTES, 0))
        said = file.read(SAID_LAST_BYTES).decode(errors="replace").strip().splitlines()
        lines = [line for line in said if not line.startswith("Blender ")]
        return f" Its last message: {lines[-1][:200]}" if lines else ""
    return ""
