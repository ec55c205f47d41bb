# SPDX-License-Identifier: GPL-3.0-or-later
"""Levels of detail: the same mesh with fewer and fewer triangles, on the same UVs and materials."""

import bpy

from .rebuild_options import Tell
from .reduce import fewer

LIMIT_S = 900.0
LEAST_TRIANGLES = 4


def lods(mesh: bpy.types.Mesh, levels: int, share: float, tell: Tell) -> list[bpy.types.Mesh]:
    """New meshes, each with `share` (0–1) of the triangles of the one before; the first follows `mesh`, which is LOD0.

    Each is made of the one before, so all together take hardly longer than the first.
    """
    made: list[bpy.types.Mesh] = []
    wanted = float(len(mesh.loops) - 2 * len(mesh.polygons))
    for level in range(1, levels + 1):
        tell(f"making LOD{level}", LIMIT_S)
        wanted *= share
        made.append(fewer(made[-1] if made else mesh, max(round(wanted), LEAST_TRIANGLES)))
    return made
