# SPDX-License-Identifier: GPL-3.0-or-later
"""A closed shape out of any: its holes filled, what overlaps made one, in steps of the detail that is asked for. The
colours are carried over to the new points.

Colours of points and not a new texture: they are as fine as the shape itself, need no UVs, and programs for printing
read them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree

from ..arrays import pixels, values
from .shape import Array, CannotPrint, Look, Paint, Shape, edge_uses, in_srgb, sides_mm, without_slivers

STEPS_LIMIT = 500
"""Of the detail along the longest side: more than a million faces."""
STEPS = 200
"""Unless a detail is chosen."""
TRIES = (1.0, 0.97, 0.93)
"""Of the detail: now and then Blender makes an edge of more than two faces, and another step makes none."""
MEASURED_POINTS = 20_000
GONE_STEPS = 1.5
"""What of the old surface is outside of the new one by more is gone."""
SKIN_STEPS = 0.5
"""What of the new surface has less material behind it is a skin that no printer prints."""
THIN_SAID, THIN_LIMIT = 0.005, 0.5
"""Shares of the surface that is gone or a skin: what is said, and what is too much."""


@dataclass(frozen=True, slots=True)
class Printable:
    """A closed shape with colours."""

    points: Array
    """Points × 3, float32, in millimetres."""
    faces: Array
    """Faces × 4, int32."""
    colours: Array
    """Points × 3 in sRGB from 0 to 1."""
    thin: float
    """Which share of the surface is too thin for the detail."""
    detail_mm: float


def detail_of(size_mm: float, wanted_mm: float) -> float:
    """The detail for a longest side of `size_mm`. Raises CannotPrint where that is too fine."""
    least = size_mm / STEPS_LIMIT
    if 0 < wanted_mm < least * 0.999:
        raise CannotPrint(
            f"A detail of {wanted_mm:g} mm is too fine for {size_mm:.0f} mm. Choose {least:.2g} mm or more, or print "
            f"it smaller."
        )
    return wanted_mm if wanted_mm > 0 else size_mm / STEPS


def remesh(shape: Shape, look: Look, wanted_mm: float) -> Printable:
    """Takes seconds, and minutes for many steps. Raises CannotPrint."""
    detail_mm = detail_of(max(sides_mm(shape.points)), wanted_mm)
    sound = without_slivers(shape.triangles)
    if not sound.any():
        raise CannotPrint("None of its faces has a surface.")
    points, faces = _closed(Shape(shape.points, shape.triangles[sound]), detail_mm)
    new = BVHTree.FromPolygons(points.tolist(), faces.tolist())
    thin = max(_gone(shape, new, detail_mm * GONE_STEPS), _skin(points, faces, new, detail_mm * SKIN_STEPS))
    if thin > THIN_LIMIT:
        raise _too_thin(detail_mm)
    return Printable(points, faces, _colours(points, shape, look), thin, detail_mm)


def _too_thin(detail_mm: float) -> CannotPrint:
    return CannotPrint(
        f"Most of it is thinner than the detail of {detail_mm:.2g} mm. Choose a finer detail, print it larger, or give "
        f"it thickness with a Solidify modifier."
    )


def _closed(shape: Shape, detail_mm: float) -> tuple[Array, Array]:
    with _mesh(shape) as mesh:
        if (edge_uses(shape.triangles)[0] == 1).any():
            _fill_holes(mesh)
        for share in TRIES:
            points, faces = _remeshed(mesh, detail_mm * share)
            if not len(faces):
                raise _too_thin(detail_mm)
            if (edge_uses(faces)[0] == 2).all():
                return points, faces
    raise CannotPrint("Blender's Remesh leaves it open. Choose another detail.")


@contextmanager
def _mesh(shape: Shape) -> Iterator[bpy.types.Mesh]:
    mesh: Any = bpy.data.meshes.new("Trellis print")
    try:
        mesh.vertices.add(len(shape.points))
        mesh.attributes["position"].data.foreach_set("vector", shape.points.ravel())
        mesh.loops.add(shape.triangles.size)
        mesh.attributes[".corner_vert"].data.foreach_set("value", shape.triangles.ravel())
        mesh.polygons.add(len(shape.triangles))
        mesh.polygons.foreach_set("loop_start", np.arange(0, shape.triangles.size, 3, dtype=np.int32))
        mesh.update(calc_edges=True)
        yield mesh
    finally:
        bpy.data.meshes.remove(mesh)


def _fill_holes(mesh: bpy.types.Mesh) -> None:
    """Remesh takes what is not closed for a sheet, and makes a hollow skin of it."""
    import bmesh

    from ..meshes import edited

    with edited(mesh) as work:
        borders = [edge for edge in work.edges if edge.is_boundary]
        filled = bmesh.ops.holes_fill(work, edges=borders, sides=0)["faces"]
        bmesh.ops.triangulate(work, faces=filled)


def _remeshed(mesh: bpy.types.Mesh, step_mm: float) -> tuple[Array, Array]:
    stage = bpy.data.scenes.new("Trellis print")
    item = bpy.data.objects.new("Trellis print", mesh)
    try:
        stage.collection.objects.link(item)
        modifier: Any = item.modifiers.new("Remesh", 'REMESH')
        modifier.mode = 'VOXEL'
        modifier.voxel_size = step_mm
        layer: Any = stage.view_layers[0]
        layer.update()
        made: Any = item.evaluated_get(layer.depsgraph).data
        return values(made.vertices, "co", 3), values(made.loops, "vertex_index", kind=np.int32).reshape(-1, 4)
    finally:
        bpy.data.objects.remove(item)
        bpy.data.scenes.remove(stage)


def _gone(shape: Shape, new: BVHTree, beyond_mm: float) -> float:
    """The share of the surface that lies outside of the new one; what is inside of it was an overlap."""
    a, b, c = shape.corners()
    areas = np.cumsum(np.linalg.norm(np.cross(b - a, c - a), axis=1))
    if areas[-1] <= 0:
        return 1.0
    chance = np.random.default_rng(1)
    chosen = np.searchsorted(areas, chance.random(MEASURED_POINTS) * areas[-1]).clip(max=len(areas) - 1)
    places = ((a + b + c)[chosen] / 3).tolist()
    return sum(_is_outside(new, place, beyond_mm) for place in places) / MEASURED_POINTS


def _skin(points: Array, faces: Array, tree: BVHTree, wall_mm: float) -> float:
    """The share of the new surface with less than a wall behind it; its faces are of about one size.

    A place half a wall below a face is outside again where there is less.
    """
    chosen = faces[np.random.default_rng(1).choice(len(faces), min(MEASURED_POINTS, len(faces)), replace=False)]
    a, b, c, d = (points[chosen[:, corner]].astype(np.float64) for corner in range(4))
    normals = np.cross(c - a, d - b)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    places = (a + b + c + d) / 4 - normals * wall_mm / 2
    return sum(_is_outside(tree, place, 0.0) for place in places.tolist()) / len(chosen)


def _is_outside(tree: BVHTree, point: list[float], beyond_mm: float) -> bool:
    place, normal, _, distance = tree.find_nearest(point)
    if place is None or normal is None or distance is None or distance <= beyond_mm:
        return False
    return sum((point[axis] - place[axis]) * normal[axis] for axis in range(3)) > 0


def _colours(points: Array, shape: Shape, look: Look) -> Array:
    """Of each new point, what the old surface shows at the nearest place."""
    if len(look.paints) == 1 and look.paints[0].picture is None and not look.paints[0].shows_vertex_colours:
        return np.tile(np.array(look.paints[0].colour, np.float32), (len(points), 1))
    tree = BVHTree.FromPolygons(shape.points.tolist(), shape.triangles.tolist(), all_triangles=True)
    near = [tree.find_nearest(point) for point in points.tolist()]
    triangles = np.array([found[2] or 0 for found in near])
    places = np.array([found[0] if found[0] is not None else (0, 0, 0) for found in near], np.float64)
    weights = _weights(places, shape.points[shape.triangles[triangles]].astype(np.float64))
    slots = np.zeros(len(points), np.int64)
    if look.slots is not None:
        slots = look.slots[triangles].clip(0, len(look.paints) - 1)
    colours = np.empty((len(points), 3), np.float32)
    for slot, paint in enumerate(look.paints):
        of_slot = slots == slot
        pixels = _pixels(paint) if look.uvs is not None else None
        if pixels is not None and look.uvs is not None:
            uvs = np.einsum("pc,pcx->px", weights[of_slot], look.uvs[triangles[of_slot]])
            colours[of_slot] = _sampled(pixels, uvs)
        elif paint.shows_vertex_colours and look.colours is not None:
            colours[of_slot] = np.einsum("pc,pcx->px", weights[of_slot], look.colours[triangles[of_slot]])
        else:
            colours[of_slot] = paint.colour
    return colours.clip(0, 1)


def _weights(places: Array, corners: Array) -> Array:
    """Barycentric coordinates of places in triangles."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    whole = np.cross(b - a, c - a)
    area = np.einsum("ij,ij->i", whole, whole)
    found = np.stack(
        [np.einsum("ij,ij->i", np.cross(p - places, q - places), whole) for p, q in ((b, c), (c, a), (a, b))], axis=-1
    )
    flat = area <= 0
    found[flat], area[flat] = (1.0, 0.0, 0.0), 1.0
    return found / area[:, None]


