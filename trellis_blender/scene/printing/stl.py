# SPDX-License-Identifier: GPL-3.0-or-later
"""STL files, binary: triangles in millimetres, which is what slicers take the numbers for. Without bpy.

Blender's own exporter writes what is selected in the scene that is shown, and does not say that a disk is full.
"""

from pathlib import Path

import numpy as np

from ...generation.files import write_whole
from .shape import Shape

SUFFIX = ".stl"
HEADER = b"Trellis for Blender, lengths in millimetres"
"""It must not begin with "solid": that is how STL files in text begin."""
_FACE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def encode(shape: Shape) -> bytes:
    """The file. Its normals are those of the triangles' corners."""
    faces = np.zeros(len(shape.triangles), _FACE)
    faces["corners"] = corners = shape.points[shape.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    faces["normal"] = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    return HEADER.ljust(80) + len(faces).to_bytes(4, "little") + faces.tobytes()


def write(shape: Shape, path: Path) -> None:
    """Writes it whole or not at all. Raises GenerationProblem."""
    write_whole(path, encode(shape))
