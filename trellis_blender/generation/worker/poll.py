# SPDX-License-Identifier: GPL-3.0-or-later
"""Polls a task until it is done."""

import logging
from dataclasses import replace
from typing import Any

from ...gltf.errors import ModelUnusable
from ...piapi.account import Plan, plan_of
from ...piapi.answers import Status, Task
from ...piapi.errors import (
    ConnectionCut,
    KeyRefused,
    NoAnswerInTime,
    NotSent,
    NotThere,
    PiapiError,
    TooManyRequests,
    Unclear,
)
from ...piapi.models import SEGMENT
from ..providers import Client, at_beginning
from ..record.picture_request import found_nothing
from ..record.progress import read_log, share_of_time
from ..states import State
from .backoff import Backoff
from .context import WAITS_FOR_OTHERS, Work

LOG = logging.getLogger(__name__)

AT_WORK = frozenset({State.WAITING, State.RUNNING})

BEGUN = frozenset({State.RUNNING, State.DOWNLOADING})
"""Too late to be cancelled: it is paid."""
NOT_HEARD = (NotSent, ConnectionCut, NoAnswerInTime, TooManyRequests, KeyRefused)
"""A cancel that the service has not decided about. Any other answer is its refusal, in whatever words."""
PLAN_LIMIT_S = 10.0
"""Longer no submission waits for what the account allows."""
NOTHING_KNOWN = Plan(None, None)
MISSES_TOLERATED = 5
"""404 in a row: a task that was just made may not be known everywhere yet."""
TRY_ONE_PICTURE = "PiAPI does not promise that it takes several pictures: try it with one."
EMPTY_ANSWERS_TOLERATED = 3
"""Polls that say "completed" and name no model, before that is taken at its word."""
UNKNOWN_TASK = (
    "{Name} does not know this task (404). If it was submitted with another account's key, use that key and Resume."
)


def follow(work: Work, client: Client) -> None:
    """Polls until the generation is downloading or rests."""
    request = work.generation.request
    work.change(expected_s=work.around.store.usual_duration_s(request.model, work.generation.api_url))
    backoff = Backoff(work)
    misses = empty = 0
    remark = ""
    # One that was resumed may be done already: it is polled at once.
    if work.generation.submitted_at:
        work.rest_between_polls()
    while work.generation.state in AT_WORK:
        if work.is_cancelled and work.generation.wanted:
            remark = _ask_to_cancel(work, client)
        try:
            task = client.get_task(work.generation.task_id)
        except NotThere:
            misses += 1
            if misses >= MISSES_TOLERATED:
                work.rest(work.generation.state, f"{work.wording.fill(UNKNOWN_TASK)} {work.charged()}", parked=True)
                return
        except (NotSent, Unclear, TooManyRequests) as error:
            backoff.wait(error)
            continue
        else:
            backoff.over()
            misses = 0
            if task.status is Status.COMPLETED and not work.result_url(task):
                empty += 1
                if empty >= EMPTY_ANSWERS_TOLERATED and request.task_type == SEGMENT:
                    work.rest(State.FAILED, found_nothing(work.generation))
                elif empty >= EMPTY_ANSWERS_TOLERATED:
                    raise ModelUnusable(f"the task is completed, but names no {_what(work)}")
            else:
                apply(work, task, remark)
        if work.generation.state in AT_WORK:
            work.rest_between_polls()


