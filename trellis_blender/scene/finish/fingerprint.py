# SPDX-License-Identifier: GPL-3.0-or-later
"""A checksum of a mesh, to notice whether it was edited in the meantime."""

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
"""For each type of attribute: the name for `foreach_get`, the type of the numbers, and how many there are."""
_NO_EDIT = (".select", ".uv_select", ".hide", ".vs.", ".es.", ".pn.", ".corner_edge")
"""Attributes that begin like this are ignored: selecting is no edit, and leaving Edit Mode renumbers the edges."""


def fingerprint(mesh: bpy.types.Mesh) -> int:
    """A number that changes with vertices, faces, UVs, colours, material indices, sharp edges, shape keys and
    attributes, but not with the weights of vertex groups.

    Not for a mesh in Edit Mode, where the data is kept elsewhere. Takes 30 ms for 1,000,000 triangles, 200 ms with byte
    colours.
    """
    found = crc32(f"{mesh.session_uid} {len(mesh.vertices)} {len(mesh.loops)} {len(mesh.polygons)}".encode())
    for values in _values(mesh):
        found = crc32(values, found)
    return found


def _values(mesh: bpy.types.Mesh) -> Iterator[Any]:
    # Sorted: Blender may change their order without an edit.
    attributes: Any = sorted(mesh.attributes, key=lambda each: each.name)
    for attribute in attributes:
        if attribute.data_type in _LAYOUTS and not attribute.name.startswith(_NO_EDIT):
            name, kind, width = _LAYOUTS[attribute.data_type]
            values = np.empty(len(attribute.data) * width, kind)
            attribute.data.foreach_get(name, values)
            if kind is not np.bool_ or values.any():  # leaving Edit Mode removes attributes that are false everywhere
                yield attribute.name.encode()
                yield values
    for key in mesh.shape_keys.key_blocks if mesh.shape_keys is not None else ():
        points: Any = key.data
        values = np.empty(len(points) * 3, np.float32)
        points.foreach_get("co", values)
        yield values
