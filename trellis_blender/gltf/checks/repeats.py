# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender's importer does again and again: it makes a mesh again for each skin that it stands in, a group of
weights for each bone of that, and decodes a list for each of its uses. A few kilobytes can ask for minutes of it.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ..errors import ModelUnusable
from ..layout import COMPONENTS, at, corners_of, listed

WEIGHTS_MAX = 1_000_000
"""Which the importer sets one by one, a second for so many."""
GROUPS_MAX = 3_000
"""Bones × the meshes that they move: the name of each group is compared with those before it."""
MATRICES_MAX = 50_000
"""Of bones, each time that a mesh is bound to them; the importer turns 100,000 in a second."""
PUT_TOGETHER_MAX = 200_000_000
"""Parts of a mesh × its numbers, as the importer copies all that it has at each part: 10 s."""
DECODED_MAX = 200_000_000
"""Numbers that are computed from those in the file, once for each use: 2 s."""


class Made(NamedTuple):
    """A mesh that the importer makes, and the skin in which it does so; None without one."""

    mesh: int
    skin: int | None


def check(gltf: dict[str, Any], values: list[int]) -> None:
    """Raises ModelUnusable where it is too much; KeyError and the like for nonsense. `values` are how many numbers the
    importer takes for each mesh.
    """
    meshes, skins = gltf["meshes"], gltf.get("skins", [])
    made = _made(gltf)
    bound = [(each.mesh, at(skins, each.skin)) for each in made if each.skin is not None]
    weights = sum(_weights_of(gltf, meshes[mesh]) for mesh, _ in bound)
    if weights > WEIGHTS_MAX:
        raise ModelUnusable(f"it claims to have {weights:,} weights of bones")
    groups = sum(len(skin["joints"]) for _, skin in bound)
    if groups > GROUPS_MAX:
        raise ModelUnusable(f"it claims to have {groups:,} bones, those of all its meshes together")
    matrices = sum(_matrices_of(gltf, skin) for skin in (*skins, *(skin for _, skin in bound)))
    if matrices > MATRICES_MAX:
        raise ModelUnusable(f"it claims to have {matrices:,} matrices of bones")
    parts = sum(values[each.mesh] * len(meshes[each.mesh]["primitives"]) for each in made)
    if parts > PUT_TOGETHER_MAX:
        raise ModelUnusable("its meshes are in too many parts")
    decoded = sum(_decoded_for(gltf, meshes[each.mesh]) for each in made)
    if decoded > DECODED_MAX:
        raise ModelUnusable(f"it claims to have {decoded:,} numbers, more than a file of its size can have")


def _made(gltf: dict[str, Any]) -> list[Made]:
    """Each once for a skin; with morph targets, at each of its places."""
    made: dict[tuple[Made, int], Made] = {}
    for number, node in enumerate(gltf.get("nodes", [])):
        if node.get("mesh") is None:
            continue
        each = Made(node["mesh"], node.get("skin"))
        has_targets = any(part.get("targets") for part in at(gltf["meshes"], each.mesh)["primitives"])
        made[each, number if has_targets else -1] = each
    return list(made.values())


def _matrices_of(gltf: dict[str, Any], skin: dict[str, Any]) -> int:
    number = skin.get("inverseBindMatrices")
    return 0 if number is None else at(gltf["accessors"], number)["count"]


def _weights_of(gltf: dict[str, Any], mesh: dict[str, Any]) -> int:
    return sum(
        4 * corners_of(gltf, part) * sum(name.startswith("WEIGHTS_") for name in part["attributes"])
        for part in mesh["primitives"]
    )


def _decoded_for(gltf: dict[str, Any], mesh: dict[str, Any]) -> int:
    """Numbers that are not taken as they stand in the file, at each of their uses."""
    used = (gltf["accessors"][number] for part in mesh["primitives"] for number in _lists_of(part))
    return sum(each["count"] * COMPONENTS[each["type"]] for each in used if each.get("normalized") or "sparse" in each)


def _lists_of(part: dict[str, Any]) -> Iterable[int]:
    for named in (part["attributes"], *listed(part, "targets")):
        yield from named.values()
    if part.get("indices") is not None:
        yield part["indices"]
