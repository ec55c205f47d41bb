# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a delivered mesh ready to use: each step a function on a mesh, done with Blender's own tools.

What the artist can choose beyond that is in `finish`.
"""

from math import isfinite, radians
from typing import Any

import bpy
from mathutils import Matrix, Vector

from ..generation.problems import ModelUnusable

SHARP_ANGLE = radians(30)
"""Where the artist has set nothing else."""
SMALLEST_SIDE = 1e-12
"""Of a mesh in its file's units; a smaller one is a point, and Blender's numbers too short to enlarge it."""


def bounds(mesh: bpy.types.Mesh) -> tuple[Vector, Vector]:
    """Lowest and highest corner of the mesh, in its own space; that of its basis where it has shape keys.

    A mesh without points, which an artist may have emptied, is a point at its origin.
    """
    import numpy as np

    if not mesh.vertices:
        return Vector((0.0, 0.0, 0.0)), Vector((0.0, 0.0, 0.0))
    positions = np.empty(len(mesh.vertices) * 3, np.float32)
    if mesh.shape_keys is not None:
        basis: Any = mesh.shape_keys.reference_key
        basis.data.foreach_get("co", positions)
    else:
        # Through the attribute it is one copy; through the vertices, one call for each.
        attribute: Any = mesh.attributes["position"]
        attribute.data.foreach_get("vector", positions)
    # Axis by axis: numpy takes twenty times as long to find three extremes in rows of three.
    axes = [positions[axis::3] for axis in range(3)]
    return Vector([float(axis.min()) for axis in axes]), Vector([float(axis.max()) for axis in axes])


def stand(mesh: bpy.types.Mesh, longest_side_m: float) -> Matrix:
    """Scales the mesh evenly to its longest side (0 keeps its size) and puts its bottom centre at the origin.

    Returns what it was transformed by. Raises ModelUnusable where it has no size: the file's points may be sound, and
    what moves them not.
    """
    low, high = bounds(mesh)
    sides = (high.x - low.x, high.y - low.y, high.z - low.z)
    if not all(map(isfinite, sides)):
        raise ModelUnusable("some of its points lie nowhere")
    longest = max(sides)
    factor = longest_side_m / longest if longest_side_m > 0 and longest > SMALLEST_SIDE else 1.0
    to_bottom_centre = (-(low.x + high.x) / 2, -(low.y + high.y) / 2, -low.z)
    transformed = Matrix.Scale(factor, 4) @ Matrix.Translation(to_bottom_centre)
    mesh.transform(transformed)
    return transformed


def shade(mesh: bpy.types.Mesh, smooth_up_to: float) -> None:
    """Smooth, with sharp edges where faces meet at a larger angle, in radians.

    Needs doubled vertices to be merged, which the importer has done.
    """
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=smooth_up_to)
    mesh.update()


def name_all(model: bpy.types.Object, mesh: bpy.types.Mesh, name: str) -> None:
    """Object, mesh, materials and images after the prompt; Blender appends .001 where the name is taken."""
    model.name = name
    mesh.name = name
    for material in filter(None, mesh.materials):
        material.name = name
        for node in material.node_tree.nodes if material.node_tree else ():
            if isinstance(node, bpy.types.ShaderNodeTexImage) and node.image is not None:
                node.image.name = name
                if node.image.packed_file is None:
                    node.image.pack()
