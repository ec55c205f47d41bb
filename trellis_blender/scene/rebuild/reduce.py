# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh with fewer triangles, by Blender's Decimate, which keeps the seams of the UVs and the borders of materials."""

from typing import Any

import bpy

from .stage import evaluated, on_stage


def fewer(mesh: bpy.types.Mesh, triangles: int) -> bpy.types.Mesh:
    """A new mesh of so many triangles, or as it is where it has no more. Takes 8 to 26 s for 1,000,000."""
    count = len(mesh.loops) - 2 * len(mesh.polygons)
    with on_stage(mesh) as item:
        modifier: Any = item.modifiers.new("Decimate", 'DECIMATE')
        # Blender rounds down, and a little below a whole number would be one less.
        modifier.ratio = min((triangles + 0.5) / max(count, 1), 1.0)
        return evaluated(item)
