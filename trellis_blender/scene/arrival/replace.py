# SPDX-License-Identifier: GPL-3.0-or-later
"""A new model in the place of an old one: the artist's object stays and gets another mesh, so that its transform,
parent, children, collections, constraints, modifiers and animation, and whatever aims at it, are as they were.

The old mesh stays in a copy of the object, hidden.
"""

import bpy
from mathutils import Matrix

from .. import meshes, new_mesh, windows
from ..custom_properties import PLACEHOLDER
from ..finish import decimate, defaults
from ..meshes import mesh_of
from ..placement import placeholder


def replace(old: bpy.types.Object, mesh: bpy.types.Mesh) -> tuple[bpy.types.Scene, str]:
    """`old` gets `mesh`, as large as the mesh it had and on the same spot; the scene, and why the artist does not see
    it. Pushes no undo step.
    """
    scene = placeholder.scene_of(old) or windows.shown_scene()
    low, high = meshes.bounds(mesh_of(old))
    defaults.stand(mesh, max((high - low).to_tuple()))
    mesh.transform(Matrix.Translation(((low.x + high.x) / 2, (low.y + high.y) / 2, low.z)))
    new_mesh.keep(old)
    triangles = _kept_budget(old)
    with new_mesh.children_unmoved(old):
        old.data = mesh
    if triangles:
        decimate.keep(old, mesh, triangles)
    for slot in old.material_slots:
        slot.link = 'DATA'
    placeholder.unmark(placeholder.find_all(str(old[PLACEHOLDER])))
    return scene, placeholder.why_unseen(old, scene)


def _kept_budget(old: bpy.types.Object) -> int:
    """To how many triangles a modifier of ours brings the mesh; 0 where there is none."""
    modifier = old.modifiers.get(decimate.MODIFIER)
    if not isinstance(modifier, bpy.types.DecimateModifier):
        return 0
    return int(modifier.ratio * decimate.triangles_of(mesh_of(old)))
