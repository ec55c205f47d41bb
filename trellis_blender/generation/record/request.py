# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist asked for, frozen at the press on Generate."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...imaging.picture import Picture
from ...piapi.input_checks import check_parameters, check_pictures, check_prompt, check_task_type, has_words
from ...piapi.models import FROM_PICTURES, IMAGE, PICTURE_TASKS, SEED_LIMIT, TEXT, InputUnusable
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
class View:
    """One more picture of the same thing: its file, "" where there was none, and when that was last changed then.

    `picture` are its pixels, until they are in the generation's folder.
    """

    path: str = ""
    changed_ns: int = 0
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """All that a generation needs. `parameters` have PiAPI's names; `seed`, where the model takes one, is never 0.
    `price_usd` is PRICE_KNOWN_LATER where PiAPI names none beforehand.

    `picture_path` is the image file, "" where there was none, and `picture_changed_ns` when it was last changed then:
    by these two the same picture is known again without reading it. `press` is what the variations of one press have in
    common, "" where there is but one, and `variation` which of them it is, from 1, 0 where there is but one. `views`
    are the pictures of the same thing after the first.
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
    variation: int = 0
    views: tuple[View, ...] = ()

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
        """True where a picture goes along, and no prompt but the name of what to keep of it."""
        return self.task_type == IMAGE or self.task_type in FROM_PICTURES


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
    views: Sequence[View] = (),
    chance: random.Random | None = None,
) -> GenerationRequest:
    """A request from what was entered: from the `picture` where there is one, else from text; the prompt is the name.
    `views` are more pictures of the same thing.

    Draws the seed where none (or 0) was set: the service takes 0 for "random" and the result could not be made again.
    Raises InputUnusable with a sentence for the artist.
    """
    found = find_model(model)
    task_type = TEXT if picture is None else IMAGE
    check_task_type(found, task_type)
    check_pictures(found, 1 + len(views))
    _check_different(picture, picture_path, views)
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
        views=tuple(views),
    )


def draw_seed(chance: random.Random | None = None) -> int:
    """A seed by chance, never 0."""
    return (chance or random.SystemRandom()).randint(1, SEED_LIMIT)


def _check_different(picture: Picture | None, path: str, views: Sequence[View]) -> None:
    """Raises InputUnusable where a picture is there twice: it tells nothing new."""
    known: dict[Picture | None, tuple[int, str]] = {picture: (1, path)}
    for number, view in enumerate(views, 2):
        if view.picture in known:
            other, its_path = known[view.picture]
            raise InputUnusable(
                f"The pictures {other} and {number} are the same{_named(its_path, view.path)}. Remove one of them."
            )
        known[view.picture] = number, view.path


def _named(one: str, other: str) -> str:
    names = dict.fromkeys(path.replace("\\", "/").rpartition("/")[2] for path in (one, other) if path)
    return f" ({', '.join(f'“{name}”' for name in names)})" if names else ""


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
