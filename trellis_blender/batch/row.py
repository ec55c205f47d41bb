# SPDX-License-Identifier: GPL-3.0-or-later
"""A row of the table as what is to be made: checked, priced, and known again by what is in it."""

import hashlib
import json
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..generation.file_names import file_stem, writable
from ..generation.providers import find_model
from ..generation.record.request import short_name
from ..generation.record.variations import check_count
from ..piapi.input_checks import check_parameters, check_pictures, check_prompt, check_task_type, has_words
from ..piapi.models import IMAGE, TEXT, InputUnusable
from ..scene.finish.options import Preset
from ..scene.images.limits import PictureUnusable, check_file
from .table import TableRow

KEY_CHARACTERS = 24
SIZE_MAX_M = 10_000.0
IMAGE_MAX_BYTES = 512 * 2**20
TAGS_MAX = 50
SEPARATORS = ";|"
NUMBERS = ("seed", "ss_sampling_steps", "slat_sampling_steps", "ss_guidance_strength", "slat_guidance_strength")
KNOWN = frozenset(
    {"name", "prompt", "image", "images", "model", "variations", "size_m", "finish", "tags", "catalog", *NUMBERS}
)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What counts for a row that says nothing of it. `folder` is the one that paths are relative to.

    `text_model` is for rows with a prompt alone where `model` takes pictures only.
    """

    folder: Path
    model: str = ""
    finish: str = Preset.SCENE.value
    size_m: float = 1.0
    text_model: str = "Qubico/trellis"


@dataclass(frozen=True, slots=True)
class Row:
    """A row. `problem` is a sentence where it cannot be made, `note` one about what is done differently than it says.

    `key` is of what is paid for: rows with the same one are the same models. `digests` are of its pictures. `look` is
    of what is done with the models afterwards, which is done again at no cost. `stem` is what its files are called.
    """

    number: int
    name: str = ""
    prompt: str = ""
    images: tuple[Path, ...] = ()
    digests: tuple[str, ...] = ()
    model: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])
    variations: int = 1
    size_m: float = 1.0
    finish: str = Preset.SCENE.value
    tags: tuple[str, ...] = ()
    catalog: str = ""
    extra: Mapping[str, str] = field(default_factory=dict[str, str])
    price_usd: float = 0.0
    key: str = ""
    look: str = ""
    stem: str = ""
    is_named: bool = False
    problem: str = ""
    note: str = ""


def read_row(found: TableRow, defaults: Defaults) -> Row:
    """The row that a table's row asks for; one with a `problem` where it asks for what cannot be made."""
    cells = found.cells
    name = " ".join(cells.get("name", "").split())
    extra = {column: cell for column, cell in cells.items() if column not in KNOWN}
    bad = Row(found.number, name=name, prompt=cells.get("prompt", ""), extra=extra)
    if found.problem:
        return replace(bad, problem=found.problem)
    try:
        return _checked(found, cells, defaults, extra)
    except (InputUnusable, PictureUnusable) as error:
        return replace(bad, problem=str(error))


def as_read(row: Row) -> Row:
    """The row, where its pictures still are what its key stands for. Raises PictureUnusable."""
    if tuple(map(_digest, row.images)) != row.digests:
        raise PictureUnusable("Its picture was changed after the table was read. Start the batch again.")
    return row


