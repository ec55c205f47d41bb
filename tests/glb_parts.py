"""GLBs put together accessor by accessor, for the tests of the reader."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models import glb
from mutants import Parts

CODES = {5120: "b", 5121: "B", 5122: "h", 5123: "H", 5125: "I", 5126: "f"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
FLOAT, BYTE, SHORT, INT = 5126, 5121, 5123, 5125
TRIANGLE = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]
Rows = Sequence[Sequence[float]]


def packed(rows: Rows, component: int) -> bytes:
    return b"".join(struct.pack(f"<{len(row)}{CODES[component]}", *row) for row in rows)


def put(parts: Parts, rows: Rows, component: int = FLOAT, **more: Any) -> int:
    """Another accessor, as wide as its rows; its number."""
    kind = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}[len(rows[0])]
    return parts.add(packed(rows, component), component, kind, len(rows), **more)


def put_indices(parts: Parts, numbers: Sequence[int], component: int = INT) -> int:
    return put(parts, [(number,) for number in numbers], component)


def empty(*, nodes: list[dict[str, Any]] | None = None) -> Parts:
    """One mesh without parts, in one place or where `nodes` put it."""
    nodes = [{"mesh": 0}] if nodes is None else nodes
    below = {child for node in nodes for child in node.get("children", [])}
    gltf: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [number for number in range(len(nodes)) if number not in below]}],
        "nodes": nodes,
        "meshes": [{"primitives": []}],
        "accessors": [],
        "bufferViews": [],
        "buffers": [{"byteLength": 0}],
    }
    return Parts(glb(gltf))


def add_part(parts: Parts, attributes: dict[str, int], **more: Any) -> dict[str, Any]:
    part: dict[str, Any] = {"attributes": attributes, **more}
    parts.gltf["meshes"][0]["primitives"].append(part)
    return part


def with_points(points: Rows, indices: Sequence[int] | None = None, **more: Any) -> Parts:
    """One part of these points. `more`: of the part, as `mode` or `material`."""
    parts = empty(nodes=more.pop("nodes", None))
    if indices is not None:
        more["indices"] = put_indices(parts, indices)
    add_part(parts, {"POSITION": put(parts, points)}, **more)
    return parts


def written(folder: Path, content: Parts | bytes) -> Path:
    path = folder / "model.glb"
    path.write_bytes(content if isinstance(content, bytes) else content.whole())
    return path
