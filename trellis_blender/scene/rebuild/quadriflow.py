# SPDX-License-Identifier: GPL-3.0-or-later
"""Quads in place of a mesh's faces, by Blender's QuadriFlow; what else can be done where it fails."""

from typing import Any

import bpy
from mathutils import Matrix

from ..meshes import edited
from .judge import area, volume
from .repair import open_edges
from .shells import joined, shells_of
from .stage import evaluated, on_stage

TOLERANCE = 0.04
TRIES, TRIES_OF_FEW, FEW = 3, 6, 1_500
"""QuadriFlow makes more or fewer than it was asked for, of few faces by half: it is asked again for what makes up for
that, which takes a fraction of a second for so few and seconds for thousands.
"""
SEED = 0
SCALE = 100.0
"""QuadriFlow takes an edge shorter than 0.0001 for none, and refuses the mesh."""
SHELLS_LIMIT = 200
LEAST_FACES = 12
"""Of a shell: QuadriFlow, which is given all of them together, drops the small ones."""
LEAST_TRIANGLES = 4


def quadrangulated(
    mesh: bpy.types.Mesh, faces: int, *, keeps_sharp: bool = False, is_symmetric: bool = False
) -> bpy.types.Mesh:
    """A new mesh of about so many quads, shell by shell. Takes seconds; QuadriFlow may never end."""
    shells = shells_of(mesh, SHELLS_LIMIT)
    whole = sum(map(area, shells))
    least = min(LEAST_FACES, faces // (2 * len(shells)))
    planned, count, made = 0.0, 0, []
    # The small ones first: what they have more or fewer than planned, the larger ones make up for.
    for shell in reversed(shells):
        planned += least + (faces - least * len(shells)) * area(shell) / whole
        asked = max(round(planned) - count, 4)
        tries = 1 if asked < faces * TOLERANCE else TRIES if asked > FEW else TRIES_OF_FEW
        quads = _of_one(shell, asked, tries, keeps_sharp=keeps_sharp, is_symmetric=is_symmetric)
        if quads is None or not _may_stand_for(quads, shell, asked):
            quads = split(shell, asked)
        count += len(quads.polygons)
        made.append(quads)
    bpy.data.batch_remove(shells)
    return joined(made)


def split(mesh: bpy.types.Mesh, faces: int) -> bpy.types.Mesh:
    """A new mesh of about so many quads, three in each triangle of what Decimate leaves of this one.

    They follow no curvature as QuadriFlow's do, but nothing gets lost, and it always ends.
    """
    with on_stage(mesh) as item:
        triangles: Any = item.modifiers.new("Triangles", 'TRIANGULATE')
        triangles.min_vertices = 4
        fewer: Any = item.modifiers.new("Fewer", 'DECIMATE')
        # Of a closed body 2 triangles are left where it may: folded flat, and inside out once drawn onto the body.
        left = max(faces / 3, LEAST_TRIANGLES) + 0.01
        fewer.ratio = min(left / (len(mesh.loops) - 2 * len(mesh.polygons)), 1.0)
        quads: Any = item.modifiers.new("Quads", 'SUBSURF')
        quads.subdivision_type = 'SIMPLE'
        quads.levels = 1
        return evaluated(item)


def closed(mesh: bpy.types.Mesh, voxel: float) -> bpy.types.Mesh | None:
    """A new mesh that is the closed surface around this one, None where there is none. `voxel` is how large its parts
    are.
    """
    made: Any = mesh.copy()
    made.remesh_voxel_size = voxel
    made.remesh_voxel_adaptivity = 0.0
    with on_stage(made):
        done = bpy.ops.object.voxel_remesh()
    return made if 'FINISHED' in done and made.polygons else None


def _may_stand_for(quads: bpy.types.Mesh, shell: bpy.types.Mesh, asked: int) -> bool:
    """Of what is thin, QuadriFlow makes something else, or leaves it open: what has lost half its volume is flat."""
    if open_edges(shell) == 0:
        whole = volume(shell)
        if open_edges(quads) > 0 or abs(volume(quads) - whole) > abs(whole) / 2:
            return False
    return 0.5 <= len(quads.polygons) / asked <= 2 and 0.7 <= area(quads) / area(shell) <= 1.3


def _of_one(
    mesh: bpy.types.Mesh, faces: int, tries: int, *, keeps_sharp: bool, is_symmetric: bool
) -> bpy.types.Mesh | None:
    asked, best = faces, None
    for _ in range(tries):
        made = _quadriflow(mesh, asked, keeps_sharp=keeps_sharp, is_symmetric=is_symmetric)
        if made is None:
            break
        if best is None or abs(len(made.polygons) - faces) < abs(len(best.polygons) - faces):
            best = made
        if abs(len(best.polygons) / faces - 1) <= TOLERANCE:
            break
        asked = max(round(asked * faces / len(made.polygons)), 4)
    return best


def _quadriflow(mesh: bpy.types.Mesh, faces: int, *, keeps_sharp: bool, is_symmetric: bool) -> bpy.types.Mesh | None:
    made: Any = mesh.copy()
    made.transform(Matrix.Scale(SCALE, 4))
    made.use_mirror_x = is_symmetric
    with on_stage(made) as item:
        try:
            done = bpy.ops.object.quadriflow_remesh(
                mode='FACES',
                target_faces=faces,
                seed=SEED,
                use_mesh_symmetry=is_symmetric,
                use_preserve_sharp=keeps_sharp,
                use_preserve_boundary=open_edges(mesh) > 0,
            )
        except RuntimeError:
            return None
        made = item.data
    if 'FINISHED' not in done or not made.polygons:
        return None
    made.transform(Matrix.Scale(1 / SCALE, 4))
    if open_edges(mesh) == 0 and open_edges(made) > 0:
        _fill_holes(made)
    return made


def _fill_holes(mesh: bpy.types.Mesh) -> None:
    """Where it is thin, QuadriFlow leaves out a triangle now and then, or folds a corner: that is drawn together."""
    import bmesh

    with edited(mesh) as work:
        borders = [edge for edge in work.edges if edge.is_boundary]
        filled = bmesh.ops.holes_fill(work, edges=borders, sides=0)["faces"]
        bmesh.ops.triangulate(work, faces=[face for face in filled if len(face.verts) > 4])
        bmesh.ops.collapse(work, edges=[edge for edge in work.edges if edge.is_boundary])
