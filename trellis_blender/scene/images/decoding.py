# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures decoded by a second Blender: 4096 × 4096 pixels would hold this one up for a second. For a thread; without
bpy.
"""

import logging
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .. import second_blender

LOG = logging.getLogger(__name__)

LIMIT_S = 60.0
SIDE_PX = 512
GIVEN_SUFFIX, DONE_SUFFIX = ".picture", ".npy"


def decode(contents: Sequence[bytes], blender: Sequence[str], go_on: Callable[[], object]) -> "list[np.ndarray | None]":
    """Each picture's file as height × width × 3 from 0 to 1, in sRGB, bottom row first, at most 512 pixels wide and
    high; 0 × 0 × 3 for one that Blender cannot decode, None where that is not known.

    `blender` is what `second_blender.this_blender` has said. Raises what `go_on` raises, which is called 20 times a
    second, and ends the second Blender then.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="trellis-picture-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            for number, content in enumerate(contents):
                (folder / f"{number}{GIVEN_SUFFIX}").write_bytes(content)
            process = second_blender.start(blender, "scene.images.decoding_work", folder, str(SIDE_PX))
            second_blender.wait(process, LIMIT_S, go_on)
            return [_done(folder / f"{number}{DONE_SUFFIX}") for number in range(len(contents))]
    except OSError as error:
        LOG.info("pictures cannot be decoded: %s", error)
        return [None] * len(contents)


def _done(path: Path) -> "np.ndarray | None":
    return np.load(path).astype(np.float32) / 255 if path.is_file() else None
