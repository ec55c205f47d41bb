# SPDX-License-Identifier: GPL-3.0-or-later
"""How glTF 2.0 lays out numbers, and ways to its lists."""

from typing import Any

COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
ATTRIBUTE_TYPES = {
    "POSITION": {"VEC3"},
    "NORMAL": {"VEC3"},
    "TANGENT": {"VEC4"},
    "TEXCOORD": {"VEC2"},
    "COLOR": {"VEC3", "VEC4"},
    "JOINTS": {"VEC4"},
    "WEIGHTS": {"VEC4"},
}
"""Of the attributes that glTF names, by what stands before their number."""
INDEX_CODES = {5121: "B", 5123: "H", 5125: "I"}
FLOAT = 5126
NAME_READ = 255
"""Characters; Blender has no longer names."""


def element_bytes(accessor: dict[str, Any]) -> int:
    """Of one element of an accessor, without what may stand between two; KeyError for what glTF does not know."""
    return COMPONENT_BYTES[accessor["componentType"]] * COMPONENTS[accessor["type"]]


def at(items: list[Any], number: int) -> Any:
    """The item at an index, which must not count from the end."""
    if number < 0:
        raise IndexError
    return items[number]


def table(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """What a holder has by this name; an empty one where it has none, or null."""
    return holder.get(name) or {}


def listed(holder: dict[str, Any], name: str) -> list[Any]:
    """As `table`, of lists."""
    return holder.get(name) or []


def plain_name(given: Any) -> str:
    """A name as Blender takes it, "" for none: JSON can hold halves of characters."""
    return given[:NAME_READ].encode("utf-8", "replace").decode() if isinstance(given, str) else ""


def corners_of(gltf: dict[str, Any], part: dict[str, Any]) -> int:
    """Of a part's triangles: a strip or a fan has one for nearly each of its indices."""
    number = part.get("indices", part["attributes"].get("POSITION"))
    if number is None:
        return 0
    return at(gltf["accessors"], number)["count"] * (3 if part.get("mode", 4) in {2, 3, 5, 6} else 1)
