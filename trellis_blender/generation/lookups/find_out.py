# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers questions about the account, about tasks that this computer does not know, about the disk and the costs;
fetches pictures from the web.

Runs in a thread of its own.
"""

import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from ...piapi.client import Client
from ...piapi.errors import NotSent, PiapiError
from ...piapi.http.connections import Connections
from ...piapi.http.proxies import route_to
from ...piapi.timings import Timings
from ..files import PICTURES_NAME, write_whole
from ..limits.rate_limit import RateLimit
from ..problems import AskedTooOften, GenerationProblem, mistake
from ..record.account_task import makes_models
from ..record.matching import CLOCK_OFF_S
from ..store.batch_costs import with_batches
from ..store.database import Store
from ..store.spending import spending, to_csv
from ..worker.account_tasks import list_history, list_running
from ..worker.context import Stopped
from ..worker.extras import Fetching, fetch_later
from ..worker.job import Job
from .questions import Answer, Question, Topic
from .web_image import fetch_picture

LOG = logging.getLogger(__name__)

WAITED_FOR_S = 66.0
"""Longer than the limit on requests holds one back: then it is the service that wants to wait."""
HISTORY_S = 30 * 24 * 3600.0
"""How far back tasks are looked for."""


def find_out(question: Question, job: Job, folder: Path, limit: RateLimit, store: Store, *, timings: Timings) -> Answer:
    """The answer. Never raises; ends early when the job is stopped. The service is asked in turn with all others."""
    try:
        if question.topic is Topic.DISK:
            return Answer(question, used_bytes=_used_bytes(folder))
        if question.topic is Topic.SPENT:
            return Answer(
                question, spending=spending(with_batches(folder, store.costs()), time.time(), question.blend_file)
            )
        if question.topic is Topic.COSTS_TABLE:
            tasks = with_batches(folder, store.costs())
            write_whole(Path(question.path), to_csv(tasks))
            return Answer(question, rows=len(tasks))
        if question.topic is Topic.ROUTE:
            return Answer(question, route=route_to(job.service.api_url))
        if question.topic is Topic.PICTURE:
            return Answer(question, path=str(fetch_picture(question.url, folder / PICTURES_NAME, job)))
        return _ask(question, job, limit, store, timings)
    except (PiapiError, GenerationProblem) as error:
        return Answer(question, problem=str(error))
    except Stopped:
        return Answer(question)
    except Exception as error:
        LOG.exception("lookup of %s", question.topic.value)
        return Answer(question, problem=mistake(error))


def _ask(question: Question, job: Job, limit: RateLimit, store: Store, timings: Timings) -> Answer:
    def wait(seconds: float) -> None:
        if seconds > WAITED_FOR_S:
            raise AskedTooOften(seconds)
        if job.wake.wait(seconds):
            raise NotSent

    connections = Connections()
    job.cuts_by(connections.cut)
    client = Client(
        job.service.reached(),
        wait_turn=lambda: limit.wait_turn(wait),
        pause=wait,
        slow_down=limit.hold,
        connections=connections,
        timings=timings,
    )
    try:
        if question.topic is Topic.ACCOUNT:
            return Answer(question, account=client.get_account())
        if question.topic is Topic.EXTRAS:
            fetching = Fetching(Path(question.path), job, connections, timings)
            return Answer(question, path=str(fetch_later(fetching, client.get_task(question.task_id))))
        if question.topic is Topic.TASK:
            return Answer(question, tasks=(client.find_task(question.task_id),))
        return _unknown_tasks(question, client, store)
    finally:
        client.close()


def _unknown_tasks(question: Question, client: Client, store: Store) -> Answer:
    """The account's tasks of the last 30 days that no generation here has; as far as the lists can be had."""
    running = list_running(client)
    now = client.clock.now() or time.time()
    history = list_history(client, now - HISTORY_S, now + CLOCK_OFF_S)
    known_tasks = store.known_tasks()
    listed, problems = running.tasks + history.tasks, running.problems + history.problems
    if problems and not listed:
        raise problems[0]
    new = [each for each in listed if makes_models(each) and each.task.task_id not in known_tasks]
    once = {each.task.task_id: each.without_pictures() for each in new}
    latest = sorted(once.values(), key=lambda each: each.task.created_at or 0.0, reverse=True)
    problem = f"Not all of the account's tasks could be listed: {problems[0]}" if problems else ""
    return Answer(question, tasks=tuple(latest), problem=problem)


def _used_bytes(folder: Path) -> int:
    """What goes away meanwhile, and what cannot be listed, is not counted."""
    used = 0
    for inside, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                used += Path(inside, name).lstat().st_size
    return used
