# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh rebuilt: the steps in their order, and what is tried where one of them makes nonsense."""

from typing import Any, NamedTuple

import bpy
from mathutils import Matrix

from ..meshes import SMALLEST_SIDE, bounds
from . import judge
from .bake import Bake, bake
from .draw_back import draw_back
from .looks import looks_of
from .quadriflow import closed, quadrangulated, split
from .rebuild_options import CannotRebuild, Rebuild, Tell
from .reduce import fewer
from .repair import repaired
from .surface import surface
from .unwrap import unwrap

QUADS_LIMIT_S = 120.0
STEP_LIMIT_S = 300.0
LEAST_REACH = 0.001
"""Of a bake, as a share of the size: two surfaces at the same place are as likely one way round as the other."""
TRIANGLES, TRIANGLES_OF_A_FACE = 50_000, 20
"""What the quads are made of: of a million triangles QuadriFlow takes minutes, and they are no closer to them then."""
VOXEL = 0.006
"""Of the closed surface around a mesh, as a share of the size."""
FAR = 0.01
"""Share of the size from which on it is said how far away the new faces are."""


class Rebuilt(NamedTuple):
    """The new mesh, and sentences for the artist."""

    mesh: bpy.types.Mesh
    notes: list[str]


def rebuild(mesh: bpy.types.Mesh, wanted: Rebuild, tell: Tell) -> Rebuilt:
    """A new mesh of one material in place of `mesh`, which is not what it was afterwards, nor are its materials. Raises
    CannotRebuild.
    """
    tell("looking it over", STEP_LIMIT_S)
    placed = normalised(mesh, wanted)
    source = repaired(mesh)
    if not source.polygons:
        raise _nothing(wanted)
    looks_of(mesh)  # what cannot be baked is said before all that takes long
    if len(source.polygons) > _enough(wanted):
        tell("reducing it", STEP_LIMIT_S)
        source = fewer(source, _enough(wanted))
    made, fit = _quads(source, wanted, tell)
    made.name = wanted.name
    made.shade_smooth()
    made.set_sharp_from_angle(angle=wanted.smooth_up_to)
    tell("unwrapping", STEP_LIMIT_S)
    unwrap(made, wanted.margin_px / wanted.texture_px)
    reach = 2 * fit.away + LEAST_REACH
    back = placed.inverted()
    for each in (mesh, made):
        each.transform(back)  # a material may ask where in the object a point is
        each.update()
    is_double_sided, is_blended = _is_double_sided(mesh), _is_blended(mesh)
    reach *= max(back.to_scale().to_tuple())
    baked = bake(Bake(mesh, made, reach, wanted.texture_px, wanted.margin_px, wanted.name), tell)
    materials: Any = made.materials
    name = f"{wanted.name} baked"
    materials.append(surface(baked, name, is_double_sided=is_double_sided, is_blended=is_blended))
    return Rebuilt(made, _notes(fit, len(made.polygons)))


def normalised(mesh: bpy.types.Mesh, wanted: Rebuild) -> Matrix:
    """Scales the mesh as its object is scaled, and then evenly to the size 1 about the origin: all shares of the size
    are lengths then. Along an axis that is scaled to nothing it stays as it is. Returns the transformation. Raises
    CannotRebuild where it has no size.
    """
    scale = [each or 1.0 for each in wanted.scale]
    low, high = bounds(mesh)
    middle: Any = (low + high) / 2
    sides: Any = high - low
    longest = max(side * each for side, each in zip(sides, scale, strict=True))
    if not longest > SMALLEST_SIDE:
        raise _nothing(wanted)
    moved = Matrix.Scale(1 / longest, 4) @ Matrix.Diagonal((*scale, 1.0)) @ Matrix.Translation(-middle)
    mesh.transform(moved)
    mesh.update()
    return moved


def _nothing(wanted: Rebuild) -> CannotRebuild:
    return CannotRebuild(f"“{wanted.name}” has no faces that quads could be made of.")


def _quads(source: bpy.types.Mesh, wanted: Rebuild, tell: Tell) -> tuple[bpy.types.Mesh, judge.Fit]:
    usable: list[tuple[bpy.types.Mesh, judge.Fit]] = []
    for number, way in enumerate(WAYS[wanted.first_way :], wanted.first_way):
        what = f"making quads, try {number + 1}" if number else "making quads"
        tell(what, QUADS_LIMIT_S, {"first_way": number + 1})
        made = way(source, wanted)
        if made is None:
            continue
        tell("drawing them onto the model", STEP_LIMIT_S)
        draw_back(made, source)
        fit = judge.Fit.of(made, source, wanted.faces)
        if fit.is_good:
            return made, fit
        if not fit.is_nonsense:
            usable.append((made, fit))
    if usable:
        return min(usable, key=lambda each: each[1].away)
    raise CannotRebuild(f"“{wanted.name}” could not be made of quads. It is as it was.")


def _notes(fit: judge.Fit, faces: int) -> list[str]:
    found: list[str] = []
    if abs(fit.faces - 1) > judge.FACES_OFF:
        found.append(f"It has {faces:,} quads: closer to {round(faces / fit.faces):,} it could not be rebuilt.")
    if fit.away > FAR:
        found.append(f"Parts of it are {fit.away:.1%} of its size away from what they were: choose more quads.")
    return found


def _enough(wanted: Rebuild) -> int:
    return max(TRIANGLES, TRIANGLES_OF_A_FACE * wanted.faces)


def _of_the_mesh(source: bpy.types.Mesh, wanted: Rebuild) -> bpy.types.Mesh | None:
    return quadrangulated(source, wanted.faces, keeps_sharp=wanted.keeps_sharp, is_symmetric=wanted.is_symmetric)


def _of_what_is_around_it(source: bpy.types.Mesh, wanted: Rebuild) -> bpy.types.Mesh | None:
    around = closed(source, VOXEL)
    return _of_the_mesh(fewer(repaired(around), _enough(wanted)), wanted) if around is not None else None


def _of_its_triangles(source: bpy.types.Mesh, wanted: Rebuild) -> bpy.types.Mesh | None:
    return split(source, wanted.faces)


WAYS = (_of_the_mesh, _of_what_is_around_it, _of_its_triangles)
"""What is tried, one after the other, where one makes nonsense or takes too long."""


def _is_blended(mesh: bpy.types.Mesh) -> bool:
    return any(material is not None and material.surface_render_method == 'BLENDED' for material in mesh.materials)


def _is_double_sided(mesh: bpy.types.Mesh) -> bool:
    return any(material is None or not material.use_backface_culling for material in mesh.materials)
