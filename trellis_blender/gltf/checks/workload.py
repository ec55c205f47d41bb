# SPDX-License-Identifier: GPL-3.0-or-later
"""How much Blender's importer would have to do for a GLB: all that it walks through is counted before, against limits
and against the file's size, because a kilobyte can ask for gigabytes.
"""

from collections import Counter
from typing import Any, cast

from ..errors import ModelUnusable
from ..layout import COMPONENTS, at, corners_of
from . import compression, repeats

FREE_VALUES = 100_000
"""Numbers that any file may claim, however small it is."""
VALUES_FOR_A_BYTE = 8
"""Of the numbers that the parts of meshes use: each takes a byte or more, but parts may share them."""
PACKED_VALUES_FOR_A_BYTE = 64
"""The same in a file with compressed parts."""
VALUES_MAX = 60_000_000
"""In all; a model of 1,000,000 triangles has 6 million."""
VERTICES_MAX = 6_000_000
"""In all places where a mesh stands; the largest models of such services have 1,000,000 triangles."""
NODES_MAX = 1_000
"""The service's models have two. The importer takes 3 s for a thousand, 20 s for three, seven minutes for ten."""
PLACES_FOR_A_VALUE = 8
"""How often what a file has may stand in the scene, as all becomes one mesh: for small files, see `_check_places`."""
PARTS_MAX = 1_000
"""Of a mesh. The importer copies all that it has at each part."""
ATTRIBUTES_MAX = 64
"""Of a part, morph targets included."""
MATERIALS_MAX = 200
"""The importer takes 5 ms for each."""
TEXTURES_USED_MAX = 400
"""In all materials together. Blender 5.3 takes 10 ms and more for each; a material can have 17."""
JOINTS_MAX = 1_000
"""Of all skins."""
KEYS_MAX = 200_000
"""Of all animations."""
CHANNELS_MAX = 2_000
LISTS_MAX = 10_000
"""Of any other kind of thing."""
NAMED = frozenset({"accessors", "buffers", "bufferViews", "cameras", "images", "samplers", "skins", "textures"})
"""What a file may call its lists beside these is no word for a sentence."""


def check(gltf: dict[str, Any], size: int) -> None:
    """Raises ModelUnusable where a file of `size` bytes asks for too much; KeyError and the like for nonsense."""
    places = _places_of_meshes(gltf)
    lists: dict[str, list[Any]] = {kind: found for kind, found in gltf.items() if isinstance(found, list)}
    for kind, found in lists.items():
        if len(found) > LISTS_MAX:
            raise ModelUnusable(f"it claims to have {len(found):,} {kind if kind in NAMED else 'of something'}")
    if len(gltf.get("materials", [])) > MATERIALS_MAX:
        raise ModelUnusable(f"it claims to have {len(gltf['materials']):,} materials")
    textures = sum(map(_textures_in, gltf.get("materials", [])))
    if textures > TEXTURES_USED_MAX:
        raise ModelUnusable(f"its materials claim to have {textures:,} textures")
    _check_animations(gltf)
    _check_skins(gltf)
    once = standing = vertices = 0
    taken: list[int] = []
    for number, mesh in enumerate(gltf["meshes"]):
        values, points, decoded = _values_of(gltf, mesh)
        taken.append(values)
        once += values + decoded
        standing += values * max(places[number], 1)
        vertices += points * max(places[number], 1)
    if vertices > VERTICES_MAX:
        raise ModelUnusable(f"it claims to have more than {VERTICES_MAX:,} vertices")
    room = FREE_VALUES + size * (PACKED_VALUES_FOR_A_BYTE if compression.is_in(gltf) else VALUES_FOR_A_BYTE)
    if once > room or standing > min(room * PLACES_FOR_A_VALUE, VALUES_MAX):
        raise ModelUnusable(f"it claims to have {max(once, standing):,} numbers, more than a file of its size can have")
    repeats.check(gltf, taken)


def _places_of_meshes(gltf: dict[str, Any]) -> Counter[int]:
    """In how many places each mesh stands: the importer makes an object of each."""
    stands: Counter[int] = Counter()
    in_all = 0
    for node in gltf.get("nodes", []):
        instances = node.get("extensions", {}).get("EXT_mesh_gpu_instancing", {}).get("attributes", {})
        count = max([1, *(at(gltf["accessors"], number)["count"] for number in instances.values())])
        in_all += count
        if "mesh" in node:
            stands[node["mesh"]] += count
    if in_all > NODES_MAX:
        raise ModelUnusable(f"it claims to have {in_all:,} parts")
    return stands


def _values_of(gltf: dict[str, Any], mesh: dict[str, Any]) -> tuple[int, int, int]:
    """How many numbers the importer takes for a mesh, how many vertices those are, and from how many it takes them."""
    parts = mesh["primitives"]
    if len(parts) > PARTS_MAX:
        raise ModelUnusable(f"a mesh of it is in {len(parts):,} parts")
    values = vertices = 0
    decoded: set[int] = set()
    for part in parts:
        used = [part["attributes"], *part.get("targets", [])]
        if sum(map(len, used)) > ATTRIBUTES_MAX:
            raise ModelUnusable(f"a part of it claims to have {sum(map(len, used)):,} attributes")
        numbers = [number for each in used for number in each.values()]
        corners = corners_of(gltf, part)
        # A part takes of a list what its corners use.
        decoded.update(numbers)
        found = [at(gltf["accessors"], number) for number in numbers]
        values += sum(min(accessor["count"], corners) * COMPONENTS[accessor["type"]] for accessor in found)
        values += corners * (1 + sum(name.startswith(("TEXCOORD_", "COLOR_")) for name in part["attributes"]))
        if "POSITION" in part["attributes"]:
            vertices += min(at(gltf["accessors"], part["attributes"]["POSITION"])["count"], corners)
    lists = [gltf["accessors"][number] for number in decoded]
    return values, vertices, sum(accessor["count"] * COMPONENTS[accessor["type"]] for accessor in lists)


def _textures_in(described: object) -> int:
    """Of a material, those of its extensions included: all that has an index is one."""
    if isinstance(described, list):
        return sum(map(_textures_in, cast("list[object]", described)))
    if isinstance(described, dict):
        held = cast("dict[str, object]", described)
        return ("index" in held) + sum(map(_textures_in, held.values()))
    return 0


def _check_skins(gltf: dict[str, Any]) -> None:
    joints = sum(len(skin["joints"]) for skin in gltf.get("skins", []))
    if joints > JOINTS_MAX or len(gltf.get("skins", [])) > JOINTS_MAX:
        raise ModelUnusable(f"it claims to have {joints:,} bones")


def _check_animations(gltf: dict[str, Any]) -> None:
    channels = keys = 0
    for animation in gltf.get("animations", []):
        channels += len(animation["channels"])
        for channel in animation["channels"]:
            sampler = at(animation["samplers"], channel["sampler"])
            keys += sum(at(gltf["accessors"], sampler[side])["count"] for side in ("input", "output"))
    if channels > CHANNELS_MAX or keys > KEYS_MAX:
        raise ModelUnusable(f"it claims to have {keys:,} keys of animations")
