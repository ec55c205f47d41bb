# SPDX-License-Identifier: GPL-3.0-or-later
"""A generation as a text, in the store and in its folder. What is read may have been written by any version, or by
anybody: it is a generation with fields of the right kinds, or none."""

import json
import math
import re
from dataclasses import asdict, fields
from typing import Any, TypeVar, cast, get_type_hints

from ...piapi.http.bounded_json import read_json
from ...piapi.models import PRICE_KNOWN_LATER, VIEWS_LIMIT
from ..record.generation import Generation
from ..record.request import GenerationRequest, Placement, View
from ..states import State

LENGTH_LIMIT = 4_000_000
"""Bytes; a generation from a long prompt has some thousand."""
INT_LIMIT = 2**63

_NOT_STORED = ("stage", "progress", "expected_s", "elsewhere", "interrupted", "removed")
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
"""It is in the name of a folder."""
_HALF_CHARACTERS = re.compile("[\ud800-\udfff]")

Kind = TypeVar("Kind")


def to_json(generation: Generation, before: str = "") -> str:
    """The generation as the store and `generation.json` keep it: no key, no pixels.

    `before` is the text that this one replaces: what a later version has put there stays.
    """
    found = asdict(generation)
    for name in _NOT_STORED:
        del found[name]
    found["state"] = generation.state.value
    del found["request"]["picture"]
    for view in found["request"]["views"]:
        del view["picture"]
    found["request"]["parameters"] = dict(generation.request.parameters)
    if generation.request.price_usd == PRICE_KNOWN_LATER:
        found["request"]["price_usd"] = None  # JSON has no word for it
    if before:
        _keep_unknown(found, before)
    text = json.dumps(found, ensure_ascii=False, indent=1)
    # The names of files that are no UTF-8 have them; as JSON writes them they are UTF-8.
    return _HALF_CHARACTERS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def from_json(text: object) -> Generation:
    """The inverse of `to_json`. Raises ValueError for what is none."""
    if not isinstance(text, str) or len(text) > LENGTH_LIMIT:
        raise ValueError("it is no text, or too long")
    try:
        found = _object(read_json(text.encode("utf-8", "surrogatepass")))
        request = _object(found["request"])
        placement = _object(request["placement"])
        request["placement"] = _made(Placement, placement, location=_location(placement["location"]))
        price_usd = PRICE_KNOWN_LATER if request["price_usd"] is None else _number(request["price_usd"])
        parameters = tuple((name, _number(value)) for name, value in _object(request["parameters"]).items())
        made = _made(GenerationRequest, request, placement=request["placement"], price_usd=price_usd,
                     parameters=parameters, picture=None, views=_views(request.get("views", [])))  # fmt: skip
        generation = _made(Generation, found, request=made, state=State(found["state"]))
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None
    if not _ID.fullmatch(generation.id):
        raise ValueError("its id is none")
    return generation


def _made(kind: type[Kind], found: dict[str, Any], **known: Any) -> Kind:
    """One of `kind`, of the fields that it has; those of a later version are left out."""
    hints = get_type_hints(kind)
    given = {name: _checked(value, hints[name]) for name, value in found.items() if name in hints and name not in known}
    return kind(**{name: value for name, value in given.items() if name not in _NOT_STORED}, **known)


def _views(value: object) -> tuple[View, ...]:
    found = cast("list[object]", value)
    if not isinstance(value, list) or len(found) >= VIEWS_LIMIT:
        raise TypeError("no views")
    return tuple(_made(View, _object(view), picture=None) for view in found)


def _checked(value: object, hint: object) -> object:
    if hint is float:
        return _number(value)
    if hint == float | None:
        return None if value is None else _number(value)
    if hint is int and (isinstance(value, bool) or not isinstance(value, int) or abs(value) >= INT_LIMIT):
        raise TypeError("no whole number")
    if hint in {str, bool, int} and not isinstance(value, cast("type", hint)):
        raise TypeError(f"{type(value).__name__} instead of {cast('type', hint).__name__}")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no number")
    if not math.isfinite(value):
        return 0.0
    if abs(value) >= INT_LIMIT:
        raise ValueError("a number without end")
    return value


def _location(value: object) -> tuple[float, float, float]:
    x, y, z = cast("list[object]", value)
    return _number(x), _number(y), _number(z)


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("no object")
    return cast("dict[str, Any]", value)


def _keep_unknown(found: dict[str, Any], before: str) -> None:
    try:
        old = _object(read_json(before.encode("utf-8", "surrogatepass"))) if len(before) <= LENGTH_LIMIT else {}
    except (ValueError, TypeError):
        return
    levels = (
        (Generation, found, old),
        (GenerationRequest, found["request"], old.get("request")),
        (Placement, found["request"]["placement"], (_or_empty(old.get("request"))).get("placement")),
    )
    for kind, new, was in levels:
        own = {field.name for field in fields(kind)}
        new.update({name: value for name, value in _or_empty(was).items() if name not in own})


def _or_empty(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
