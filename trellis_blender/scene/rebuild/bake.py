# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mesh looks like, baked by Cycles into pictures for another mesh that lies close around it."""

from dataclasses import dataclass
from typing import Any

import bpy

from ..arrays import pixels
from .looks import BLACK, Look, is_varied, looks_of
from .rebuild_options import Tell
from .stage import choose, on_stage

SAMPLES = 4
LIMIT_S = 600.0
STRAIGHT = (0.5, 0.5, 1.0)
"""A normal that is the face's own, as a colour."""
HORIZON = 0.5
"""The blue of one that lies in the face."""


@dataclass(frozen=True, slots=True)
class Baked:
    """The pictures of a surface, packed; what is the same everywhere is a number, and None what there is nothing of.

    `alpha` says whether the alpha of `colour` counts. `metallic_roughness` has roughness in green, metallic in blue.
    """

    colour: bpy.types.Image
    normal: bpy.types.Image
    metallic_roughness: bpy.types.Image | None
    emission: bpy.types.Image | None
    has_alpha: bool
    metallic: float
    roughness: float
    emission_strength: float
    is_unlit: bool


@dataclass(frozen=True, slots=True)
class Bake:
    """From `original`, which has materials, to `target`, which has UVs, both of the size 1: within `reach` of each
    other. `name` begins the names of the pictures.
    """

    original: bpy.types.Mesh
    target: bpy.types.Mesh
    reach: float
    side_px: int
    margin_px: int
    name: str


def bake(wanted: Bake, tell: Tell) -> Baked:
    """All pictures. Raises CannotRebuild. The materials of `original` are not what they were, afterwards."""
    looks = looks_of(wanted.original)
    principled = [look for look in looks if look.is_principled]
    is_unlit = all(look.is_unlit for look in looks)
    with on_stage(wanted.original) as source, on_stage(wanted.target) as target, _Oven(wanted, source, target) as oven:
        tell("baking the normals", LIMIT_S)
        normal = oven.take('NORMAL', "normal", is_data=True)
        _flatten_turned(normal)
        tell("baking the colours", LIMIT_S)
        for look in looks:
            # What shines beside what is lit reflects nothing.
            look.show(BLACK if look.is_unlit and not is_unlit else look.socket("Base Color", "Color"))
        colour = oven.take('EMIT', "colour")
        has_alpha = any(look.fades() for look in looks)
        if has_alpha:
            tell("baking what can be seen through", LIMIT_S)
            for look in looks:
                look.show_alpha()
            _join_alpha(colour, oven.take('EMIT', "alpha", is_data=True))
        metallic_roughness = None
        if any(is_varied([look.socket(name) for look in principled]) for name in ("Metallic", "Roughness")):
            tell("baking metal and roughness", LIMIT_S)
            for look in looks:
                look.show((1.0, look.socket("Roughness") or 1.0, look.socket("Metallic") or 0.0))
            metallic_roughness = oven.take('EMIT', "metal and roughness", is_data=True)
        emission, strength = None, 0.0
        if not is_unlit and any(look.emits() for look in looks):
            tell("baking what shines", LIMIT_S)
            strengths = [look.light()[1] for look in looks if look.emits()]
            strength = max([1.0, *(each.default_value for each in strengths if not each.is_linked)])
            for look in looks:
                look.show_emission(1.0 / strength)
            emission = oven.take('EMIT', "emission")
    for image in (colour, normal, metallic_roughness, emission):
        if image is not None:
            image.pack()
    first = principled[0] if principled else None
    return Baked(
        colour,
        normal,
        metallic_roughness,
        emission,
        has_alpha,
        metallic=_number(first, "Metallic", 0.0),
        roughness=_number(first, "Roughness", 1.0),
        emission_strength=strength,
        is_unlit=is_unlit,
    )


def _flatten_turned(normal: Any) -> None:
    """Where a new face looks away from what it stands for, as at the edge of a leaf: such a normal is black."""
    found = pixels(normal)
    turned = (found[..., 2] < HORIZON) & (found[..., 3] > 0)
    if turned.any():
        found[turned, :3] = STRAIGHT
        normal.pixels.foreach_set(found.ravel())
        normal.update()


def _number(look: Look | None, name: str, otherwise: float) -> float:
    socket = look.socket(name) if look is not None else None
    return otherwise if socket is None or socket.is_linked else socket.default_value


class _Oven:
    """Cycles, set up to bake from one object to another."""

    def __init__(self, wanted: Bake, source: bpy.types.Object, target: bpy.types.Object) -> None:
        self._wanted, self._source, self._target = wanted, source, target
        self._material: Any = bpy.data.materials.new("Trellis bake")
        if self._material.node_tree is None:
            self._material.use_nodes = True  # from 5.0 on it has nodes from the start

    def __enter__(self) -> "_Oven":
        scene: Any = bpy.context.scene
        scene.render.engine = 'CYCLES'
        scene.cycles.device = 'CPU'
        scene.cycles.samples = SAMPLES
        scene.cycles.use_denoising = False
        slots: Any = self._wanted.target.materials
        slots.clear()
        slots.append(self._material)
        return self

    def __exit__(self, *_: object) -> None:
        slots: Any = self._wanted.target.materials
        slots.clear()
        bpy.data.materials.remove(self._material)

    def take(self, kind: str, what: str, *, is_data: bool = False) -> bpy.types.Image:
        """A new picture of what the source shows."""
        wanted = self._wanted
        name, side_px = f"{wanted.name} {what}", wanted.side_px
        image: Any = bpy.data.images.new(name, side_px, side_px, alpha=True, is_data=is_data)
        image.generated_color = (0.0, 0.0, 0.0, 0.0)
        nodes = self._material.node_tree.nodes
        node = nodes.new('ShaderNodeTexImage')
        node.image = image
        nodes.active = node
        choose(self._target, self._source)
        operator: Any = bpy.ops.object.bake
        operator(
            type=kind,
            use_selected_to_active=True,
            cage_extrusion=wanted.reach,
            max_ray_distance=2 * wanted.reach,
            margin=wanted.margin_px,
            use_clear=True,
            normal_space='TANGENT',
        )
        nodes.remove(node)
        return image


def _join_alpha(colour: Any, alpha: Any) -> None:
    """The one's red becomes the other's alpha."""
    both = pixels(colour)
    both[..., 3] = pixels(alpha)[..., 0]
    colour.pixels.foreach_set(both.ravel())
    colour.update()
    bpy.data.images.remove(alpha)
