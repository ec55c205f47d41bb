# SPDX-License-Identifier: GPL-3.0-or-later
"""The finished model from wherever the service put it into the generation's folder."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..piapi.client import Client
from ..piapi.errors import NotSent, PiapiError, TooManyRequests, Unclear
from ..piapi.files import open_result
from .download import keep_model, part_in
from .files import EXPORT_NAME, write_whole
from .patience import Patience
from .problems import ModelUnusable
from .states import State
from .store import to_json
from .work import Stopped, Work

FETCH_TRIES = 3
"""Of a file that is not there, or no model; each time at a fresh address."""


def fetch(work: Work, client: Client) -> None:
    """Downloads and checks; a download that broke off goes on where it stopped. Then the generation is ready."""
    patience = Patience(work)
    tries_left = FETCH_TRIES
    while True:
        try:
            _download(work)
            break
        except (NotSent, Unclear, TooManyRequests) as error:
            patience.wait(error)
        except (PiapiError, ModelUnusable):
            tries_left -= 1
            if not tries_left:
                raise
        _renew_address(work, client, patience)
    wanted = work.generation.wanted and not work.job.cancelling
    ready = {"state": State.READY, "wanted": wanted, "problem": "", "parked": False, "stage": "", "progress": None}
    write_whole(work.folder / EXPORT_NAME, to_json(replace(work.generation, **ready)).encode())
    work.save(**ready)


def _download(work: Work) -> None:
    def tell(share: float) -> None:
        if int(share * 20) != int((work.generation.progress or 0.0) * 20):
            work.change(stage="", progress=share, problem="")

    with open_result(
        work.generation.model_url,
        part_in(work.folder),
        connections=work.connections,
        from_this_computer=work.job.service.is_loopback,
        limits=work.job.service.limits,
    ) as result:
        keep_model(result._replace(chunks=_until_stopped(work, result.chunks)), work.folder, tell)


def _renew_address(work: Work, client: Client, patience: Patience) -> None:
    """Results stand at temporary addresses; asking for the task again gives a fresh one."""
    work.rest_between_polls()
    try:
        task = client.get_task(work.generation.task_id)
    except (NotSent, Unclear, TooManyRequests) as error:
        patience.wait(error)
        return
    if task.model_url:
        work.save(model_url=task.model_url)


def _until_stopped(work: Work, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        if work.job.stopping:
            raise Stopped
        yield chunk
