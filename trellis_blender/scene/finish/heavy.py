# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a finish may take long: done by a second Blender (`background_finish`), or at once where it is small."""

from collections.abc import Mapping
from math import pi
from typing import Any, NamedTuple

import bpy

from ..rebuild import collision, lods
from ..rebuild.rebuild import rebuild
from ..rebuild.rebuild_options import CannotRebuild, Rebuild, Tell
from . import decimate, engine, loose_parts, textures
from .options import Collision, CollisionShape, Finish, Shading, Symmetry, from_plain

MODEL = "model"
"""What the model's own mesh is called in the result."""
REDUCING_LIMIT_S = 900.0


class Made(NamedTuple):
    """Meshes by what they are for, the model's own only if it has changed, and sentences for the artist."""

    meshes: dict[str, bpy.types.Mesh]
    notes: list[str]


def work(mesh: bpy.types.Mesh, wanted: Mapping[str, Any], tell: Tell) -> Made:
    """All that takes long, in the second Blender. `wanted` is what `background_finish` has written for it.

    Raises rebuild.CannotRebuild.
    """
    finish = from_plain(wanted["finish"])
    if not finish.faces:
        tell("reducing it", REDUCING_LIMIT_S)
        before = len(mesh.polygons)
        said = reduce(mesh, finish)
        made = _for_engines(mesh, finish, tell)
        # A mesh that is as it was is not handed back: taking it would hold Blender up.
        return Made(made if made and len(mesh.polygons) == before else {MODEL: mesh, **made}, said)
    for image in textures.images_of(mesh):
        if not image.size[0]:
            raise CannotRebuild(textures.said_damaged(image))
    said = loose_parts.remove(mesh, finish.loose_share)
    rebuilt, notes = rebuild(mesh, rebuild_of(finish, wanted), tell)
    return Made({MODEL: rebuilt, **_for_engines(rebuilt, finish, tell)}, said + notes)


def _for_engines(mesh: bpy.types.Mesh, finish: Finish, tell: Tell) -> dict[str, bpy.types.Mesh]:
    levels = lods.lods(mesh, finish.lods, finish.lod_share, tell)
    made = {f"{engine.LOD}{level}": each for level, each in enumerate(levels, 1)}
    if finish.collision is not Collision.NONE:
        is_box = finish.collision_shape is CollisionShape.BOX
        shape = collision.box(mesh) if is_box else collision.hull(mesh, finish.collision_faces, tell)
        made[engine.COLLISION] = shape
    return made


def reduce(mesh: bpy.types.Mesh, wanted: Finish) -> list[str]:
    """Loose bits, and the budget where it is not left to a modifier; sentences for the artist."""
    said = loose_parts.remove(mesh, wanted.loose_share)
    if not wanted.keeps_modifier:
        decimate.reduce(mesh, wanted.triangles)
    return said


def rebuild_of(finish: Finish, wanted: Mapping[str, Any]) -> Rebuild:
    """What a finish asks of the room `rebuild`."""
    return Rebuild(
        name=wanted["name"],
        faces=finish.faces,
        texture_px=finish.texture_px,
        margin_px=finish.margin_px,
        keeps_sharp=finish.keep_sharp,
        is_symmetric=finish.symmetry is Symmetry.X,
        smooth_up_to={Shading.ANGLE: finish.sharp_angle, Shading.FLAT: 0.0, Shading.KEEP: pi}[finish.shading],
        scale=tuple(wanted["scale"]),
        first_way=wanted.get("first_way", 0),
    )
