# SPDX-License-Identifier: GPL-3.0-or-later
"""A printable shape in the place of a model's mesh. What the model was is kept in a copy, hidden."""

from typing import Any, NamedTuple

import bpy
import numpy as np

from ...gltf.model import Material
from .. import new_mesh
from ..custom_properties import ID_PROPERTY
from ..importing.materials import make_material
from .remesh import THIN_SAID, Printable
from .shape import Array, in_linear

COLOURS = "Color"


class Fitted(NamedTuple):
    """A printable shape in the space of an object's mesh, in arrays as Blender takes them."""

    points: Array
    """Three numbers each, float32."""
    corners: Array
    """The points of the quads, int32."""
    colours: Array
    """Of the points, linear with alpha, float32."""
    thin: float
    """As in `Printable`."""
    detail_mm: float


def fitted(made: Printable, to_mm: Array) -> Fitted:
    """The shape that was made, for an object whose space `to_mm` comes from. For a thread: it takes 0.3 s for 1,000,000
    points, and none of Blender's data.
    """
    back = np.linalg.inv(to_mm)
    points = made.points.astype(np.float64) @ back[:3, :3].T + back[:3, 3]
    faces = made.faces if np.linalg.det(back[:3, :3]) > 0 else made.faces[:, ::-1]
    colours = np.concatenate([in_linear(made.colours), np.ones((len(points), 1), np.float32)], axis=1)
    flat = (points.astype(np.float32).ravel(), np.ascontiguousarray(faces, np.int32).ravel(), colours.ravel())
    return Fitted(*flat, made.thin, made.detail_mm)


def apply(model: bpy.types.Object, made: Fitted) -> list[str]:
    """Gives the model the shape, where its mesh was, and returns what the artist should know, in sentences.

    Its modifiers and shape keys are in the shape, so they go. Linked duplicates keep the old mesh. Pushes no undo step.
    """
    mesh = _mesh(model.name, made)
    kept: Any = new_mesh.keep(model)
    if ID_PROPERTY in kept:
        del kept[ID_PROPERTY]  # the generation's model is the other one
    with new_mesh.children_unmoved(model):
        model.data = mesh
    model.modifiers.clear()
    model.vertex_groups.clear()
    for slot in model.material_slots:
        slot.link = 'DATA'
    if made.thin < THIN_SAID:
        return []
    return [
        f"{made.thin:.0%} of its surface is thinner than the detail of {made.detail_mm:.2g} mm and will not be "
        f"printed. Choose a finer detail, or print it larger."
    ]


def _mesh(name: str, made: Fitted) -> bpy.types.Mesh:
    mesh: Any = bpy.data.meshes.new(name)
    mesh.vertices.add(len(made.points) // 3)
    mesh.attributes["position"].data.foreach_set("vector", made.points)
    mesh.loops.add(len(made.corners))
    mesh.attributes[".corner_vert"].data.foreach_set("value", made.corners)
    mesh.polygons.add(len(made.corners) // 4)
    mesh.polygons.foreach_set("loop_start", np.arange(0, len(made.corners), 4, dtype=np.int32))
    # Not as bytes, which Blender takes and hands out one by one.
    mesh.attributes.new(COLOURS, 'FLOAT_COLOR', 'POINT')
    mesh.attributes[COLOURS].data.foreach_set("color", made.colours)
    mesh.color_attributes.active_color_index = 0
    mesh.color_attributes.render_color_index = 0
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    mesh.materials.append(make_material(Material(name, uses_vertex_colours=True, is_default=True), [], COLOURS))
    return mesh
