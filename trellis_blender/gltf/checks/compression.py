# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a GLB is compressed: by meshopt, which takes the place of a view's bytes, or by Draco, which takes that of a
part's accessors. Their decoders are C and trust the sizes that they are given.

Sources: EXT_meshopt_compression and KHR_draco_mesh_compression at Khronos; the Draco bitstream specification 2.2.
"""

from typing import Any

from ..errors import DAMAGED_PART, ModelUnusable
from ..layout import at

MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")
DRACO = "KHR_draco_mesh_compression"
_STRIDES = {"ATTRIBUTES": range(4, 257, 4), "TRIANGLES": (2, 4), "INDICES": (2, 4)}
_FILTERS = {"OCTAHEDRAL": (4, 8), "QUATERNION": (8,), "EXPONENTIAL": range(4, 257, 4), "COLOR": (4, 8)}
DRACO_START_BYTES = 32
_DECOMPRESSES_TO = {"ATTRIBUTES": 1024, "TRIANGLES": 12, "INDICES": 4}
"""Bytes that meshopt makes of one at the most: its second version needs two bits for 256 that are all the same, a
triangle at least a byte, and so does an index."""
DECOMPRESSED_MAX_BYTES = 2**29
"""Of all views: twice what the numbers of the largest model take."""


def of_view(view: dict[str, Any]) -> dict[str, Any] | None:
    """How a view is compressed by meshopt; None where it is not."""
    extensions = view.get("extensions", {})
    return next((extensions[name] for name in MESHOPT if name in extensions), None)


def is_stand_in(buffer: dict[str, Any]) -> bool:
    """Whether a buffer is only the room that compressed views would take, and is not in the file."""
    extensions = buffer.get("extensions", {})
    return "uri" not in buffer and any(extensions.get(name, {}).get("fallback") is True for name in MESHOPT)


def check_view(view: dict[str, Any], compressed: dict[str, Any]) -> None:
    """Raises ModelUnusable where the decoder would write outside of the view, or decompress to too much."""
    stride, count, mode = compressed["byteStride"], compressed["count"], compressed["mode"]
    chosen = compressed.get("filter", "NONE")
    is_known = stride in _STRIDES.get(mode, ()) and (chosen == "NONE" or stride in _FILTERS.get(chosen, ()))
    if not is_known or count < 0 or (mode == "TRIANGLES" and count % 3) or (mode != "ATTRIBUTES" and chosen != "NONE"):
        raise ModelUnusable(DAMAGED_PART)
    if count * stride != view["byteLength"] or view["byteLength"] > _DECOMPRESSES_TO[mode] * compressed["byteLength"]:
        raise ModelUnusable("a compressed part of it claims to be larger than it can be")


def accessors_in_draco(gltf: dict[str, Any]) -> set[int]:
    """The accessors whose numbers come out of a compressed part: they have no bytes of their own."""
    found: set[int] = set()
    for mesh in gltf.get("meshes", []):
        for part in mesh["primitives"]:
            packed = part.get("extensions", {}).get(DRACO)
            if packed is not None:
                at(gltf["bufferViews"], packed["bufferView"])
                found |= {part["attributes"][name] for name in packed["attributes"]}
                found.add(part.get("indices", -1))
    return found


def is_in(gltf: dict[str, Any]) -> bool:
    """Whether anything of the file is compressed."""
    return any(map(of_view, gltf.get("bufferViews", []))) or bool(accessors_in_draco(gltf))


def check_draco(start: bytes, corners: int, vertices: int) -> None:
    """Raises ModelUnusable where a compressed mesh, by its first bytes, has other numbers than the GLB says of it."""
    if start[:5] != b"DRACO" or start[7] != 1 or int.from_bytes(start[9:11], "little"):
        raise ModelUnusable(DAMAGED_PART)
    if (start[5], start[6]) < (2, 2):
        raise ModelUnusable("a compressed part of it is of an old version")
    is_edgebreaker = start[8] == 1
    # There how it is traversed comes first, then the points, before the seams of textures were cut, and the faces.
    first, place = _varint(start, 12 if is_edgebreaker else 11)
    second, _ = _varint(start, place)
    points, faces = (first, second) if is_edgebreaker else (second, first)
    if faces * 3 > corners or points > vertices:
        raise ModelUnusable("a compressed part of it claims to be larger than the model")


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value, place