def _pixels(paint: Paint) -> Array | None:
    """Height × width × 3 in sRGB; None where there is no picture, or it cannot be decoded."""
    if paint.picture is None or isinstance(paint.picture, np.ndarray):
        return paint.picture if paint.picture is None else paint.picture[..., :3]
    if isinstance(paint.picture, Path):
        if not paint.picture.is_file():
            return None
        image = bpy.data.images.load(str(paint.picture))
    else:
        image = bpy.data.images.new("Trellis print", 8, 8)
        image.pack(data=paint.picture, data_len=len(paint.picture))  # pyright: ignore[reportArgumentType]
        image.source = 'FILE'
    try:
        if not image.size[0] or not image.size[1]:
            return None
        found = pixels(image)[..., : min(3, image.channels)]
        if found.shape[-1] < 3:
            found = np.repeat(found[..., :1], 3, axis=-1)
        return in_srgb(found) if image.is_float else found
    finally:
        bpy.data.images.remove(image)


def _sampled(pixels: Array, uvs: Array) -> Array:
    """The pixel at each place, the picture repeated beyond its edge."""
    height, width = pixels.shape[:2]
    columns = (np.floor(uvs[:, 0] * width).astype(np.int64)) % width
    rows = (np.floor(uvs[:, 1] * height).astype(np.int64)) % height
    return pixels[rows, columns]
