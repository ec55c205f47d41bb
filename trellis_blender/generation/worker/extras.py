# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service gives beside the model: a film of it turning, and the picture without its background.

They come when the generation is ready, and keep nobody waiting: one that cannot be had is in the log, and no more.
What did not come, because Blender ended before or because nobody wanted it, can be fetched later.
"""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...piapi.answers import Task
from ...piapi.errors import PiapiError, Wording
from ...piapi.http.connections import Connections
from ...piapi.http.result_file import ResultStream
from ...piapi.timings import Timings
from ..files import CUTOUT_STEM, MODEL_NAME, VIDEO_NAME, cutout_in, write_whole
from ..problems import NoTurntable
from ..states import State
from .context import Stopped, Work
from .fetch import opened, until_stopped
from .job import Job
from .picture_file import read_picture

LOG = logging.getLogger(__name__)

LIMIT_S = 60.0
"""For each: the thread ends then at the latest."""
VIDEO_LIMIT_BYTES = 64 * 2**20
AT_ONCE = 3
"""Generations whose extras come at the same time: each may be held in memory whole."""
LOOK_S = 0.1
_BEGINNING_BYTES = 8
OF_THE_TURNTABLE = Wording(result="turntable")
"""Nothing is wrong with the model."""

_places = threading.BoundedSemaphore(AT_ONCE)


class NoVideo(Exception):
    """What came is no film. `str(error)` says what it is."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """Into which folder, and through what."""

    folder: Path
    job: Job
    connections: Connections
    timings: Timings


def fetch_extras(work: Work) -> None:
    """Fetches them into the generation's folder. Of one that is not ready there is nothing.

    Raises Stopped where the add-on is switched off, and nothing else."""
    wants_video = bool(work.video_url) and work.job.service.fetches_videos
    if work.generation.state is not State.READY or not (work.cutout_url or wants_video):
        return
    work.give_way()
    fetching = Fetching(work.folder, work.job, work.connections, work.around.timings)
    with _a_place(work.job) as is_free:
        if is_free and work.cutout_url:
            _try(fetching, _fetch_cutout, work.cutout_url)
        if is_free and wants_video:
            _try(fetching, _fetch_video, work.video_url)


@contextmanager
def _a_place(job: Job) -> Generator[bool]:
    """Whether there is one among those that fetch. Raises Stopped."""
    give_up_at = time.monotonic() + LIMIT_S
    while not (is_free := _places.acquire(timeout=LOOK_S)) and time.monotonic() < give_up_at:
        if job.stopping:
            raise Stopped
    try:
        yield is_free
    finally:
        if is_free:
            _places.release()


def fetch_later(fetching: Fetching, task: Task) -> Path:
    """The film of a task that is done, fetched now, and the cut-out beside it where that is missing.

    Raises NoTurntable with a sentence, another GenerationProblem, PiapiError, and Stopped.
    """
    if task.cutout_url and cutout_in(fetching.folder) is None:
        _try(fetching, _fetch_cutout, task.cutout_url)
    if not task.video_url:
        raise NoTurntable("PiAPI gives no turntable of this model (any more).")
    try:
        with fetching.connections.within(LIMIT_S):
            _fetch_video(fetching, task.video_url)
    except NoVideo as problem:
        raise NoTurntable(
            f"The turntable that PiAPI gives cannot be used: {problem}. The model is as it was."
        ) from None
    except PiapiError as problem:
        raise NoTurntable(problem.sentence(OF_THE_TURNTABLE)) from None
    if not (path := fetching.folder / VIDEO_NAME).is_file():
        raise NoTurntable("The turntable was not kept: the files of this model are gone.")
    return path


def _try(fetching: Fetching, fetch: Callable[[Fetching, str], None], url: str) -> None:
    try:
        with fetching.connections.within(LIMIT_S):
            fetch(fetching, url)
    except Stopped:
        raise
    except Exception as problem:  # noqa: BLE001 (whatever it is, the model is there and paid)
        LOG.info("%s for %s: %s", fetch.__name__, fetching.folder.name, problem)


def _fetch_cutout(fetching: Fetching, url: str) -> None:
    with _opened(fetching, url) as result:
        content, ending = read_picture(until_stopped(fetching.job, result.chunks), result.size)
    _keep(fetching, f"{CUTOUT_STEM}{ending}", content)


def _fetch_video(fetching: Fetching, url: str) -> None:
    with _opened(fetching, url) as result:
        content = _read_video(until_stopped(fetching.job, result.chunks), result.size)
    _keep(fetching, VIDEO_NAME, content)


def _opened(fetching: Fetching, url: str) -> AbstractContextManager[ResultStream]:
    return opened(fetching.job.service, fetching.connections, fetching.timings, url)


def _read_video(chunks: Iterable[bytes], size: int | None) -> bytes:
    content = bytearray()
    for chunk in _bounded(chunks, size):
        content += chunk
        if len(content) >= _BEGINNING_BYTES and not _is_mp4(content):
            break
    if not _is_mp4(content):
        raise NoVideo("it is no MP4")
    return bytes(content)


def _is_mp4(content: bytearray) -> bool:
    return bytes(content[4:8]) == b"ftyp"


def _bounded(chunks: Iterable[bytes], size: int | None) -> Iterator[bytes]:
    left = VIDEO_LIMIT_BYTES
    if (size or 0) > left:
        raise NoVideo("it is too large")
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise NoVideo("it is too large")
        yield chunk


def _keep(fetching: Fetching, name: str, content: bytes) -> None:
    # The artist may have removed the generation meanwhile: its folder is not made again.
    if (fetching.folder / MODEL_NAME).is_file():
        write_whole(fetching.folder / name, content)
