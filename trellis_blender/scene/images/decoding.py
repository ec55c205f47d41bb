# SPDX-License-Identifier: GPL-3.0-or-later
"""A large picture decoded by a second Blender: 4096 × 4096 pixels would hold this one up for a second. For a thread;
without bpy.
"""

import logging
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

LOG = logging.getLogger(__name__)

LIMIT_S = 60.0
LOOK_S = 0.05
SIDE_PX = 512
WORKER = Path(__file__).with_name("decoding_worker.py")
_GIVEN, _DONE = "given", "done.npy"
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


def decode(content: bytes, program: str, go_on: Callable[[], object]) -> "np.ndarray | None":
    """A picture's file as height × width × 3 from 0 to 1, in sRGB, bottom row first, at most 512 pixels wide and high.

    None where it cannot be decoded. `program` is the Blender that does it. Raises what `go_on` raises, which is called
    20 times a second, and ends the second Blender then.
    """
    with tempfile.TemporaryDirectory(prefix="trellis-picture-", ignore_cleanup_errors=True) as folder:
        given, done = Path(folder, _GIVEN), Path(folder, _DONE)
        given.write_bytes(content)
        command = [program, "--background", "--factory-startup", "--offline-mode", "-noaudio"]
        command += ["--python-exit-code", "1", "--python", str(WORKER), "--", str(given), str(done), str(SIDE_PX)]
        quiet = subprocess.DEVNULL
        try:
            process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, creationflags=_NO_WINDOW)  # noqa: S603 (this very Blender)
        except OSError as error:
            LOG.info("a picture cannot be decoded by %s: %s", program, error)
            return None
        with process:
            try:
                _wait(process, go_on)
            finally:
                process.kill()
        if process.returncode or not done.is_file():
            LOG.info("a picture of %d bytes cannot be decoded", len(content))
            return None
        return np.load(done).astype(np.float32) / 255


def _wait(process: "subprocess.Popen[bytes]", go_on: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + LIMIT_S
    while process.poll() is None and time.monotonic() < give_up_at:
        go_on()
        time.sleep(LOOK_S)
