# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a mesh was edited meanwhile: a number of all that it has."""

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import bpy
import numpy as np

_LAYOUTS: dict[str, tuple[str, type, int]] = {
    'FLOAT_VECTOR': ("vector", np.float32, 3),
    'FLOAT2': ("vector", np.float32, 2),
    'FLOAT_COLOR': ("color", np.float32, 4),
    'BYTE_COLOR': ("color_srgb", np.float32, 4),
    'FLOAT': ("value", np.float32, 1),
    'INT': ("value", np.int32, 1),
    'BOOLEAN': ("value", np.bool_, 1),
}
"""How Blender gives the attributes of each type away in one piece."""
_NO_EDIT = (".select", ".uv_select", ".hide", ".vs.", ".es.", ".pn.", ".corner_edge")
"""What these attributes begin with: a selection is none, and Blender numbers edges anew when Edit Mode is left."""


def fingerprint(mesh: bpy.types.Mesh) -> int:
    """Another one where points, faces, UVs, colours, materials of faces, sharp edges, shape keys or attributes differ;
    weights of vertex groups are not looked at.

    Not for a mesh in Edit Mode, whose data are elsewhere. Takes 30 ms for 1,000,000 triangles, 200 ms with colours in
    bytes.
    """
    found = crc32(f"{mesh.session_uid} {len(mesh.vertices)} {len(mesh.loops)} {len(mesh.polygons)}".encode())
    for values in _values(mesh):
        found = crc32(values, found)
    return found


def _values(mesh: bpy.types.Mesh) -> Iterator[Any]:
    # By name: Blender may list them in another order after an edit that was none.
    attributes: Any = sorted(mesh.attributes, key=lambda each: each.name)
    for attribute in attributes:
        if attribute.data_type in _LAYOUTS and not attribute.name.startswith(_NO_EDIT):
            name, kind, width = _LAYOUTS[attribute.data_type]
            values = np.empty(len(attribute.data) * width, kind)
            attribute.data.foreach_get(name, values)
            if kind is not np.bool_ or values.any():  # Blender drops what is nowhere true when Edit Mode is left
                yield attribute.name.encode()
                yield values
    for key in mesh.shape_keys.key_blocks if mesh.shape_keys is not None else ():
        points: Any = key.data
        values = np.empty(len(points) * 3, np.float32)
        points.foreach_get("co", values)
        yield values
