# SPDX-License-Identifier: GPL-3.0-or-later
"""What several rooms ask of a mesh."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import bpy
from mathutils import Matrix, Vector


def mesh_of(model: bpy.types.Object) -> bpy.types.Mesh:
    """The mesh of a mesh object; TypeError for any other object."""
    if not isinstance(model.data, bpy.types.Mesh):
        raise TypeError(f"{model.name} is no mesh object")
    return model.data


def is_linked(model: bpy.types.Object) -> bool:
    """True where the object or its data is another file's, overridden or not."""
    data: Any = model.data
    is_anothers = model.library is not None or model.override_library is not None
    return is_anothers or (data is not None and data.library is not None)


def why_not_ours(model: bpy.types.Object) -> str:
    """Why nothing can be done to the object, as a sentence; "" where it is a mesh of this file."""
    if model.type != 'MESH':
        return f"“{model.name}” is no mesh."
    return f"“{model.name}” is linked from another file. Make it local first." if is_linked(model) else ""


@contextmanager
def edited(mesh: bpy.types.Mesh, source: bpy.types.Mesh | None = None) -> Generator[Any]:
    """A BMesh of `mesh`, or of `source`, for a `with` block; at its end `mesh` gets what is in it."""
    import bmesh

    work = bmesh.new()
    try:
        work.from_mesh(source or mesh)
        yield work
        work.to_mesh(mesh)
    finally:
        work.free()
    mesh.update()


@contextmanager
def computed(model: bpy.types.Object) -> Generator[tuple[Any, Any]]:
    """The object as Blender computes it, with its modifiers and where it stands, and the graph that did it.

    What is hidden, or in another scene, Blender does not compute: that is done with a copy in a scene of its own.
    """
    if model.visible_get():
        graph = bpy.context.evaluated_depsgraph_get()
        yield model.evaluated_get(graph), graph
        return
    shown, stage = bpy.context.scene, bpy.data.scenes.new("Trellis hidden")
    copy: Any = model.copy()
    try:
        copy.hide_viewport = False
        stage.collection.objects.link(copy)
        stage.frame_current, stage.frame_subframe = shown.frame_current, shown.frame_subframe
        layer: Any = stage.view_layers[0]
        layer.update()
        yield copy.evaluated_get(layer.depsgraph), layer.depsgraph
    finally:
        bpy.data.objects.remove(copy)
        bpy.data.scenes.remove(stage)


def world_of(model: bpy.types.Object) -> Matrix:
    """From the object's space into the world's, also where it is hidden."""
    if model.visible_get():
        return model.matrix_world
    with computed(model) as (seen, _):
        return seen.matrix_world.copy()


SMALLEST_SIDE = 1e-12
"""Of a mesh in its file's units; a smaller one is a point, and Blender's numbers too short to enlarge it."""


def bounds(mesh: bpy.types.Mesh) -> tuple[Vector, Vector]:
    """Lowest and highest corner of the mesh, in its own space; that of its basis where it has shape keys.

    A mesh without points, which an artist may have emptied, is a point at its origin.
    """
    from .arrays import values

    if not mesh.vertices:
        return Vector((0.0, 0.0, 0.0)), Vector((0.0, 0.0, 0.0))
    if mesh.shape_keys is not None:
        basis: Any = mesh.shape_keys.reference_key
        positions = values(basis.data, "co", 3)
    else:
        # Through the attribute it is one copy; through the vertices, one call for each.
        attribute: Any = mesh.attributes["position"]
        positions = values(attribute.data, "vector", 3)
    # Axis by axis: numpy takes twenty times as long to find three extremes in rows of three.
    axes = [positions[:, axis] for axis in range(3)]
    return Vector([float(axis.min()) for axis in axes]), Vector([float(axis.max()) for axis in axes])
