"""Small GLB files made here, for where the service's real models are not at hand and for files that are wrong."""

import base64
import json
import struct
import zlib
from math import cos, hypot, pi, sin
from typing import Any


def glb(gltf: dict[str, Any], binary: bytes = b"") -> bytes:
    """A GLB out of its JSON and its binary chunk."""
    text = json.dumps(gltf).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def box_glb(
    size: tuple[float, float, float] = (1.0, 0.5, 0.25), material: dict[str, Any] | None = None, extras: str = ""
) -> bytes:
    """A box laid out like the service's models: Y up, `world` → `geometry_0`, positions and UVs, no normals."""
    x, y, z = (side / 2 for side in size)
    corners = [(a, b, c) for a in (-x, x) for b in (-y, y) for c in (-z, z)]
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    positions: list[tuple[float, ...]] = []
    uvs: list[tuple[float, float]] = []
    indices: list[int] = []
    for face in faces:
        first = len(positions)
        positions += [corners[corner] for corner in face]
        uvs += [(0, 0), (1, 0), (1, 1), (0, 1)]
        indices += [first, first + 1, first + 2, first, first + 2, first + 3]

    png = picture_png(4, 4)
    png += b"\0" * (-len(png) % 4)
    parts = [
        struct.pack(f"<{len(indices)}I", *indices),
        b"".join(struct.pack("<3f", *p) for p in positions),
        b"".join(struct.pack("<2f", *uv) for uv in uvs),
        png,
    ]
    views, offset = [], 0
    for part in parts:
        views.append({"buffer": 0, "byteOffset": offset, "byteLength": len(part)})
        offset += len(part)
    count = len(positions)
    low, high = [-x, -y, -z], [x, y, z]
    gltf = {
        "asset": {"version": "2.0", "extras": extras},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "world", "children": [1]}, {"name": "geometry_0", "mesh": 0}],
        "meshes": [
            {
                "name": "geometry_0",
                "primitives": [{"attributes": {"POSITION": 1, "TEXCOORD_0": 2}, "indices": 0, "material": 0}],
            }
        ],
        "materials": [material or {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "roughnessFactor": 1.0}}],
        "textures": [{"source": 0}],
        "images": [{"bufferView": 3, "mimeType": "image/png"}],
        "accessors": [
            {"bufferView": 0, "componentType": 5125, "type": "SCALAR", "count": len(indices)},
            {"bufferView": 1, "componentType": 5126, "type": "VEC3", "count": count, "min": low, "max": high},
            {"bufferView": 2, "componentType": 5126, "type": "VEC2", "count": count},
        ],
        "bufferViews": views,
        "buffers": [{"byteLength": offset}],
    }
    return glb(gltf, b"".join(parts))


def picture_png(width: int, height: int, pixel: bytes = b"\xc8\x64\x32\xff") -> bytes:
    """A PNG of one colour, RGBA."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    rows = zlib.compress((b"\0" + pixel * width) * height)
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def data_uri(content: bytes) -> str:
    """A PNG as it goes into a request."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


def glb_without_mesh() -> bytes:
    """Well formed, and nothing in it."""
    return glb({"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": []}]})


def mesh_glb(points: list[tuple[float, ...]], material: dict[str, Any] | None = None, **attributes: Any) -> bytes:
    """Triangles, three points each. `attributes` by name: the kind ("VEC3") and the numbers of each point."""
    given = {"POSITION": ("VEC3", points), **attributes}
    views, accessors, binary = [], [], b""
    for kind, numbers in given.values():
        content = b"".join(struct.pack(f"<{len(each)}f", *each) for each in numbers)
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(content)})
        accessors.append({"bufferView": len(views) - 1, "componentType": 5126, "type": kind, "count": len(numbers)})
        binary += content
    part: dict[str, Any] = {"attributes": {name: number for number, name in enumerate(given)}}
    gltf: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [part]}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    if material is not None:
        gltf["materials"], part["material"] = [material], 0
    return glb(gltf, binary)


def prism_glb(sides: int, normals: str) -> bytes:
    """A regular prism, 1 high: 2 × `sides` edges of it turn at 90°, its sides more gently. `normals` "none", "flat",
    those of its faces, or "upwards", all the same.
    """
    rim = [(cos(2 * pi * n / sides) / 2, sin(2 * pi * n / sides) / 2) for n in range(sides)]
    faces = []
    for (x, z), (far_x, far_z) in zip(rim, rim[1:] + rim[:1], strict=True):
        low, high, far_low, far_high = (x, -0.5, z), (x, 0.5, z), (far_x, -0.5, far_z), (far_x, 0.5, far_z)
        faces += [(low, high, far_high), (low, far_high, far_low)]
        faces += [((0, 0.5, 0), far_high, high), ((0, -0.5, 0), low, far_low)]
    points = [point for face in faces for point in face]
    if normals == "none":
        return mesh_glb(points, {})
    upwards = [(0.0, 1.0, 0.0)] * len(points)
    return mesh_glb(points, {}, NORMAL=("VEC3", upwards if normals == "upwards" else _normals(faces)))


def _normals(faces: list[Any]) -> list[tuple[float, ...]]:
    found = []
    for a, b, c in faces:
        (x, y, z), (u, v, w) = ([q - p for p, q in zip(a, other, strict=True)] for other in (b, c))
        across = (y * w - z * v, z * u - x * w, x * v - y * u)
        found += [tuple(side / hypot(*across) for side in across)] * 3
    return found


def colours_glb() -> bytes:
    """A red triangle: no material, colours of its vertices."""
    return mesh_glb([(0, 0, 0), (1, 0, 0), (0, 1, 0)], COLOR_0=("VEC4", [(1, 0, 0, 1)] * 3))
