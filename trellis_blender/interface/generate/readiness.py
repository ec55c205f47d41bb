# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel holds, as its buttons see it: is anything missing, and is this one there already?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...generation.lookups.questions import Topic
from ...generation.providers import OFFLINE_PREVIEW
from ...generation.record.costs import dollars
from ...piapi.models import TEXT, InputUnusable, Model
from ..input_image import check, preview
from ..state import configuration, session
from ..state.parameters import PARAMETERS
from ..state.settings import TRELLIS_PG_settings, pictures_of
from . import submission

if TYPE_CHECKING:
    from ...generation.record.generation import Generation
    from ...generation.record.history import Sameness

HALF_A_CENT_USD = 0.005
NO_IMAGE = "Choose an image first."
NO_PROMPT = "Write a prompt first."


def why_not(settings: TRELLIS_PG_settings, model: Model) -> str:
    """Why nothing can be made with `model` now, as a sentence; "" where everything is there."""
    return configuration.why_not_ready(model.id) or what_is_missing(settings, model)


def what_is_missing(settings: TRELLIS_PG_settings, model: Model) -> str:
    """What the artist has still to enter, as a sentence; "" where nothing is missing."""
    from ...piapi.input_checks import has_words

    if settings.source == 'IMAGE':
        images = pictures_of(settings)
        if not images:
            return NO_IMAGE
        if len(images) > 1:
            return _what_is_wrong_with(images, model)
        known = preview.look(images[0])
        return known.problem or check.problem(known.path, known.changed_ns)
    if model is OFFLINE_PREVIEW:
        return "The offline preview works from a picture. Choose Image."
    if TEXT not in model.task_types:
        return f"{model.label} makes models from images only. Choose Image, or the model TRELLIS."
    return "" if has_words(settings.prompt) else NO_PROMPT


def _what_is_wrong_with(images: Sequence[str], model: Model) -> str:
    from ...piapi.input_checks import check_pictures

    try:
        check_pictures(model, len(images))
    except InputUnusable as reason:
        return str(reason)
    for image in images:
        known = preview.look(image)
        if reason := known.problem or check.problem(known.path, known.changed_ns):
            return reason
    return submission.VIEWS_REFUSED if session.current().is_refused_views(model.id) else ""


def what_is_short(cost_usd: float) -> str:
    """A sentence where the balance does not cover so much, as far as it is known; else "". Only PiAPI decides."""
    found = session.current()
    answer = found.answers.get(Topic.ACCOUNT)
    balance = answer.account.balance_usd if answer is not None and answer.account is not None else None
    if balance is None or not cost_usd:
        return ""
    left = balance - _price_since_usd(found.answered_at[Topic.ACCOUNT])
    if cost_usd <= left + HALF_A_CENT_USD:
        return ""
    return f"Your balance, {dollars(max(left, 0.0))} as far as is known, does not cover this."


_price_since_usd = session.per_revision(session.Session.price_since_usd)


def already_made(settings: TRELLIS_PG_settings, model: Model) -> "list[Generation]":
    """The generations that a press would make once more: there, or on their way. Empty unless the seed is fixed, and
    for a model that takes none.

    Cheap enough for a draw function: searched again only when settings or generations have changed.
    """
    if settings.seed == 0 or not model.takes_seed or (wanted := _sameness(settings, model)) is None:
        return []
    return _already_made(wanted, settings.seed, settings.variations)


@session.per_revision
def _already_made(found: session.Session, wanted: "Sameness", seed: int, count: int) -> "list[Generation]":
    from ...generation.record import history
    from ...generation.record.variations import seeds

    return history.already_made(found.generations.values(), wanted, seeds(seed, count)) or []


def _sameness(settings: TRELLIS_PG_settings, model: Model) -> "Sameness | None":
    from ...generation.record.history import sameness

    path, changed_ns = "", 0
    views: list[tuple[str, int]] = []
    if settings.source == 'IMAGE':
        views = [(known.path, known.changed_ns) for known in map(preview.look, pictures_of(settings))]
        if not views or not all(at_ns for _, at_ns in views):
            return None
        path, changed_ns = views.pop(0)
    try:
        return sameness(
            model,
            settings.prompt,
            path,
            changed_ns,
            {name: getattr(settings, name) for name in PARAMETERS},
            views=views,
        )
    except InputUnusable:
        return None