def _checked(found: TableRow, cells: Mapping[str, str], defaults: Defaults, extra: Mapping[str, str]) -> Row:
    images = _images(cells, defaults.folder)
    prompt = cells.get("prompt", "")
    task_type = IMAGE if images else TEXT
    model = find_model(cells.get("model") or defaults.model or defaults.text_model)
    if not cells.get("model") and task_type not in model.task_types:
        model = find_model(defaults.text_model)
    check_task_type(model, task_type)
    check_pictures(model, len(images))
    if not images or has_words(prompt):
        prompt = check_prompt(prompt)
    whole = {each.name for each in model.parameters if each.whole}
    parameters = {name: _number(name, cells[name], whole=name in whole) for name in NUMBERS if cells.get(name)}
    check_parameters(model, parameters)
    count = check_count(int(_number("variations", cells.get("variations") or "1", whole=True)))
    name, is_named = " ".join(cells.get("name", "").split()), bool(cells.get("name"))
    name = short_name(name or prompt or (images[0].stem if images else ""))
    size_m = _number("size_m", cells["size_m"]) if cells.get("size_m") else defaults.size_m
    if not 0 <= size_m <= SIZE_MAX_M:
        raise InputUnusable(f"size_m is {size_m:g}; 0 to {SIZE_MAX_M:,.0f} are taken. 0 keeps the size. Change it.")
    finish = _finish(cells.get("finish") or defaults.finish)
    tags = tuple(dict.fromkeys(filter(None, map(str.strip, _divided(writable(cells.get("tags", "")))))))[:TAGS_MAX]
    catalog = _catalog(cells.get("catalog", ""))
    stem = file_stem(name, "Model")
    is_another = is_named and stem != unicodedata.normalize("NFC", name)
    note = f"Its files are called “{stem}”: “{name}” is no name of a file." if is_another else ""
    digests = tuple(map(_digest, images))
    paid = [model.id, prompt, digests, parameters, count]
    looks = [name, size_m, finish, list(tags), catalog]
    return Row(
        number=found.number,
        name=name,
        prompt=prompt,
        images=images,
        digests=digests,
        model=model.id,
        parameters=parameters,
        variations=count,
        size_m=size_m,
        finish=finish,
        tags=tags,
        catalog=catalog,
        extra=extra,
        price_usd=round(model.price_usd * count, 6),
        key=_hash(paid),
        look=_hash(looks),
        stem=stem,
        is_named=is_named,
        note=note,
    )


def _images(cells: Mapping[str, str], folder: Path) -> tuple[Path, ...]:
    """The pictures of `image` and `images`, each once; paths are relative to the table."""
    given = [cells.get("image", ""), *_divided(cells.get("images", ""))]
    return tuple(_image(each, folder) for each in dict.fromkeys(filter(None, map(str.strip, given))))


def _image(given: str, folder: Path) -> Path:
    if given.casefold().startswith(("http://", "https://")):
        raise InputUnusable("Its image is an address. Download the picture, and give the file's path.")
    path = Path(given.replace("\\", "/") if "\\" in given and not Path(given).exists() else given)
    path = path if path.is_absolute() else folder / path
    check_file(path)
    return path


def _digest(image: Path) -> str:
    """What the file holds, which is what is paid for, whatever it is called."""
    try:
        with image.open("rb") as file:
            if image.stat().st_size > IMAGE_MAX_BYTES:
                raise PictureUnusable(f"“{image.name}” is larger than {IMAGE_MAX_BYTES // 2**20} MB. Scale it down.")
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PictureUnusable(f"“{image}” cannot be read ({error.strerror}). Choose another image.") from None


def _number(name: str, said: str, *, whole: bool = False) -> float:
    """A cell as a number, with a comma for the decimal point as well."""
    try:
        value = float(said.replace(",", ".") if said.count(",") == 1 else said)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (whole and value != int(value)):
        raise InputUnusable(f"{name} is “{said[:40]}”, and has to be a {'whole ' if whole else ''}number. Change it.")
    return value


def _finish(said: str) -> str:
    wanted = "_".join(said.upper().replace("-", " ").split())
    known = [each.value for each in Preset]
    if wanted not in known:
        raise InputUnusable(f"finish is “{said[:40]}”; it is one of: {', '.join(known)}. Change it.")
    return wanted


def _catalog(said: str) -> str:
    """A path of catalogs, "Props/Chairs", without what Blender's file of catalogs cannot hold."""
    parts = ["".join(" " if c in ':\\"' or not c.isprintable() else c for c in part) for part in said.split("/")]
    return "/".join(filter(None, (" ".join(part.split()) for part in parts)))[:200]


def _divided(said: str) -> list[str]:
    for separator in SEPARATORS:
        if separator in said:
            return said.split(separator)
    return said.split(",")


def _hash(found: object) -> str:
    text = json.dumps(found, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_CHARACTERS]


def stems_of(row: Row) -> list[str]:
    """What the files of each of its variations are called."""
    if row.variations == 1:
        return [row.stem]
    return [f"{row.stem}_{number}" for number in range(1, row.variations + 1)]
