# SPDX-License-Identifier: GPL-3.0-or-later
"""Who made it: the same sentences serve PiAPI and the offline preview."""

import re

from ...piapi.errors import NotSent, NotStarted, PiapiError, Unclear
from ...piapi.models import OFFLINE_PREVIEW
from ...piapi.picture_models import LABELS

_BEGINNING = re.compile(r"(^|[.!?:] )PiAPI\b")


def in_the_name_of(model_id: str, sentence: str) -> str:
    """A sentence about PiAPI's models, said of whoever runs the model, and of pictures where it makes those."""
    if model_id in LABELS:
        return sentence.replace("finished model", "finished picture")
    if model_id != OFFLINE_PREVIEW.id:
        return sentence
    return _BEGINNING.sub(r"\1The offline preview", sentence).replace("PiAPI", "the offline preview")


def explain(model_id: str, error: PiapiError) -> str:
    """The sentence for an error. The offline preview has no network to be checked."""
    is_away = isinstance(error, (NotSent, Unclear)) and not isinstance(error, NotStarted)
    if model_id == OFFLINE_PREVIEW.id and is_away:
        return "The offline preview has stopped working; the next try starts it anew."
    return str(error)
