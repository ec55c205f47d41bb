# SPDX-License-Identifier: GPL-3.0-or-later
"""A task of this account that was made elsewhere, on PiAPI's site or on another computer, as a generation here."""

from ...piapi.models import IMAGE, MODELS, PROMPT_LIMIT, TEXT, InputUnusable, Model
from ...piapi.task_lists import ListedTask
from ..states import State
from .generation import Generation, new_generation
from .request import GenerationRequest, Placement, short_name


def model_of(listed: ListedTask) -> Model | None:
    """The model that a task is of, with or without its maker's name; None where it makes nothing that can be placed."""
    name = listed.model.rpartition("/")[2].casefold()
    return next((model for known, model in MODELS.items() if known.rpartition("/")[2].casefold() == name), None)


def makes_models(listed: ListedTask) -> bool:
    """True for a task that makes what this add-on can place."""
    return model_of(listed) is not None


def generation_of(listed: ListedTask, placement: Placement, api_url: str, now: float) -> Generation:
    """The generation that a listed task becomes: waiting, so that it is followed and fetched from there.

    It is offered rather than placed when it is here. Raises InputUnusable for a task that makes no 3D model.
    """
    model = model_of(listed)
    if model is None:
        what = f" It is a task of “{listed.model}”." if listed.model else ""
        raise InputUnusable(f"This task makes no 3D model that can be placed.{what}")
    inputs = listed.inputs or {}
    prompt = inputs.get("prompt")
    prompt = " ".join(prompt.split())[:PROMPT_LIMIT] if isinstance(prompt, str) else ""
    is_text = listed.task_type == TEXT or (not listed.task_type and bool(prompt))
    said = [(each, each.taken(inputs.get(each.name))) for each in model.parameters]
    request = GenerationRequest(
        model=model.id,
        task_type=TEXT if is_text else IMAGE,
        prompt=prompt,
        name=short_name(prompt or model.label),
        parameters=tuple((each.name, each.default if value is None else value) for each, value in said),
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
