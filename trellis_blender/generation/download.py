# SPDX-License-Identifier: GPL-3.0-or-later
"""The model onto the disk: streamed to a temporary file, checked, then given its name."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from .glb import SIZE_LIMIT_BYTES, check_glb
from .problems import ModelUnusable, explain_os_error

INPUT_NAME = "input.png"
MODEL_NAME = "model.glb"
REFUSED_NAME = "model.refused"


def keep_model(
    chunks: Iterable[bytes],
    size: int | None,
    folder: Path,
    tell: Callable[[float], None],
    limit: int = SIZE_LIMIT_BYTES,
) -> Path:
    """Writes `chunks` into `folder` and returns the checked model's path. `tell` hears the share received, 0–1.

    Raises ModelUnusable (a file that is refused stays as `model.refused`), DiskFull, FolderUnusable, and whatever
    the chunks raise. Nothing but a whole, checked file ever has the model's name.
    """
    # Two Blenders may fetch the same model.
    part, final = folder / f"model-{os.getpid()}.part", folder / MODEL_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(chunks, size, part, tell, limit)
        try:
            check_glb(part)
        except ModelUnusable as problem:
            part.replace(folder / REFUSED_NAME)
            raise ModelUnusable(f"{problem.reason}; it was kept aside as {REFUSED_NAME}") from None
        part.replace(final)
    except OSError as error:
        raise explain_os_error(error, folder) from None
    finally:
        _remove(part)
    return final


def write_whole(path: Path, content: bytes) -> None:
    """Writes a small file so that it is there whole or not at all; GenerationProblem where that fails."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        _remove(part)
        raise explain_os_error(error, path.parent) from None


def _write(chunks: Iterable[bytes], size: int | None, part: Path, tell: Callable[[float], None], limit: int) -> None:
    received = 0
    with part.open("wb") as file:
        for chunk in chunks:
            received += len(chunk)
            if received > limit:
                raise ModelUnusable(f"it is larger than {limit // 2**20:,} MB")
            file.write(chunk)
            if size:
                tell(min(received / size, 1.0))
        file.flush()
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # The folder itself is unusable; the error that led here says so already.
        return
