# SPDX-License-Identifier: GPL-3.0-or-later
"""The step that costs money: a queued generation becomes a task, once."""

import base64
import re
from collections.abc import Mapping
from typing import cast

from ...piapi.client import Client as PiapiClient
from ...piapi.errors import InputRefused, RequestRefused, TooManyRequests, Unclear, ViewsRefused
from ...piapi.models import SEGMENT
from ..files import input_name
from ..problems import PictureGone
from ..providers import Client, at_beginning
from ..states import State
from .context import WAITS_FOR_OTHERS, Work
from .poll import apply
from .reconcile import look_for

SUBMIT_TRIES = 5
"""So many 429 in a row are waited for; then the generation fails."""
_ABOUT_PICTURES = re.compile(r"image|picture|file|list|array|string", re.IGNORECASE)
"""In the service's words for what it refuses; a refusal of something else says nothing about several pictures."""


class _TaskOfAnother(Unclear):
    """One whose own answer was lost has found this task and taken it for its own. Either may be without one now."""

    happened = "The task belongs to another generation just like it."


def submit(work: Work, client: Client) -> None:
    """Creates the task. An answer that does not come is looked for among the account's tasks, never repeated."""
    request = work.generation.request
    _wait_for_staged(work)
    config = work.job.service.task_config()
    inputs = _inputs(work, client)
    pictures_as = _pictures_as(inputs)
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
        except (InputRefused, RequestRefused) as error:
            if not request.views or (error.detail and not _ABOUT_PICTURES.search(error.detail)):
                raise
            work.around.refuse_views(work.job.service)
            raise ViewsRefused(error.detail) from None
        except Unclear as error:
            if work.provider.is_free:
                raise
            look_for(work, client, error, pictures_as)
            return
        else:
            if work.adopt(task.task_id):
                apply(work, task)
            else:
                look_for(work, client, _TaskOfAnother(), pictures_as)
            return


def _wait_for_staged(work: Work) -> None:
    """While the service lets one task wait because of the others, another one would only wait there as well."""
    while work.around.staged:
        work.change(stage=WAITS_FOR_OTHERS)
        work.pause(work.around.timings.staged_look_s)


def _inputs(work: Work, client: Client) -> dict[str, object]:
    """PiAPI's `input` for this request, with the images from the generation's folder: one as `image`, as PiAPI's page
    has it, several as `images`."""
    request = work.generation.request
    inputs: dict[str, object] = dict(request.parameters)
    if not request.sends_picture:
        return {"prompt": request.prompt, **inputs}
    contents = work.pictures()
    if not contents:
        raise PictureGone
    images = ["data:image/png;base64," + base64.b64encode(content).decode("ascii") for content in contents]
    if work.job.service.upload_images and isinstance(client, PiapiClient):
        images = [client.upload_image(input_name(number), image) for number, image in enumerate(images, 1)]
    if request.task_type == SEGMENT:
        # The documentation calls all of them required.
        inputs = {"prompt": request.prompt, "negative_prompt": "", **inputs}
    return {"images": images, **inputs} if len(images) > 1 else {"image": images[0], **inputs}


def _pictures_as(inputs: Mapping[str, object]) -> tuple[str, ...]:
    """The texts or addresses that the pictures go out as."""
    images = cast("list[str]", inputs.get("images", []))
    return tuple(images) or tuple(filter(None, [str(inputs.get("image", ""))]))
