# SPDX-License-Identifier: GPL-3.0-or-later
"""A new model in the place of an old one: the artist's object stays and gets another mesh, so that its transform,
parent, children, collections, constraints, modifiers and animation, and whatever aims at it, are as they were.

The old mesh stays in a copy of the object, hidden.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
from mathutils import Matrix

from .. import meshes, windows
from ..blockout import swap
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
    _keep(old)
    triangles = _kept_budget(old)
    with _children_unmoved(old):
        old.data = mesh
    if triangles:
        decimate.keep(old, mesh, triangles)
    for slot in old.material_slots:
        slot.link = 'DATA'
    placeholder.unmark(placeholder.find_all(str(old[placeholder.ID_PROPERTY])))
    return scene, placeholder.why_unseen(old, scene)


def _kept_budget(old: bpy.types.Object) -> int:
    """To how many triangles a modifier of ours brings the mesh; 0 where there is none."""
    modifier = old.modifiers.get(decimate.MODIFIER)
    if not isinstance(modifier, bpy.types.DecimateModifier):
        return 0
    return int(modifier.ratio * decimate.triangles_of(mesh_of(old)))


@contextmanager
def _children_unmoved(old: bpy.types.Object) -> Iterator[None]:
    """What hangs on vertices of the old mesh hangs on the object from then on: the new mesh has others."""
    places = [
        (child, child.matrix_world.copy())
        for child in old.children
        if child.parent_type.startswith('VERTEX') and child.library is None
    ]
    yield
    for child, place in places:
        child.parent_type = 'OBJECT'
        child.matrix_parent_inverse = old.matrix_world.inverted_safe() @ place @ child.matrix_basis.inverted_safe()


def _keep(old: bpy.types.Object) -> None:
    """What it is now, hidden in the same collections."""
    kept: Any = old.copy()
    for collection in old.users_collection:
        collection.objects.link(kept)
    swap.put_away(kept, old.name)
