# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for pictures: concept images from words, and what PiAPI's tools make of a picture."""

from math import ceil
from typing import TYPE_CHECKING

from ...imaging.picture import Picture
from ...piapi.input_checks import check_prompt, has_words
from ...piapi.models import (
    BACKGROUND,
    BACKGROUND_PRICE_USD,
    CONCEPT_MODELS,
    CONCEPT_SIDE_PX,
    CONCEPTS,
    CONCEPTS_AT_ONCE,
    FLUX,
    SEGMENT,
    SEGMENT_USD_PER_MEGAPIXEL,
    TOOLKIT,
    UPSCALE,
    UPSCALE_USD_PER_MEGAPIXEL,
    InputUnusable,
)
from .costs import charged
from .request import GenerationRequest, Placement, short_name

if TYPE_CHECKING:
    from .generation import Generation

UPSCALE_BY = 2
LARGE_PX = 1024
"""On a side: larger pictures are reduced before they are sent."""
THING_LIMIT = 100
"""Characters."""
_PARAMETERS = {UPSCALE: (("scale", UPSCALE_BY),), SEGMENT: (("segment_factor", 0),)}


def concepts_request(prompt: str, wording: str, placement: Placement, model: str = FLUX) -> GenerationRequest:
    """Concept images for a `prompt`, with the `wording` behind it; the prompt is the name. `model` draws them.

    Raises InputUnusable with a sentence for the artist.
    """
    prompt = check_prompt(prompt)
    return GenerationRequest(
        model=model,
        task_type=CONCEPTS,
        prompt=check_prompt(", ".join(filter(None, (prompt.rstrip(" .,"), wording.strip())))),
        name=short_name(prompt),
        parameters=(("width", CONCEPT_SIDE_PX), ("height", CONCEPT_SIDE_PX), ("batch_size", CONCEPTS_AT_ONCE)),
        price_usd=CONCEPTS_AT_ONCE * CONCEPT_MODELS[model].price_usd,
        placement=placement,
    )


def tool_request(
    task_type: str, picture: Picture, name: str, file: tuple[str, int], placement: Placement, *, what: str = ""
) -> GenerationRequest:
    """What one of PiAPI's tools is to make of a picture, `what` to keep of it for SEGMENT. `file` is the path and when
    it was last changed, in ns.

    Raises InputUnusable with a sentence for the artist.
    """
    if task_type == UPSCALE and max(picture.width, picture.height) >= LARGE_PX:
        raise InputUnusable(
            f"The picture is large already: {picture.width} × {picture.height} pixels; at most {LARGE_PX} on a side "
            "are sent for a model. Nothing was sent."
        )
    return GenerationRequest(
        model=TOOLKIT,
        task_type=task_type,
        prompt=_checked_thing(what) if task_type == SEGMENT else "",
        name=short_name(name),
        parameters=_PARAMETERS.get(task_type, ()),
        price_usd=tool_price_usd(task_type, picture.width, picture.height),
        placement=placement,
        picture=picture,
        picture_path=file[0],
        picture_changed_ns=file[1],
    )


def tool_price_usd(task_type: str, width: int, height: int) -> float:
    """What a tool costs for a picture of that size, rounded up to a hundredth of a cent."""
    if task_type == BACKGROUND:
        return BACKGROUND_PRICE_USD
    if task_type == UPSCALE:
        usd = UPSCALE_USD_PER_MEGAPIXEL * max(UPSCALE_BY**2 * width * height / 1e6, 1.0)
    else:
        usd = SEGMENT_USD_PER_MEGAPIXEL * max(width * height / 1e6, 1.0)
    return ceil(round(usd * 1e4, 6)) / 1e4


def found_nothing(generation: "Generation") -> str:
    """That PiAPI has found no such thing, and what that has cost."""
    return (
        f"PiAPI found no “{generation.request.prompt}” in the picture. {charged(generation)} Name it with another "
        "word, or keep the picture as it is."
    )


def _checked_thing(what: str) -> str:
    what = " ".join(what.split())
    if not has_words(what):
        raise InputUnusable("What to keep is missing. Name the thing in a word or two; nothing was sent.")
    if len(what) > THING_LIMIT:
        raise InputUnusable(
            f"What to keep has {len(what):,} characters; at most {THING_LIMIT} are sent. Name the thing in a word or "
            "two; nothing was sent."
        )
    return what.encode("utf-8", "replace").decode()
