# SPDX-License-Identifier: GPL-3.0-or-later
"""A model into the box that an artist blocked out: upright in it, its front to the box's -Y, on the box's floor."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import bpy
from mathutils import Matrix, Vector

from .. import meshes, windows
from ..meshes import mesh_of
from ..placement import placeholder
from . import swap

SHEAR_LIMIT = 1e-4
"""Of the cosine between two sides of a box: what numbers of a few digits make of a right angle."""
THIN = 1e-4
"""Of the longest side: a side that is shorter is none."""


class Frame(NamedTuple):
    """A box in world space. `matrix` turns and moves without scale: its origin is the middle of the floor, +Z is up and
    -Y the front. `size` along these three, in Blender's units.
    """

    matrix: Matrix
    size: tuple[float, ...]


def frame_of(box: bpy.types.Object) -> Frame:
    """The oriented bounding box of an object. A negative scale turns nothing over, be it its own or a parent's."""
    low, high = placeholder.local_bounds(box)
    world = box.matrix_world
    axes: Any = _axes(box)
    size = tuple(axis.length * (high[n] - low[n]) for n, axis in enumerate(axes))
    up, back = axes[2].normalized(), axes[1]
    if up.z < 0 and axes[0].cross(axes[1]).dot(axes[2]) < 0:
        up = -up  # mirrored by a parent, which must not stand it upside down
    back = (back - up * back.dot(up)).normalized()
    rows: Any = (back.cross(up), back, up)
    turn = Matrix(rows).transposed()
    if turn.determinant() < 0.5:  # scaled to zero
        turn = world.to_quaternion().to_matrix()
        up = turn.col[2]
    floor = world @ ((low + high) / 2) - up * (size[2] / 2)
    return Frame(Matrix.Translation(floor.to_tuple()) @ turn.to_4x4(), size)


def is_sheared(box: bpy.types.Object) -> bool:
    """True where the sides are not at right angles, as below a parent with an uneven scale."""
    x, y, z = (axis.normalized() for axis in _axes(box))
    return max(abs(x.dot(y)), abs(y.dot(z)), abs(z.dot(x))) > SHEAR_LIMIT


def thin_sides(box: bpy.types.Object) -> str:
    """The sides along which the box has no thickness: "Z", "XYZ" where it has no size at all, "" for none."""
    size = frame_of(box).size
    return "".join(name for name, side in zip("XYZ", size, strict=True) if not side > max(size) * THIN)


def scale_into(size: Sequence[float], room: Sequence[float], *, stretch: bool) -> list[float]:
    """By what a model of `size` fills `room`: the same along all three axes, unless it is stretched.

    A side of either that has no length sets no scale.
    """
    factors = [wanted / side if side > meshes.SMALLEST_SIDE else 0.0 for side, wanted in zip(size, room, strict=True)]
    even = min((factor for factor in factors if factor > 0), default=1.0)
    return [(factor if stretch else 0.0) or even for factor in factors]


def fill(boxes: Sequence[bpy.types.Object], model: bpy.types.Object, *, stretch: bool) -> tuple[bpy.types.Scene, str]:
    """Stands `model` into the first of `boxes` and linked duplicates of it into the others; the boxes are hidden.

    The model's origin has to be the middle of its underside. It gets the box's name, parent and collections, and is
    selected where the box was. The scene, and in words what is not as it was meant. Pushes no undo step.
    """
    scene = placeholder.scene_of(boxes[0]) or windows.shown_scene()
    low, high = meshes.bounds(mesh_of(model))
    frames = [frame_of(box) for box in boxes]
    scales = [scale_into((high - low).to_tuple(), frame.size, stretch=stretch) for frame in frames]
    mesh_of(model).transform(Matrix.Diagonal((*scales[0], 1)))
    items = [model, *(model.copy() for _ in boxes[1:])]
    for item, box, frame, scale in zip(items, boxes, frames, scales, strict=True):
        for collection in box.users_collection:
            collection.objects.link(item)
        _take_parent(item, box)
        ratio = [one / first for one, first in zip(scale, scales[0], strict=True)]
        item.matrix_world = frame.matrix @ Matrix.Diagonal((*ratio, 1))
        swap.take_over(box, item)
    return scene, _remarks(boxes) or placeholder.why_unseen(model, scene)


def _axes(box: bpy.types.Object) -> list[Vector]:
    """The box's X, Y and Z in world space, each as long as the scale along it, as if its own scale were positive."""
    columns: Any = box.matrix_world.to_3x3().col
    return [Vector(columns[n]) * (-1 if box.scale[n] * box.delta_scale[n] < 0 else 1) for n in range(3)]


def _take_parent(item: bpy.types.Object, box: bpy.types.Object) -> None:
    item.rotation_mode = box.rotation_mode
    if box.parent is not None:
        item.parent = box.parent
        item.parent_type = box.parent_type
        item.parent_bone = box.parent_bone
        item.parent_vertices = box.parent_vertices
        item.matrix_parent_inverse = box.matrix_parent_inverse


def _remarks(boxes: Sequence[bpy.types.Object]) -> str:
    """What became of the boxes after the press."""
    for box in boxes:
        if thin_sides(box):
            return f"The box “{box.name}” has lost its thickness, so the model's size is a guess."
        if is_sheared(box):
            return f"The box “{box.name}” is sheared by now; the model stands in it upright."
    return ""
