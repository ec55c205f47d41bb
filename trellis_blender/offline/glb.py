# SPDX-License-Identifier: GPL-3.0-or-later
"""A textured mesh as a GLB laid out like Trellis's: Y up, longest side 1, `world` → `geometry_0`, no normals.

Layout after the glTF 2.0 specification.
"""

import json
import struct
from typing import Any

import numpy as np

from .inflate import Body

ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
FLOAT, UNSIGNED_INT = 5126, 5125
GENERATOR = "Offline preview of Trellis for Blender"


def to_glb(body: Body, texture: bytes, width: int, height: int) -> bytes:
    """The GLB of `body` with a PNG of `width` × `height` pixels as its colour."""
    low, high = body.positions.min(axis=0), body.positions.max(axis=0)
    positions = (body.positions - (low + high) / 2) / (high - low).max()
    uvs = body.texels / np.array([width, height], np.float32)
    parts = [
        positions.astype("<f4").tobytes(),
        uvs.astype("<f4").tobytes(),
        body.triangles.astype("<u4").tobytes(),
        texture,
    ]
    views, binary = _packed(parts, [ARRAY_BUFFER, ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, None])
    gltf = {
        "asset": {"version": "2.0", "generator": GENERATOR},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "world", "children": [1]}, {"name": "geometry_0", "mesh": 0}],
        "meshes": [
            {
                "name": "geometry_0",
                "primitives": [
                    {"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2, "material": 0, "mode": 4}
                ],
            }
        ],
        "materials": [
            {
                "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "roughnessFactor": 1.0},
                "doubleSided": False,
            }
        ],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{}],
        "images": [{"bufferView": 3, "mimeType": "image/png"}],
        "accessors": [
            {
                "bufferView": 0, "componentType": FLOAT, "count": len(positions), "type": "VEC3",
                "min": positions.min(axis=0).tolist(), "max": positions.max(axis=0).tolist(),
            },
            {"bufferView": 1, "componentType": FLOAT, "count": len(uvs), "type": "VEC2"},
            {"bufferView": 2, "componentType": UNSIGNED_INT, "count": body.triangles.size, "type": "SCALAR"},
        ],
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }  # fmt: skip
    text = json.dumps(gltf, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _packed(parts: list[bytes], targets: list[int | None]) -> tuple[list[dict[str, Any]], bytes]:
    """The buffer views of the parts and the buffer with all of them, each beginning at a multiple of four bytes."""
    views: list[dict[str, Any]] = []
    binary = b""
    for part, target in zip(parts, targets, strict=True):
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(part)})
        if target is not None:
            views[-1]["target"] = target
        binary += part + b"\0" * (-len(part) % 4)
    return views, binary
