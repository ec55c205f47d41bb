# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model tells of itself: all that it takes to make it again, wherever its object goes. Nothing secret is in it.

No path either, which would say whose computer it was: a picture is known by its name, its SHA-256 and the place in the
folder of the generations.

A .blend from another computer may hold anything in the place of it, and so may what a service has answered: every
field is bounded and cleaned here, on its way in and out.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from itertools import islice
from typing import cast

from ...piapi.models import IMAGE, PROMPT_LIMIT, SEED_LIMIT, TEXT, VIEWS_LIMIT
from ..files import INPUT_NAME
from .generation import Generation

SEED = "seed"
NAME_LIMIT_BYTES = 60
"""Of a parameter's name; Blender takes 63."""
TEXT_LIMIT = 300
"""Characters of what is no prompt: ids, names, a place in a folder."""
PARAMETERS_LIMIT = 32
FIRST_YEAR, LAST_YEAR = 1970, 2999
"""Windows tells no other times."""
_CONTROL = r"[\x00-\x1f\x7f-\x9f]"


@dataclass(frozen=True, slots=True)
class Made:
    """How a model was made. Times in UTC ("2026-01-31T12:00:00Z"), money in US dollars.

    `parameters` are all that the model was given but for the seed, by PiAPI's names. `charged_usd` is None where the
    service did not say. `picture` is the file's name, "" for a model made from words; `picture_kept` is where the PNG
    that was sent lies in the folder of the generations, of the computer that sent it. `views` counts the pictures of
    the same thing after the first, which lie beside it.
    """

    generation: str
    model: str
    task_type: str
    prompt: str
    seed: int
    parameters: tuple[tuple[str, float], ...]
    task_id: str
    made_at: str
    price_usd: float
    charged_usd: float | None
    addon_version: str
    picture: str = ""
    picture_sha256: str = ""
    picture_kept: str = ""
    views: int = 0
    views_sha256: str = ""

    @property
    def cost_usd(self) -> float:
        """What it was charged, else its price."""
        return self.price_usd if self.charged_usd is None else self.charged_usd

    @property
    def is_from_picture(self) -> bool:
        """False where it was made from words."""
        return self.task_type == IMAGE


def made_by(generation: Generation, addon_version: str) -> Made:
    """What to write on the object of a generation whose model is there."""
    request = generation.request
    at = generation.finished_at or generation.submitted_at or generation.created_at
    return Made(
        generation=generation.id,
        model=request.model,
        task_type=request.task_type,
        prompt=request.prompt,
        seed=request.seed,
        parameters=tuple((name, value) for name, value in request.parameters if name != SEED),
        task_id=generation.task_id,
        made_at=utc_time(at),
        price_usd=request.price_usd,
        charged_usd=generation.charged_usd,
        addon_version=addon_version,
        picture=_file_name(request.picture_path) or (request.name if generation.picture_sha256 else ""),
        picture_sha256=generation.picture_sha256,
        picture_kept=f"{generation.folder_name}/{INPUT_NAME}" if generation.picture_sha256 else "",
        views=len(request.views),
        views_sha256=generation.views_sha256,
    )


def to_group(made: Made) -> dict[str, object]:
    """As names with texts, numbers and one group of numbers, which Blender's custom properties and JSON can hold."""
    found = asdict(_cleaned(made))
    found["parameters"] = dict(found["parameters"])
    if not made.views:
        del found["views"], found["views_sha256"]
    return {name: value for name, value in found.items() if value is not None}


def utc_time(at: float) -> str:
    """ "2026-01-31T12:00:00Z" for Unix seconds, "" for what is no time."""
    try:
        found = datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return found.strftime("%Y-%m-%dT%H:%M:%SZ") if FIRST_YEAR <= found.year <= LAST_YEAR else ""


def from_group(group: Mapping[str, object]) -> Made | None:
    """The inverse of `to_group`; None where it says no model. What is no text or no number where one belongs is left
    out. Looks at no more than it knows the names of, so a group may be as large as it likes.
    """
    parameters = group.get("parameters")
    numbers = cast("Mapping[str, object]", parameters if isinstance(parameters, Mapping) else {})
    names = islice(numbers, PARAMETERS_LIMIT)
    made = Made(
        generation=_text(group, "generation"),
        model=_text(group, "model"),
        task_type=IMAGE if _text(group, "task_type") == IMAGE else TEXT,
        prompt=_text(group, "prompt", PROMPT_LIMIT),
        seed=int(_bounded(group.get(SEED)) or 0),
        parameters=tuple((name, value) for name in names if (value := _bounded(numbers.get(name))) is not None),
        task_id=_text(group, "task_id"),
        made_at=_text(group, "made_at"),
        price_usd=_bounded(group.get("price_usd")) or 0.0,
        charged_usd=_bounded(group.get("charged_usd")),
        addon_version=_text(group, "addon_version"),
        picture=_text(group, "picture"),
        picture_sha256=_text(group, "picture_sha256"),
        picture_kept=_text(group, "picture_kept"),
        views=int(_bounded(group.get("views")) or 0),
        views_sha256=_text(group, "views_sha256"),
    )
    return _cleaned(made) if made.model else None


def _cleaned(made: Made) -> Made:
    """With nothing in it that cannot be written, sent or shown."""
    texts = {each.name: _plain(getattr(made, each.name)) for each in fields(Made) if each.type is str}
    texts |= {"prompt": _plain(made.prompt, PROMPT_LIMIT), "made_at": _time(made.made_at)}
    parameters = [(_name(name), _bounded(value)) for name, value in made.parameters[:PARAMETERS_LIMIT]]
    return replace(
        made,
        **texts,
        views=made.views if 0 <= made.views < VIEWS_LIMIT else 0,
        seed=made.seed if 0 <= made.seed <= SEED_LIMIT else 0,
        parameters=tuple((name, value) for name, value in parameters if value is not None and name not in {SEED, ""}),
        price_usd=_bounded(made.price_usd) or 0.0,
        charged_usd=_bounded(made.charged_usd),
    )


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _text(group: Mapping[str, object], name: str, limit: int = TEXT_LIMIT) -> str:
    value = group.get(name)
    return value[:limit] if isinstance(value, str) else ""


def _plain(text: str, limit: int = TEXT_LIMIT) -> str:
    """Halves of characters cannot be written into a .blend."""
    return re.sub(_CONTROL, " ", text[:limit]).encode("utf-8", "replace").decode()


def _name(text: str) -> str:
    return _plain(text).encode()[:NAME_LIMIT_BYTES].decode(errors="ignore")


def _bounded(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Seeds are the largest numbers there are. NaN is not within these either.
    return value if -SEED_LIMIT <= value <= SEED_LIMIT else None


def _time(text: str) -> str:
    try:
        return utc_time(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError, OSError):
        return ""
