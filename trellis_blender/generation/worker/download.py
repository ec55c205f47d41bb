# SPDX-License-Identifier: GPL-3.0-or-later
"""The model onto the disk: streamed to a temporary file, checked, then given its name.

A download that breaks off leaves what has come, with a note of which file it is the beginning of, so that the next one
goes on there.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ...gltf.container import SIZE_LIMIT_BYTES, check_glb
from ...gltf.errors import ModelUnusable
from ...piapi.http.result_file import FileIdentity, Part, ResultStream
from ..files import MODEL_NAME, patiently, remove_file, replace_for_good, sync
from ..problems import DiskFull, explain_os_error

REFUSED_NAME = "model.refused"
PART_NAME = "model.part"
NOTE_NAME = "model.part.json"


def part_in(folder: Path) -> Part | None:
    """The beginning of a model that an earlier download has left; None where there is none that can be continued."""
    try:
        note = json.loads((folder / NOTE_NAME).read_text(encoding="utf-8"))
        identity = FileIdentity(str(note["etag"]), str(note["last_modified"]), int(note["size"]))
        received = (folder / PART_NAME).stat().st_size
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return Part(received, identity) if identity.validator and 0 < received < identity.size else None


def keep_model(
    result: ResultStream,
    folder: Path,
    report: Callable[[float], None],
    limit: int = SIZE_LIMIT_BYTES,
    go_on: Callable[[], object] = lambda: None,
) -> Path:
    """Writes the chunks into `folder` and returns the checked model's path. `report` gets the share received, 0–1;
    `go_on` is called now and then while the model is checked, and may raise.

    Raises ModelUnusable (a file that is refused stays as `model.refused`), DiskFull, FolderUnusable, and whatever
    the chunks raise. Nothing but a whole, checked file ever has the model's name.
    """
    part, final = folder / PART_NAME, folder / MODEL_NAME
    try:
        if (result.size or 0) > limit:
            raise _too_large(limit)
        folder.mkdir(parents=True, exist_ok=True)
        if not result.starts_at:
            _note(folder, result.identity)
        _write(result, part, report, limit)
        try:
            check_glb(part, go_on)
        except ModelUnusable as problem:
            patiently(lambda: part.replace(folder / REFUSED_NAME))
            raise ModelUnusable(f"{problem.reason}; it was kept as {REFUSED_NAME}") from None
        replace_for_good(part, final)
    except OSError as error:
        problem = explain_os_error(error, folder)
        if isinstance(problem, DiskFull):
            remove_file(part)
        raise problem from None
    except ModelUnusable:
        remove_file(part)
        raise
    finally:
        if result.identity is None:
            remove_file(part)
        if not part.exists():
            remove_file(folder / NOTE_NAME)
    return final


def _note(folder: Path, identity: FileIdentity | None) -> None:
    """Which file the part is the beginning of, before there is one."""
    remove_file(folder / PART_NAME)
    if identity is None:
        remove_file(folder / NOTE_NAME)
    else:
        note = json.dumps(asdict(identity))
        patiently(lambda: (folder / NOTE_NAME).write_text(note, encoding="utf-8"))


def _write(result: ResultStream, part: Path, report: Callable[[float], None], limit: int) -> None:
    received = result.starts_at
    with patiently(lambda: part.open("r+b" if received else "wb")) as file:
        file.seek(received)
        for chunk in result.chunks:
            received += len(chunk)
            if received > limit:
                raise _too_large(limit)
            file.write(chunk)
            if result.size:
                report(min(received / result.size, 1.0))
        file.truncate()
        file.flush()
        sync(file.fileno())


def _too_large(limit: int) -> ModelUnusable:
    return ModelUnusable(f"it is larger than {limit // 2**20:,} MB")
