# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of an answer, each bounded and cleaned where it is read: what comes out of here can be stored, sent and
drawn.

Nothing here raises: what a field has no use for is "", None or empty.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import cast

TEXT_LIMIT = 2000
"""Characters, where nothing else is said: of a message, a name, a word."""
ADDRESS_LIMIT = 8192
ID_LIMIT = 200
"""Characters; PiAPI's are UUIDs, of 36."""
NUMBER_LIMIT = 1e15
"""Beyond that nothing is counted, paid or waited for."""
DIGITS_LIMIT = 400
"""Of a whole number in JSON; Python itself refuses the whole answer for one of more than 4,300."""
NUMBER_TEXT_LIMIT = 40
LATEST_YEAR = 2999
"""Windows tells no later time, nor one before 1970."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,30}))?(Z|[+-]\d\d:\d\d)?$", re.IGNORECASE)


def mapping(value: object) -> Mapping[str, object]:
    """`value` where it is a JSON object, else an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def listing(value: object) -> list[object]:
    """`value` where it is a list, else an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


def changed(value: object, change: Callable[[object, str], object], name: str = "") -> object:
    """`value` with `change` done to everything in it that is no object and no list, given the name of its field."""
    if isinstance(value, dict):
        return {key: changed(item, change, key) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [changed(item, change, name) for item in cast("list[object]", value)]
    return change(value, name)


def text(value: object, limit: int = TEXT_LIMIT) -> str:
    """At most `limit` characters of a text, without control characters.

    JSON can hold halves of characters, which no file and no database takes.
    """
    if not isinstance(value, str):
        return ""
    return _CONTROL.sub(" ", value[:limit]).encode("utf-8", "replace").decode()


def address(value: object) -> str:
    """An address without white space; "" for one that is too long: a part of it is none."""
    if not isinstance(value, str) or len(value) > ADDRESS_LIMIT:
        return ""
    return "".join(text(value, ADDRESS_LIMIT).split())


def identity(value: object) -> str:
    """The id of a task; "" for what cannot be one."""
    found = value if isinstance(value, str) else ""
    return found if len(found) <= ID_LIMIT and found.isascii() and found.isprintable() else ""


def number(value: object) -> float | None:
    """A finite number below NUMBER_LIMIT, written as a text too; None for anything else."""
    if isinstance(value, str) and len(value) > NUMBER_TEXT_LIMIT:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and abs(found) < NUMBER_LIMIT else None


def whole(digits: str) -> int | float:
    """For `json.loads(parse_int=)`: a number with far too many digits is infinite instead of an error."""
    return int(digits) if len(digits) <= DIGITS_LIMIT else math.inf


def moment(value: object) -> float | None:
    """Unix seconds of an RFC 3339 time, any number of fractional digits; None for the zero time and anything else."""
    match = _TIME.match(value) if isinstance(value, str) and len(value) <= TEXT_LIMIT else None
    if match is None:
        return None
    second, fraction, zone = match.groups()
    zone = "+00:00" if zone is None or zone in "Zz" else zone
    try:
        found = datetime.fromisoformat(second + zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not 1970 <= found.year <= LATEST_YEAR:
        return None
    return found.timestamp() + (float(f"0.{fraction}") if fraction else 0.0)
