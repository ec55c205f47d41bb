# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model tells of itself: all that it takes to make it again, wherever its object goes. Nothing secret is in it.

No path either, which would say whose computer it was: a picture is known by its name, its SHA-256 and the place in the
folder of the generations.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import cast

from ..piapi.models import IMAGE, SEED_LIMIT, TEXT
from .files import INPUT_NAME
from .record import Generation

SEED = "seed"


@dataclass(frozen=True, slots=True)
class Made:
    """How a model was made. Times in UTC ("2026-01-31T12:00:00Z"), money in US dollars.

    `parameters` are all that the model was given but for the seed, by PiAPI's names. `charged_usd` is None where the
    service did not say. `picture` is the file's name, "" for a model made from words; `picture_kept` is where the PNG
    that was sent lies in the folder of the generations, of the computer that sent it.
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
        made_at=datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        price_usd=request.price_usd,
        charged_usd=generation.charged_usd,
        addon_version=addon_version,
        picture=_file_name(request.picture_path) or (request.name if generation.picture_sha256 else ""),
        picture_sha256=generation.picture_sha256,
        picture_kept=f"{generation.folder_name}/{INPUT_NAME}" if generation.picture_sha256 else "",
    )


def to_group(made: Made) -> dict[str, object]:
    """As names with texts, numbers and one group of numbers, which Blender's custom properties and JSON can hold."""
    fields = asdict(made)
    fields["seed"] = min(made.seed, SEED_LIMIT)  # a larger one, of a task made elsewhere, is too long for Blender
    fields["parameters"] = dict(made.parameters)
    return {name: value for name, value in fields.items() if value is not None}


def from_group(group: Mapping[str, object]) -> Made | None:
    """The inverse of `to_group`; None where it says no model. A file may hold anything: what is no text or no number
    where one belongs is left out.
    """
    model = _text(group, "model")
    if not model:
        return None
    parameters = group.get("parameters")
    numbers = cast("Mapping[str, object]", parameters if isinstance(parameters, Mapping) else {})
    checked = {name: _number(numbers, name) for name in numbers}
    seed = _number(group, SEED) or 0
    return Made(
        generation=_text(group, "generation"),
        model=model,
        task_type=IMAGE if _text(group, "task_type") == IMAGE else TEXT,
        prompt=_text(group, "prompt"),
        seed=int(seed) if 0 <= seed <= SEED_LIMIT else 0,
        parameters=tuple((name, value) for name, value in checked.items() if value is not None and name != SEED),
        task_id=_text(group, "task_id"),
        made_at=_text(group, "made_at"),
        price_usd=_number(group, "price_usd") or 0.0,
        charged_usd=_number(group, "charged_usd"),
        addon_version=_text(group, "addon_version"),
        picture=_text(group, "picture"),
        picture_sha256=_text(group, "picture_sha256"),
        picture_kept=_text(group, "picture_kept"),
    )


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _text(group: Mapping[str, object], name: str) -> str:
    value = group.get(name)
    return value if isinstance(value, str) else ""


def _number(group: Mapping[str, object], name: str) -> float | None:
    value = group.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if isfinite(value) else None
