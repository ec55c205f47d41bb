# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for pictures: concept images from words, and a picture without its background."""

from ...imaging.picture import Picture
from ...piapi.models import check_prompt
from ...piapi.picture_models import (
    BACKGROUND,
    CONCEPT_SIDE_PX,
    CONCEPTS,
    CONCEPTS_AT_ONCE,
    FLUX,
    PRICE_KNOWN_LATER,
    TOOLKIT,
)
from .request import GenerationRequest, Placement, short_name


def concepts_request(prompt: str, wording: str, placement: Placement) -> GenerationRequest:
    """Concept images for a `prompt`, with the `wording` behind it; the prompt is the name.

    Raises InputUnusable with a sentence for the artist.
    """
    prompt = check_prompt(prompt)
    return GenerationRequest(
        model=FLUX,
        task_type=CONCEPTS,
        prompt=check_prompt(", ".join(filter(None, (prompt.rstrip(" .,"), wording.strip())))),
        name=short_name(prompt),
        parameters=(("width", CONCEPT_SIDE_PX), ("height", CONCEPT_SIDE_PX), ("batch_size", CONCEPTS_AT_ONCE)),
        price_usd=PRICE_KNOWN_LATER,
        placement=placement,
    )


def background_request(
    picture: Picture, name: str, path: str, changed_ns: int, placement: Placement
) -> GenerationRequest:
    """A picture without its background. `path` is its file, and `changed_ns` when that was last changed."""
    return GenerationRequest(
        model=TOOLKIT,
        task_type=BACKGROUND,
        prompt="",
        name=short_name(name),
        parameters=(),
        price_usd=PRICE_KNOWN_LATER,
        placement=placement,
        picture=picture,
        picture_path=path,
        picture_changed_ns=changed_ns,
    )
