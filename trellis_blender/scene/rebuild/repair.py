# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh without what QuadriFlow fails or never ends on: doubled points, faces without an area, loose points and
edges, edges of more than two faces, faces that look the other way than their neighbours.
"""

from typing import Any

import bpy

from ..meshes import edited

SAME_PLACE = 1e-5
"""Share of the mesh's size, which is 1 here: points of borders that are closer are one, and an edge that is shorter
is none."""
SMALLEST_AREA = 1e-12
HIDDEN = (".hide_vert", ".hide_edge", ".hide_poly")
"""What is hidden in Edit Mode Blender's operators leave out: it would get no UVs."""
TURNED_OPEN, TURNED_CLOSED = 0.5, 0.9
"""Share of a shell's area from which on it faces the side that it faced before."""


def repaired(mesh: bpy.types.Mesh) -> bpy.types.Mesh:
    """A new mesh, of the shape alone: of the size 1, see `rebuild.normalised`."""
    import bmesh

    made = bpy.data.meshes.new("repaired")
    with edited(made, mesh) as work:
        # Of what is whole, two sides that nearly touch would become one, with edges of three faces.
        whole = [vertex for vertex in work.verts if vertex.is_manifold and not vertex.is_boundary]
        if len(whole) < len(work.verts):
            # Up to Blender 4.5 the one that others become may be a double of one that is kept.
            while doubles := _doubles(work, whole):
                bmesh.ops.weld_verts(work, targetmap=doubles)
        bmesh.ops.dissolve_degenerate(work, dist=SAME_PLACE, edges=work.edges)
        _drop(work, [face for face in work.faces if face.calc_area() < SMALLEST_AREA], 'FACES')
        _drop(work, [edge for edge in work.edges if not edge.link_faces], 'EDGES')
        _drop(work, [vertex for vertex in work.verts if not vertex.link_faces], 'VERTS')
        _drop(work, _repeated(_crowded(work)), 'FACES')
        if crowded := _crowded(work):
            bmesh.ops.split_edges(work, edges=crowded)
        work.normal_update()
        ways = [face.normal.copy() for face in work.faces]
        bmesh.ops.recalc_face_normals(work, faces=work.faces)
        turned = [face for face, way in zip(work.faces, ways, strict=True) if face.normal.dot(way) < 0]
        bmesh.ops.reverse_faces(work, faces=_to_turn_back(set(work.faces), set(turned)) if turned else [])
        while len(maps := work.loops.layers.uv):
            maps.remove(maps[0])
    attributes: Any = made.attributes
    for name in HIDDEN:
        if name in attributes:
            attributes.remove(attributes[name])
    return made


def open_edges(mesh: bpy.types.Mesh) -> int:
    """How many edges have not exactly two faces."""
    import numpy as np

    from ..arrays import values

    edges = values(mesh.loops, "edge_index", kind=np.int32)
    return int((np.bincount(edges, minlength=len(mesh.edges)) != 2).sum())


def _doubles(work: Any, kept: list[Any]) -> dict[Any, Any]:
    import bmesh

    return bmesh.ops.find_doubles(work, verts=work.verts, keep_verts=kept, dist=SAME_PLACE)["targetmap"]


def _crowded(work: Any) -> list[Any]:
    return [edge for edge in work.edges if len(edge.link_faces) > 2]


def _repeated(crowded: list[Any]) -> list[Any]:
    """The faces on these edges whose corners an earlier one has, as files may list a face twice."""
    first: dict[frozenset[Any], Any] = {}
    faces = dict.fromkeys(face for edge in crowded for face in edge.link_faces)
    return [face for face in faces if first.setdefault(frozenset(face.verts), face) is not face]


def _to_turn_back(faces: set[Any], turned: set[Any]) -> list[Any]:
    """The faces of shells that now face the other side, as nearly all of their faces did before: which side of a sheet
    is the outer one Blender can only guess, and a room is seen from inside. Empties `faces`.
    """
    found: list[Any] = []
    while faces:
        shell, to_do = list[Any](), [faces.pop()]
        is_open = False
        while to_do:
            face = to_do.pop()
            shell.append(face)
            for edge in face.edges:
                is_open |= edge.is_boundary
                near = faces.intersection(edge.link_faces)
                faces -= near
                to_do += near
        areas = [(face.calc_area(), face in turned) for face in shell]
        share = sum(area for area, is_turned in areas if is_turned) / sum(area for area, _ in areas)
        if share > (TURNED_OPEN if is_open else TURNED_CLOSED):
            found += shell
    return found


def _drop(work: Any, geometry: list[Any], what: str) -> None:
    import bmesh

    delete: Any = bmesh.ops.delete
    if geometry:
        delete(work, geom=geometry, context=what)
