# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of objects from several sides, as Blender's Front, Right, … views show them, on nothing at all.

Main thread only, and with a window, because the graphics card draws them. They are drawn in a scene of their own, so
that nothing else is in the pictures and the artist's scene stays as it is.
"""

import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import bpy
from mathutils import Matrix, Vector

from ...imaging.picture import Picture
from . import capture
from .load import PictureUnusable

SIDES: dict[str, tuple[Vector, Vector, Vector]] = {
    "Front": (Vector((1, 0, 0)), Vector((0, 0, 1)), Vector((0, -1, 0))),
    "Right": (Vector((0, 1, 0)), Vector((0, 0, 1)), Vector((1, 0, 0))),
    "Back": (Vector((-1, 0, 0)), Vector((0, 0, 1)), Vector((0, 1, 0))),
    "Left": (Vector((0, -1, 0)), Vector((0, 0, 1)), Vector((-1, 0, 0))),
    "Top": (Vector((1, 0, 0)), Vector((0, 1, 0)), Vector((0, 0, 1))),
    "Bottom": (Vector((1, 0, 0)), Vector((0, -1, 0)), Vector((0, 0, -1))),
}
"""For each what points right, up and at the eye, in world space."""
BY_COUNT = {2: ("Front", "Back"), 4: ("Front", "Right", "Back", "Left"), 6: tuple(SIDES)}
MARGIN = 1.15
"""So much wider than the object is each picture."""
FLAT = 1e-3
"""Of its largest extent: what is no wider from a side shows nothing there."""
SMALLEST, LARGEST = 1e-6, 1e6
"""In Blender's units: what single precision can draw."""
CORNERS_LIMIT = 20_000
"""Objects and instances that are measured; what comes after them may be cut off."""
NOTHING = "Nothing of the selection can be seen. Select an object with a shape."


def of_objects(
    context: bpy.types.Context, area: bpy.types.Area | None, items: Sequence[bpy.types.Object], count: int
) -> list[tuple[str, Picture]]:
    """The names of `count` sides (2, 4 or 6) with the pictures; sides from which there is nothing to be seen are left
    out. Raises PictureUnusable with a sentence."""
    space, region = capture.view_of(area)
    if space.local_view is not None:
        raise PictureUnusable("This viewport is in Local View. Leave it (View > Local View), then try again.")
    with _alone(context.scene, items) as scene, _plain(space):
        layer = scene.view_layers[0]
        layer.update()
        depsgraph: Any = layer.depsgraph
        corners = list(_corners(depsgraph))
        if not corners:
            raise PictureUnusable(NOTHING)
        pictures: list[tuple[str, Picture]] = []
        for name in BY_COUNT[count]:
            if (eye := _eye(corners, *SIDES[name])) is not None:
                size = (capture.IMAGE_SIDE_LIMIT_PX, capture.IMAGE_SIDE_LIMIT_PX)
                picture = capture.drawn((scene, layer), (space, region), size, *eye, has_background=False)
                if any(picture.rgba[3::4]):
                    pictures.append((name, picture))
    if not pictures:
        raise PictureUnusable(NOTHING)
    return pictures


@contextmanager
def _alone(like: bpy.types.Scene, items: Sequence[bpy.types.Object]) -> Generator[bpy.types.Scene]:
    """A scene with nothing but these objects, seen as in the scene `like`."""
    scene = bpy.data.scenes.new("Trellis views")
    try:
        scene.display_settings.display_device = like.display_settings.display_device
        for name in ("view_transform", "look", "exposure", "gamma"):
            setattr(scene.view_settings, name, getattr(like.view_settings, name))
        scene.world = like.world
        scene.frame_set(like.frame_current, subframe=like.frame_subframe)
        for item in items:
            scene.collection.objects.link(item)
        yield scene
    finally:
        bpy.data.scenes.remove(scene)


@contextmanager
def _plain(space: Any) -> Generator[None]:
    """The viewport as it shades solid or material: with another scene's lights nothing can be rendered, and a wireframe
    has no surface."""
    shading, view = space.shading, space.region_3d
    changes = [(shading, "type", {'WIREFRAME': 'SOLID', 'RENDERED': 'MATERIAL'}.get(shading.type, shading.type))]
    changes += [(shading, "show_xray", False), (view, "use_clip_planes", False)]
    before = [(holder, name, getattr(holder, name)) for holder, name, _ in changes]
    try:
        for holder, name, value in changes:
            setattr(holder, name, value)
        yield
    finally:
        for holder, name, value in reversed(before):
            setattr(holder, name, value)


def _corners(depsgraph: bpy.types.Depsgraph) -> Iterator[Vector]:
    """The corners of the boxes around all that is seen, in world space."""
    for instance in islice(depsgraph.object_instances, CORNERS_LIMIT):
        item: Any = instance.object
        if not instance.show_self or item.type in {'EMPTY', 'LIGHT', 'CAMERA', 'ARMATURE', 'SPEAKER', 'LIGHT_PROBE'}:
            continue
        box = [Vector(corner) for corner in item.bound_box]
        # An object without a shape has a box of -1, or of nothing.
        if item.type == 'MESH' and not len(item.data.vertices):
            continue
        corners = [instance.matrix_world @ corner for corner in box]
        if all(math.isfinite(value) for corner in corners for value in corner):
            yield from corners


def _eye(corners: list[Vector], right: Vector, up: Vector, back: Vector) -> tuple[Matrix, Matrix] | None:
    """The view's matrix and the projection that show all corners; None where they show nothing but an edge."""
    extents = [
        (min(values), max(values)) for values in ([corner @ axis for corner in corners] for axis in (right, up, back))
    ]
    widths = [high - low for low, high in extents]
    if not SMALLEST <= max(widths) <= LARGEST:
        raise PictureUnusable(
            f"What is selected is {max(widths):.3g} units long, which cannot be drawn. Scale it to between a millionth "
            "and a million."
        )
    if min(widths[:2]) < FLAT * max(widths):
        return None
    half = max(widths[:2]) / 2 * MARGIN
    middle = [(low + high) / 2 for low, high in extents]
    depth = widths[2] / 2 + half
    view = Matrix([(axis.x, axis.y, axis.z) for axis in (right, up, back)]).to_4x4()
    view.translation = (-middle[0], -middle[1], -middle[2] - depth)
    near, far = half / 2, 2 * depth
    projection = Matrix.Diagonal((1 / half, 1 / half, -2 / (far - near), 1))
    projection[2][3] = -(far + near) / (far - near)
    return view, projection
