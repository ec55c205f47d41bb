# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist asked for, frozen at the press on Generate."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from ...imaging.picture import Picture
from ...piapi.models import (
    IMAGE,
    SEED_LIMIT,
    TEXT,
    check_parameters,
    check_prompt,
    check_task_type,
    has_words,
)
from ...piapi.picture_models import BACKGROUND, PICTURE_TASKS
from ..providers import find_model

NAME_READ = 1000
"""Characters of a text that are looked at for a name."""
NAME_LIMIT_BYTES = 60
"""Blender before 5.0 takes 63 bytes for a name and needs three or four for ".001"."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the model goes, as it was at the press.

    `collection` "" stands for the scene's own collection. `location` is in world space, in Blender's units.
    `longest_side_m` 0 keeps the size as delivered. `blend_file` is the file's path ("" while unsaved), `blend_load`
    counts the files opened in this Blender, so that a model does not turn up in another .blend. The `_uid` are
    Blender's `session_uid`. With `has_placeholder` something stands there that the artist may move: then that is where
    it goes. With `stretch` it fills a box along all three axes, else it keeps its proportions. `finish` names the
    preset that it is finished with when it arrives.
    """

    scene: str
    collection: str
    location: tuple[float, float, float]
    longest_side_m: float
    scene_uid: int = 0
    collection_uid: int = 0
    blend_file: str = ""
    blend_load: str = ""
    has_placeholder: bool = False
    finish: str = "SCENE"
    stretch: bool = False


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """All that a generation needs. `parameters` have PiAPI's names; `seed`, where the model takes one, is never 0.
    `price_usd` is PRICE_KNOWN_LATER where PiAPI names none beforehand.

    `picture_path` is the image file, "" where there was none, and `picture_changed_ns` when it was last changed then:
    by these two the same picture is known again without reading it. `press` is what the variations of one press have in
    common, "" where there is but one.
    """

    model: str
    task_type: str
    prompt: str
    name: str
    parameters: tuple[tuple[str, float], ...]
    price_usd: float
    placement: Placement
    picture: Picture | None = None
    picture_path: str = ""
    picture_changed_ns: int = 0
    press: str = ""

    @property
    def seed(self) -> int:
        """What the result can be made again with; 0 for a request that takes none."""
        return int(dict(self.parameters).get("seed", 0))

    @property
    def makes_pictures(self) -> bool:
        """True where the result is no model."""
        return self.task_type in PICTURE_TASKS

    @property
    def sends_picture(self) -> bool:
        """True where a picture goes along, and no prompt."""
        return self.task_type in {IMAGE, BACKGROUND}


def compose_request(
    *,
    model: str,
    prompt: str,
    picture: Picture | None,
    picture_name: str,
    parameters: Mapping[str, float],
    placement: Placement,
    picture_path: str = "",
    picture_changed_ns: int = 0,
    chance: random.Random | None = None,
) -> GenerationRequest:
    """A request from what was entered: from the `picture` where there is one, else from text; the prompt is the name.

    Draws the seed where none (or 0) was set: the service takes 0 for "random" and the result could not be made again.
    Raises InputUnusable with a sentence for the artist.
    """
    found = find_model(model)
    task_type = TEXT if picture is None else IMAGE
    check_task_type(found, task_type)
    prompt = check_prompt(prompt) if has_words(prompt) or picture is None else ""
    numbers = check_parameters(found, dict(parameters))
    if found.takes_seed:
        numbers["seed"] = numbers["seed"] or draw_seed(chance)
    return GenerationRequest(
        model=found.id,
        task_type=task_type,
        prompt=prompt,
        name=short_name(prompt or picture_name),
        parameters=tuple(numbers.items()),
        price_usd=found.price_usd,
        placement=placement,
        picture=picture,
        picture_path=picture_path,
        picture_changed_ns=picture_changed_ns,
    )


def draw_seed(chance: random.Random | None = None) -> int:
    """A seed by chance, never 0."""
    return (chance or random.SystemRandom()).randint(1, SEED_LIMIT)


def short_name(text: str) -> str:
    """`text` on one line, cut at a word where that is possible, to what a Blender name holds. "Model" for one of which
    nothing would be seen.
    """
    if not has_words(text):
        return "Model"
    line = " ".join(text[:NAME_READ].split())
    encoded = line.encode("utf-8", "replace")
    line = encoded.decode()
    if len(encoded) > NAME_LIMIT_BYTES:
        cut = encoded[:NAME_LIMIT_BYTES].decode("utf-8", "ignore")
        line = cut.rsplit(" ", 1)[0] if " " in cut[NAME_LIMIT_BYTES // 2 :] else cut
    return line.rstrip(" ,.;:") or "Model"
