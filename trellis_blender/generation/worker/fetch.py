# SPDX-License-Identifier: GPL-3.0-or-later
"""The finished model, or pictures, from wherever the service put them into the generation's folder."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

from ...gltf.errors import ModelUnusable
from ...piapi.errors import NotSent, PiapiError, TooManyRequests, Unclear
from ...piapi.http.connections import Connections
from ...piapi.http.result_file import Part, ResultStream, open_result
from ...piapi.service import Service
from ...piapi.timings import Timings
from ..files import EXPORT_NAME, PICTURE_STEM, pictures_in, write_whole
from ..problems import FolderGone, NoPicture
from ..providers import Client
from ..states import State
from ..store.database import to_json
from .backoff import Backoff
from .context import Stopped, Work
from .download import keep_model, part_in
from .job import Job
from .picture_file import read_picture

FETCH_TRIES = 3
"""Of a file that is not there, or no model; each time at a fresh address."""


def fetch(work: Work, client: Client) -> None:
    """Downloads and checks; a download that broke off goes on where it stopped. Then the generation is ready."""
    download = _download_pictures if work.generation.request.makes_pictures else _download
    backoff = Backoff(work)
    tries_left = FETCH_TRIES
    while True:
        try:
            download(work)
            break
        except (NotSent, Unclear, TooManyRequests) as error:
            backoff.wait(error)
        except (PiapiError, ModelUnusable, FolderGone):
            tries_left -= 1
            if not tries_left:
                raise
        _renew_address(work, client, backoff)
    if work.job.pictures:
        work.pictures()
    wanted = work.generation.wanted and not work.is_cancelled
    ready = {"state": State.READY, "wanted": wanted, "problem": "", "parked": False, "stage": "", "progress": None}
    write_whole(work.folder / EXPORT_NAME, to_json(replace(work.generation, **ready)).encode())
    work.save(**ready)


def _download(work: Work) -> None:
    def report(share: float) -> None:
        if int(share * 20) != int((work.generation.progress or 0.0) * 20):
            work.change(stage="", progress=share, problem="")

    with _opened(work, work.generation.model_url, part_in(work.folder)) as result:
        keep_model(
            result._replace(chunks=until_stopped(work.job, result.chunks)),
            work.folder,
            report,
            go_on=lambda: _go_on(work.job),
        )


def _download_pictures(work: Work) -> None:
    """Those that are not there yet. Raises ModelUnusable for what is no picture."""
    urls = work.generation.model_url.splitlines()
    for number, url in enumerate(urls, start=1):
        stem = f"{PICTURE_STEM}{number}"
        if any(path.stem == stem for path in pictures_in(work.folder)):
            continue
        with _opened(work, url) as result:
            try:
                content, ending = read_picture(until_stopped(work.job, result.chunks), result.size)
            except NoPicture as problem:
                raise ModelUnusable(problem.reason) from None
        write_whole(work.folder / f"{stem}{ending}", content)
        work.change(stage="", progress=number / len(urls), problem="")


def _opened(work: Work, url: str, part: Part | None = None) -> AbstractContextManager[ResultStream]:
    return opened(work.job.service, work.connections, work.around.timings, url, part)


def opened(
    service: Service, connections: Connections, timings: Timings, url: str, part: Part | None = None
) -> AbstractContextManager[ResultStream]:
    """A file of a task, as `open_result` opens it."""
    return open_result(
        url,
        part,
        connections=connections,
        from_this_computer=service.is_loopback,
        limits=service.limits,
        timings=timings,
    )


def _renew_address(work: Work, client: Client, backoff: Backoff) -> None:
    """Results stand at temporary addresses; asking for the task again gives a fresh one."""
    work.rest_between_polls()
    try:
        task = client.get_task(work.generation.task_id)
    except (NotSent, Unclear, TooManyRequests) as error:
        backoff.wait(error)
        return
    work.learn_extras(task)
    if url := work.result_url(task):
        work.save(model_url=url)


def until_stopped(job: Job, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks; raises Stopped between them where the add-on is switched off."""
    for chunk in chunks:
        _go_on(job)
        yield chunk


def _go_on(job: Job) -> None:
    if job.stopping:
        raise Stopped
