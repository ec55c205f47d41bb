"""How good a rebuilt mesh is: its faces, its UVs, how far it is from what it was, and how different it looks.

Measured here on its own, not by what the add-on judges with.
"""

from math import pi
from pathlib import Path
from typing import Any, NamedTuple

import bmesh
import bpy
import numpy as np
from mathutils import Euler
from mathutils.bvhtree import BVHTree

Array = Any
UV_GRID = 1024
POINTS = 20_000
SAMPLES = 128
"""Of 16, a hundred shells differed by 2.5 % from themselves with another seed."""
VIEWS = [(pi / 2, 0, turn * pi / 2) for turn in range(4)] + [(0, 0, 0), (pi, 0, 0)]
"""Front, right, back, left, top, bottom: how the camera is turned."""


class Faces(NamedTuple):
    count: int
    quads: float  # share
    open_edges: int  # with one face
    crowded_edges: int  # with more than two


def faces_of(mesh: Any) -> Faces:
    work = bmesh.new()
    work.from_mesh(mesh)
    linked = np.array([len(edge.link_faces) for edge in work.edges])
    sides = np.array([len(face.verts) for face in work.faces])
    work.free()
    return Faces(len(sides), float((sides == 4).mean()), int((linked < 2).sum()), int((linked > 2).sum()))


class Uvs(NamedTuple):
    lowest: float
    highest: float
    overlap: float  # share of what is covered that is covered more than once
    filled: float  # share of the square
    stretch: float  # mean, weighted by area: 0 where lengths have the same scale in all directions and everywhere


def uvs_of(mesh: Any) -> Uvs:
    corners, uvs = _triangles(mesh)
    covered = np.zeros((UV_GRID, UV_GRID), np.int32)
    for triangle in uvs * UV_GRID:
        _draw(covered, triangle)
    once, often = int((covered > 0).sum()), int((covered > 1).sum())
    return Uvs(float(uvs.min()), float(uvs.max()), often / once, once / UV_GRID**2, _stretch(corners, uvs))


def _triangles(mesh: Any) -> tuple[Array, Array]:
    """Places (T, 3, 3) and UVs (T, 3, 2) of the corners."""
    mesh.calc_loop_triangles()
    loops = np.empty(len(mesh.loop_triangles) * 3, np.int32)
    mesh.loop_triangles.foreach_get("loops", loops)
    vertices = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", vertices)
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    uvs = np.zeros(len(mesh.loops) * 2, np.float32)
    if mesh.uv_layers:
        mesh.uv_layers.active.uv.foreach_get("vector", uvs)
    corners = points.reshape(-1, 3)[vertices[loops]].reshape(-1, 3, 3)
    return corners.astype(np.float64), uvs.reshape(-1, 2)[loops].reshape(-1, 3, 2).astype(np.float64)


def _draw(covered: Array, triangle: Array) -> None:
    """Counts the pixels whose middle is within it: one on a common edge is within one of the two triangles only."""
    low = np.maximum(np.floor(triangle.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(triangle.max(0)).astype(int), UV_GRID)
    if (high <= low).any():
        return
    x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
    (ax, ay), (bx, by), (cx, cy) = triangle
    turn = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if turn < 0:
        (bx, by), (cx, cy) = (cx, cy), (bx, by)
    inside = np.ones(x.shape, bool)
    for (px, py), (qx, qy) in (((ax, ay), (bx, by)), ((bx, by), (cx, cy)), ((cx, cy), (ax, ay))):
        side = (qx - px) * (y - py) - (qy - py) * (x - px)
        inside &= (side > 1e-9) | ((np.abs(side) <= 1e-9) & ((qy < py) | ((qy == py) & (qx > px))))
    covered[low[1] : high[1], low[0] : high[0]] += inside


def _stretch(corners: Array, uvs: Array) -> float:
    edges, flat = corners[:, 1:] - corners[:, :1], uvs[:, 1:] - uvs[:, :1]
    areas = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1) / 2
    turn = flat[:, 0, 0] * flat[:, 1, 1] - flat[:, 0, 1] * flat[:, 1, 0]
    good = (np.abs(turn) > 1e-14) & (areas > 1e-14)
    edges, flat, areas, turn = edges[good], flat[good], areas[good], turn[good]
    along_u = (edges[:, 0] * flat[:, 1, 1, None] - edges[:, 1] * flat[:, 0, 1, None]) / turn[:, None]
    along_v = (edges[:, 1] * flat[:, 0, 0, None] - edges[:, 0] * flat[:, 1, 0, None]) / turn[:, None]
    a, b, c = (along_u**2).sum(1), (along_u * along_v).sum(1), (along_v**2).sum(1)
    root = np.sqrt((a - c) ** 2 + 4 * b**2)
    most, least = np.sqrt((a + c + root) / 2), np.sqrt(np.maximum((a + c - root) / 2, 1e-18))
    return float(np.average(most / least, weights=areas) - 1)


