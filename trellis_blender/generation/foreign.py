# SPDX-License-Identifier: GPL-3.0-or-later
"""A task of this account that was made elsewhere, on PiAPI's site or on another computer, as a generation here."""

from ..piapi.models import IMAGE, MODELS, OFFLINE_PREVIEW, TEXT, InputUnusable
from ..piapi.tasks import ListedTask
from .record import Generation, new_generation
from .request import GenerationRequest, Placement, short_name
from .states import State


def makes_models(listed: ListedTask) -> bool:
    """True for a task that makes what this add-on can place."""
    return listed.model in MODELS and listed.model != OFFLINE_PREVIEW.id


def generation_of(listed: ListedTask, placement: Placement, api_url: str, now: float) -> Generation:
    """The generation that a listed task becomes: waiting, so that it is followed and fetched from there.

    It is offered rather than placed when it is here. Raises InputUnusable for a task that makes no 3D model.
    """
    if not makes_models(listed):
        what = f" It is a task of “{listed.model}”." if listed.model else ""
        raise InputUnusable(f"This task makes no 3D model that can be placed.{what}")
    model = MODELS[listed.model]
    inputs = listed.inputs or {}
    prompt = inputs.get("prompt")
    prompt = " ".join(prompt.split()) if isinstance(prompt, str) else ""
    is_text = listed.task_type == TEXT or (not listed.task_type and bool(prompt))
    numbers = tuple((each.name, _number(inputs.get(each.name), each.default)) for each in model.parameters)
    request = GenerationRequest(
        model=model.id,
        task_type=TEXT if is_text else IMAGE,
        prompt=prompt,
        name=short_name(prompt or model.label),
        parameters=numbers,
        price_usd=model.price_usd,
        placement=placement,
    )
    generation = new_generation(request, api_url, listed.task.created_at or now)
    return Generation(
        id=generation.id,
        request=request,
        state=State.WAITING,
        created_at=generation.created_at,
        api_url=api_url,
        task_id=listed.task.task_id,
        charged_usd=listed.task.charged_usd,
        wanted=False,
        fetched=True,
    )


def _number(value: object, default: float) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default
