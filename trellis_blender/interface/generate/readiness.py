# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel holds, as its buttons see it: is anything missing, and is this one there already?"""

from typing import TYPE_CHECKING

from ...generation.providers import OFFLINE_PREVIEW
from ...piapi.models import TEXT, InputUnusable, Model, has_words
from ..input_image import check, preview
from ..state import configuration, session
from ..state.settings import PARAMETERS, TRELLIS_PG_settings

if TYPE_CHECKING:
    from ...generation.record.generation import Generation
    from ...generation.record.history import Sameness

NO_IMAGE = "Choose an image first."
NO_PROMPT = "Write a prompt first."


class _Memory:
    asked: "tuple[object, ...] | None" = None
    answer: "list[Generation] | None" = None


def why_not(settings: TRELLIS_PG_settings, model: Model) -> str:
    """Why nothing can be made with `model` now, as a sentence; "" where everything is there."""
    return configuration.why_not_ready(model.id) or what_is_missing(settings, model)


def what_is_missing(settings: TRELLIS_PG_settings, model: Model) -> str:
    """What the artist has still to enter, as a sentence; "" where nothing is missing."""
    if settings.source == 'IMAGE':
        if not settings.image:
            return NO_IMAGE
        known = preview.look(settings.image)
        return known.problem or check.problem(known.path, known.changed_ns)
    if model is OFFLINE_PREVIEW:
        return "The offline preview works from a picture. Choose Image."
    if TEXT not in model.task_types:
        return f"{model.label} makes models from images only. Choose Image, or the model TRELLIS."
    return "" if has_words(settings.prompt) else NO_PROMPT


def already_made(settings: TRELLIS_PG_settings, model: Model) -> "list[Generation]":
    """The generations that a press would make once more: there, or on their way. Empty unless the seed is fixed, and
    for a model that takes none.

    Cheap enough for a draw function: searched again only when settings or generations have changed.
    """
    if settings.seed == 0 or not model.takes_seed or (wanted := _sameness(settings, model)) is None:
        return []
    found = session.current()
    asked = (wanted, settings.seed, settings.variations, found, found.revision)
    if asked != _Memory.asked:
        from ...generation.record import history
        from ...generation.record.variations import seeds

        _Memory.asked = asked
        _Memory.answer = history.already_made(
            found.generations.values(), wanted, seeds(settings.seed, settings.variations)
        )
    return _Memory.answer or []


def _sameness(settings: TRELLIS_PG_settings, model: Model) -> "Sameness | None":
    from ...generation.record.history import sameness

    path, changed_ns = "", 0
    if settings.source == 'IMAGE':
        known = preview.look(settings.image)
        path, changed_ns = known.path, known.changed_ns
        if not changed_ns:
            return None
    try:
        return sameness(
            model, settings.prompt, path, changed_ns, {name: getattr(settings, name) for name in PARAMETERS}
        )
    except InputUnusable:
        return None
