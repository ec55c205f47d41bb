# SPDX-License-Identifier: GPL-3.0-or-later
"""Fits a model into a box of a block-out: upright, its front towards the box's -Y, on the bottom of the box."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import bpy
from mathutils import Matrix, Vector

from .. import meshes, windows
from ..meshes import mesh_of
from ..placement import placeholder
from . import swap

SHEAR_LIMIT = 1e-4
"""Limit for the cosine between two sides of a box: within rounding errors it is a right angle."""
THIN = 1e-4
"""Share of the longest side: a shorter side counts as zero."""


class Frame(NamedTuple):
    """A box in world space. `matrix` rotates and moves, without scale: its origin is the bottom centre, +Z is up and -Y
    is the front. `size` is along its three axes, in Blender units.
    """

    matrix: Matrix
    size: tuple[float, ...]


def frame_of(box: bpy.types.Object) -> Frame:
    """The oriented bounding box of an object. A negative scale, its own or a parent's, does not turn it upside down."""
    low, high = placeholder.local_bounds(box)
    world = box.matrix_world
    axes: Any = _axes(box)
    size = tuple(axis.length * (high[n] - low[n]) for n, axis in enumerate(axes))
    up, back = axes[2].normalized(), axes[1]
    if up.z < 0 and axes[0].cross(axes[1]).dot(axes[2]) < 0:
        up = -up  # mirrored by a parent, and must not be upside down
    back = (back - up * back.dot(up)).normalized()
    rows: Any = (back.cross(up), back, up)
    turn = Matrix(rows).transposed()
    if turn.determinant() < 0.5:  # scaled to zero
        turn = world.to_quaternion().to_matrix()
        up = turn.col[2]
    floor = world @ ((low + high) / 2) - up * (size[2] / 2)
    return Frame(Matrix.Translation(floor.to_tuple()) @ turn.to_4x4(), size)


def is_sheared(box: bpy.types.Object) -> bool:
    """True if the sides are not at right angles, as under a parent with a non-uniform scale."""
    x, y, z = (axis.normalized() for axis in _axes(box))
    return max(abs(x.dot(y)), abs(y.dot(z)), abs(z.dot(x))) > SHEAR_LIMIT


def thin_sides(box: bpy.types.Object) -> str:
    """The axes along which the box has no thickness: "Z"; "XYZ" if it has no size at all; "" for none."""
    size = frame_of(box).size
    return "".join(name for name, side in zip("XYZ", size, strict=True) if not side > max(size) * THIN)


def scale_into(size: Sequence[float], room: Sequence[float], *, stretch: bool) -> list[float]:
    """The scale along each axis with which a model of `size` fills `room`: the same for all axes, unless `stretch`.

    A side without length, in either of the two, is ignored.
    """
    factors = [wanted / side if side > meshes.SMALLEST_SIDE else 0.0 for side, wanted in zip(size, room, strict=True)]
    even = min((factor for factor in factors if factor > 0), default=1.0)
    return [(factor if stretch else 0.0) or even for factor in factors]


def fill(boxes: Sequence[bpy.types.Object], model: bpy.types.Object, *, stretch: bool) -> tuple[bpy.types.Scene, str]:
    """Puts `model` into the first of `boxes` and linked duplicates of it into the others, and hides the boxes.

    The model's origin must be at its bottom centre. It gets the box's name, parent and collections, and is selected if
    the box was. Returns the scene, and a sentence about what could not be done as intended. Pushes no undo step.
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
        placeholder.take_parent(item, box)
        ratio = [one / first for one, first in zip(scale, scales[0], strict=True)]
        item.matrix_world = frame.matrix @ Matrix.Diagonal((*ratio, 1))
        swap.take_over(box, item)
    return scene, _problems(boxes) or placeholder.why_unseen(model, scene)


def _axes(box: bpy.types.Object) -> list[Vector]:
    """The box's X, Y and Z axes in world space, with the scale as their length, as if its own scale were positive."""
    columns: Any = box.matrix_world.to_3x3().col
    return [Vector(columns[n]) * (-1 if box.scale[n] * box.delta_scale[n] < 0 else 1) for n in range(3)]


def _problems(boxes: Sequence[bpy.types.Object]) -> str:
    """A sentence about what has happened to the boxes since the press; "" for nothing."""
    for box in boxes:
        if thin_sides(box):
            return f"The box “{box.name}” has become flat, so the model's size is a guess."
        if is_sheared(box):
            return f"The box “{box.name}” has been sheared, so the model stands upright in it."
    return ""
