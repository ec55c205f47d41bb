# SPDX-License-Identifier: GPL-3.0-or-later
"""All steps in their order, on a model that stands in a scene, and on one that arrives."""

import bpy

from ..meshes import is_linked, mesh_of
from . import decimate, defaults, loose_parts, origin, size, textures
from .options import CannotFinish, Finish, Shading

AT_ONCE_TRIANGLES = 4_000
"""Larger meshes are reduced in a Blender of its own: these take 100 ms, at 26 µs for each triangle."""
LOOSE_AT_ONCE_TRIANGLES = 50_000
"""As above, for loose bits alone."""


def is_heavy(mesh: bpy.types.Mesh, finish: Finish) -> bool:
    """True where loose bits and the budget would hold Blender up for more than about 100 ms."""
    count = decimate.triangles_of(mesh)
    reduces = 0 < finish.triangles < count and not finish.keeps_modifier
    return (reduces and count > AT_ONCE_TRIANGLES) or (finish.loose_share > 0 and count > LOOSE_AT_ONCE_TRIANGLES)


def check(model: bpy.types.Object, finish: Finish) -> None:
    """Raises CannotFinish with a sentence where something of it cannot be done; changes nothing."""
    if model.type != 'MESH':
        raise CannotFinish(f"“{model.name}” is no mesh.")
    mesh = mesh_of(model)
    if is_linked(model):
        raise CannotFinish(f"“{model.name}” is linked from another file. Make it local first.")
    size.check(model, mesh, finish.size)
    origin.check(model, finish.origin)
    decimate.check(model, mesh, finish.triangles, keeps_modifier=finish.keeps_modifier)
    textures.check(finish.textures)


def finish(model: bpy.types.Object, wanted: Finish) -> list[str]:
    """Finishes a model where it stands, and returns what the artist should know, in sentences.

    Its mesh stays the same datablock, so linked duplicates are finished along. Pushes no undo step. Raises
    CannotFinish before anything is changed.
    """
    check(model, wanted)
    mesh = mesh_of(model)
    reduce(mesh, wanted)
    return settle(model, wanted)


def reduce(mesh: bpy.types.Mesh, wanted: Finish) -> None:
    """What may take long: loose bits, and the budget where it is not left to a modifier."""
    loose_parts.remove(mesh, wanted.loose_share)
    if not wanted.keeps_modifier:
        decimate.reduce(mesh, wanted.triangles)


def settle(model: bpy.types.Object, wanted: Finish) -> list[str]:
    """All other steps, on a mesh that is reduced: 100 ms for 1,000,000 triangles."""
    mesh = mesh_of(model)
    size.scale_to(model, mesh, wanted.size, wanted.size_m)
    kept = origin.why_kept(mesh, wanted.origin)
    if not kept:
        origin.move_to(mesh, origin.place_of(model, mesh, wanted.origin))
    shade(mesh, wanted)
    if wanted.triangles:
        # The mesh itself is within it by now, unless a modifier shall be.
        decimate.keep(model, mesh, wanted.triangles if wanted.keeps_modifier else 0)
    said = "" if wanted.keeps_modifier else decimate.shortfall(mesh, wanted.triangles)
    return [*filter(None, (kept, said)), *textures.keep(mesh, wanted.textures), *textures.unseen(mesh)]


def shade(mesh: bpy.types.Mesh, wanted: Finish) -> None:
    """Smooth up to the angle, flat, or as it is."""
    if wanted.shading is Shading.ANGLE:
        defaults.shade(mesh, wanted.sharp_angle)
    elif wanted.shading is Shading.FLAT:
        mesh.shade_flat()
        mesh.update()