def apply(work: Work, task: Task, remark: str = "") -> None:
    """Takes over what the service says about the task; while that goes on, its row says the `remark`."""
    if task.charged_usd is not None and task.charged_usd != work.generation.charged_usd:
        work.save(charged_usd=task.charged_usd)
    if work.generation.request.views and task.pictures_named not in {0, work.generation.views_taken}:
        work.save(views_taken=task.pictures_named)
    if task.status is Status.STAGED:
        work.around.staged.add(work.generation.id)
    else:
        work.around.staged.discard(work.generation.id)
    if task.status is Status.COMPLETED and (url := work.result_url(task)):
        # How far the task had got says nothing about the download; its log may still name the seed.
        learned = _read_progress(work, task) | {"stage": "", "progress": None}
        work.learn_extras(task)
        work.save(
            state=State.DOWNLOADING,
            model_url=url,
            finished_at=work.around.now(),
            problem="",
            **learned,
        )
    elif task.status is Status.FAILED:
        name = at_beginning(work.provider.name)
        said = f": “{' '.join(task.error_message.split())[:300].rstrip('.')}”" if task.error_message else ""
        what = "this picture" if work.generation.request.makes_pictures else "this model"
        advice = TRY_ONE_PICTURE if work.generation.request.views else "Change it and try again."
        work.rest(State.FAILED, f"{name} could not make {what}{said}. {work.charged()} {advice}")
    elif task.status is Status.CANCELLED:
        work.rest(State.CANCELLED, f"Cancelled at {work.provider.name}. {work.charged()}")
    elif task.status is Status.PROCESSING:
        work.advance(State.RUNNING, remark, **_read_progress(work, task))
    elif task.status is Status.STAGED:
        work.advance(State.WAITING, remark, stage=WAITS_FOR_OTHERS, progress=None)
    else:
        work.advance(State.WAITING, remark, stage=f"Waiting for {work.provider.name}", progress=None)
    if work.is_cancelled and work.generation.wanted and work.generation.state in BEGUN:
        work.save(wanted=False)


def _what(work: Work) -> str:
    return "picture" if work.generation.request.makes_pictures else "model file"


def learn_plan(work: Work, client: Client) -> None:
    """Asks once what the account allows, before anything is submitted; where that cannot be had, the free plan's limit
    on requests stays."""
    if not work.around.limit.wants_plan():
        return
    plan = None
    try:
        with work.connections.within(PLAN_LIMIT_S):
            plan = plan_of(client.get_account())
    except PiapiError as error:
        LOG.debug("the account's plan: %s", error)
    finally:
        if plan is None:
            work.around.limit.plan_is_unknown()
        work.around.adopt_plan(plan or NOTHING_KNOWN)


def _ask_to_cancel(work: Work, client: Client) -> str:
    """What became of it, "" where the service has agreed. It is asked again, by the next Blender too, only where the
    service has not decided: PiAPI promises cancelling for no 3D model, and a refusal has no form that is known."""
    if not work.generation.cancel_asked:
        work.save(cancel_asked=True)
    if not work.provider.can_cancel:
        remark = _cannot_cancel(work)
        work.change(problem=remark)
        return remark
    try:
        client.cancel_task(work.generation.task_id)
    except NOT_HEARD as error:
        remark = f"Not cancelled yet. {error.sentence(work.wording)}"
    except PiapiError as error:
        LOG.debug("a cancel was refused: %s", error)
        remark = _cannot_cancel(work)
    else:
        remark = ""
        work.save(wanted=False)
    work.change(problem=remark)
    return remark


def _cannot_cancel(work: Work) -> str:
    work.save(wanted=False)
    is_paid = "" if work.provider.is_free else ", is paid,"
    return f"{at_beginning(work.provider.name)} cannot cancel this; it goes on{is_paid} and is kept."


def _read_progress(work: Work, task: Task) -> dict[str, Any]:
    found = read_log(task.log_lines)
    if found is None:
        elapsed_s = work.around.now() - work.generation.submitted_at
        expected_s = work.generation.expected_s if work.generation.submitted_at else None
        return {"stage": "", "progress": share_of_time(elapsed_s, expected_s)}
    changes: dict[str, Any] = {"stage": found.stage, "progress": found.share}
    if found.seed is not None:
        request = work.generation.request
        numbers = {**dict(request.parameters), "seed": found.seed}
        changes["request"] = replace(request, parameters=tuple(numbers.items()))
    return changes
