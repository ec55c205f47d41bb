# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a delivered mesh ready to use: each step is a function on a mesh.

What the artist can choose is in `options`.
"""

from math import isfinite, radians

import bpy
from mathutils import Matrix

from ...gltf.errors import NOT_FINITE, ModelUnusable
from ..meshes import SMALLEST_SIDE, bounds, edited

SHARP_ANGLE = radians(30)
"""Unless the artist has set another one."""
SAME_PLACE = 1e-7
"""Share of the mesh's size: points that are closer are the same point, within rounding errors."""


def stand(mesh: bpy.types.Mesh, longest_side_m: float, metres_per_unit: float = 1.0) -> Matrix:
    """Scales the mesh, which is in metres, to the given longest side (0 keeps its size) and to the scene's units, and
    moves its bottom centre to the origin.

    Returns the transformation. Raises ModelUnusable if coordinates are not finite: those in the file may be, and the
    file's transformations not.
    """
    low, high = bounds(mesh)
    sides = (high.x - low.x, high.y - low.y, high.z - low.z)
    if not all(map(isfinite, sides)):
        raise ModelUnusable(NOT_FINITE)
    longest = max(sides)
    factor = longest_side_m / longest if longest_side_m > 0 and longest > SMALLEST_SIDE else 1.0
    factor /= metres_per_unit
    to_bottom_centre = (-(low.x + high.x) / 2, -(low.y + high.y) / 2, -low.z)
    transformed = Matrix.Scale(factor, 4) @ Matrix.Translation(to_bottom_centre)
    mesh.transform(transformed)
    return transformed


def shade(mesh: bpy.types.Mesh, smooth_up_to: float) -> None:
    """Smooth shading, with sharp edges where faces meet at a larger angle than `smooth_up_to`, in radians.

    Only the geometry counts: custom normals are removed, and vertices that were split for them are merged.
    """
    if mesh.has_custom_normals:
        _drop_normals(mesh)
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=smooth_up_to)
    mesh.update()


def _drop_normals(mesh: bpy.types.Mesh) -> None:
    import bmesh

    if mesh.shape_keys is None:
        with edited(mesh) as work:
            low, high = bounds(mesh)
            borders = [vertex for vertex in work.verts if vertex.is_boundary]
            bmesh.ops.remove_doubles(work, verts=borders, dist=(high - low).length * SAME_PLACE)
    if "custom_normal" in mesh.attributes:
        mesh.attributes.remove(mesh.attributes["custom_normal"])
    elif mesh.has_custom_normals:
        # Before 5.0 they are not an attribute; a zero vector means the normal of the geometry.
        mesh.normals_split_custom_set([(0.0, 0.0, 0.0)] * len(mesh.loops))


def name_all(model: bpy.types.Object, mesh: bpy.types.Mesh, name: str) -> None:
    """Names object, mesh, materials and images; Blender appends .001 if the name is taken."""
    model.name = name
    mesh.name = name
    for material in filter(None, mesh.materials):
        material.name = name
        for node in material.node_tree.nodes if material.node_tree else ():
            if isinstance(node, bpy.types.ShaderNodeTexImage) and node.image is not None:
                node.image.name = name
                if node.image.packed_file is None:
                    node.image.pack()