class Distance(NamedTuple):
    """As shares of the size: on average, and what 99 of 100 points are within."""

    mean: float
    most: float


def distances(one: Any, other: Any) -> tuple[Distance, Distance]:
    """From the one mesh to the other, and back."""
    corners = [_triangles(mesh)[0] for mesh in (one, other)]
    size = float(np.ptp(corners[0].reshape(-1, 3), axis=0).max())
    return _distance(corners[0], corners[1], size), _distance(corners[1], corners[0], size)


def _distance(start: Array, end: Array, size: float) -> Distance:
    areas = np.linalg.norm(np.cross(start[:, 1] - start[:, 0], start[:, 2] - start[:, 0]), axis=1)
    random = np.random.default_rng(1)
    chosen = start[random.choice(len(start), POINTS, p=areas / areas.sum())]
    shares = random.dirichlet((1, 1, 1), POINTS)
    points = np.einsum("nc,ncx->nx", shares, chosen)
    tree = BVHTree.FromPolygons(
        end.reshape(-1, 3).tolist(), np.arange(len(end) * 3).reshape(-1, 3).tolist(), all_triangles=True
    )
    found = np.array([tree.find_nearest(point)[3] for point in points.tolist()]) / size
    return Distance(float(found.mean()), float(np.percentile(found, 99)))


def views(mesh: Any, middle: Any, size: float, side_px: int, folder: Path) -> Array:
    """The mesh from six sides, (6, side, side, 4), in the same light each time."""
    scene: Any = bpy.data.scenes.new("views")
    camera = bpy.data.cameras.new("views")
    camera.type, camera.ortho_scale = 'ORTHO', size * 1.1
    camera.clip_end = size * 10
    seen_from, item = bpy.data.objects.new("camera", camera), bpy.data.objects.new("seen", mesh)
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", 'SUN'))
    sun.data.energy, sun.rotation_euler = 2.0, (0.6, 0.3, 0.4)
    for each in (seen_from, item, sun):
        scene.collection.objects.link(each)
    scene.camera = seen_from
    scene.world = bpy.data.worlds.new("views")
    if scene.world.node_tree is None:
        scene.world.use_nodes = True
    background = next(node for node in scene.world.node_tree.nodes if node.type == 'BACKGROUND')
    background.inputs["Color"].default_value = (0.8, 0.8, 0.8, 1)
    scene.render.engine = 'CYCLES'
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.seed = SAMPLES, False, 3
    scene.render.film_transparent = True
    scene.render.resolution_x = scene.render.resolution_y = side_px
    scene.view_settings.view_transform = 'Standard'
    found = []
    for number, turn in enumerate(VIEWS):
        turned = Euler(turn)
        seen_from.rotation_euler = turned
        seen_from.location = middle + turned.to_matrix().col[2] * size * 3
        scene.render.filepath = str(folder / f"view-{number}.png")
        bpy.ops.render.render(write_still=True, scene=scene.name)
        image = bpy.data.images.load(scene.render.filepath)
        pixels = np.empty(side_px * side_px * 4, np.float32)
        image.pixels.foreach_get(pixels)
        bpy.data.images.remove(image)
        found.append(pixels.reshape(side_px, side_px, 4)[::-1])
    bpy.data.batch_remove([item, seen_from, sun])
    bpy.data.scenes.remove(scene)
    return np.stack(found)


def difference(one: Array, other: Array) -> float:
    """Of the colours, from 0 to 1, on average of the pixels where there is one of the two."""
    is_seen = np.maximum(one[..., 3], other[..., 3]) > 0.5
    colours = [each[..., :3] * each[..., 3:] for each in (one, other)]
    return float(np.abs(colours[0] - colours[1]).mean(-1)[is_seen].mean())


def side_by_side(one: Array, other: Array, path: Path) -> None:
    """A picture for people: the one above, the other below."""
    from PIL import Image

    rows = []
    for each in (one, other):
        on_grey = each[..., :3] * each[..., 3:] + 0.25 * (1 - each[..., 3:])
        rows.append(np.concatenate(list(on_grey), axis=1))
    pixels = (np.concatenate(rows, axis=0).clip(0, 1) * 255 + 0.5).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
