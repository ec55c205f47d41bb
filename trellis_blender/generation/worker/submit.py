# SPDX-License-Identifier: GPL-3.0-or-later
"""The step that costs money: a queued generation becomes a task, once."""

import base64

from ...piapi.client import Client as PiapiClient
from ...piapi.errors import TooManyRequests, Unclear
from ..files import INPUT_NAME
from ..problems import PictureGone
from ..providers import Client, at_beginning
from ..states import State
from .context import WAITS_FOR_OTHERS, Work
from .poll import apply
from .reconcile import look_for

SUBMIT_TRIES = 5
"""So many 429 in a row are waited for; then the generation fails."""


class _TaskOfAnother(Unclear):
    """One whose own answer was lost has found this task and taken it for its own. Either may be without one now."""

    happened = "The task belongs to another generation just like it."


def submit(work: Work, client: Client) -> None:
    """Creates the task. An answer that does not come is looked for among the account's tasks, never repeated."""
    request = work.generation.request
    _wait_for_staged(work)
    config = work.job.service.task_config()
    inputs = _inputs(work, client)
    picture_as = str(inputs.get("image", ""))
    name = at_beginning(work.provider.name)
    work.is_submitting = True
    for attempt in range(SUBMIT_TRIES):
        try:
            task = client.create_task(request.model, request.task_type, inputs, config)
        except TooManyRequests as error:
            if attempt == SUBMIT_TRIES - 1:
                raise
            wait_s = error.retry_after_s
            if wait_s is None:
                wait_s = work.around.timings.busy_delay_s * 2**attempt
            work.save(state=State.QUEUED, problem=f"{name} takes no more tasks for now; tried again in {wait_s:.0f} s.")
            work.around.limit.hold(wait_s)
            work.pause(wait_s)
        except Unclear as error:
            if work.provider.is_free:
                raise
            look_for(work, client, error, picture_as)
            return
        else:
            if work.adopt(task.task_id):
                apply(work, task)
            else:
                look_for(work, client, _TaskOfAnother(), picture_as)
            return


def _wait_for_staged(work: Work) -> None:
    """While the service lets one task wait because of the others, another one would only wait there as well."""
    while work.around.staged:
        work.change(stage=WAITS_FOR_OTHERS)
        work.pause(work.around.timings.staged_look_s)


def _inputs(work: Work, client: Client) -> dict[str, object]:
    """PiAPI's `input` for this request, with the image from the generation's folder."""
    request = work.generation.request
    inputs: dict[str, object] = dict(request.parameters)
    if not request.sends_picture:
        return {"prompt": request.prompt, **inputs}
    content = work.picture()
    if not content:
        raise PictureGone
    image = "data:image/png;base64," + base64.b64encode(content).decode("ascii")
    if work.job.service.upload_images and isinstance(client, PiapiClient):
        image = client.upload_image(INPUT_NAME, image)
    return {"image": image, **inputs}
