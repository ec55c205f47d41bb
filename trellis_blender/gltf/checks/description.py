# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of a GLB, bounded before it is parsed: Python holds its lock all the while."""

import json
from typing import Any, cast

from ..errors import DAMAGED, ModelUnusable

BYTES_MAX = 8 * 1024 * 1024
"""The service's models have some 2 KB; pictures may stand in it as base64."""
VALUES_MAX = 200_000
"""A model of 1,000 parts has some 20,000; so many are parsed in 20 ms."""
DEPTH_MAX = 64
"""Blender's importer and the parser follow them by calling themselves."""


def parse_description(content: bytes) -> dict[str, Any]:
    """Raises ModelUnusable for what is no JSON object, or has too much in it."""
    # Each value but the first stands behind one of these; those within strings count as well.
    if sum(map(content.count, (b",", b"[", b"{"))) > VALUES_MAX:
        raise ModelUnusable("its description has too many parts")
    try:
        gltf: object = json.loads(content)
    except (ValueError, RecursionError):
        gltf = None
    if not isinstance(gltf, dict):
        raise ModelUnusable(DAMAGED)
    _check_depth(gltf)
    return cast("dict[str, Any]", gltf)


def _check_depth(gltf: Any) -> None:
    level: list[Any] = [gltf]
    for _ in range(DEPTH_MAX):
        held: list[Any] = [holder.values() if hasattr(holder, "values") else holder for holder in level]
        level = [item for items in held for item in items if isinstance(item, dict | list)]
        if not level:
            return
    raise ModelUnusable("its description is too deep")
