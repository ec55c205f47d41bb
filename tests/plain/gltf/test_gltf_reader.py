"""One welded mesh out of a GLB, against what plain Python makes of the same numbers, slowly and row by row."""

import math
import random
import subprocess
import sys
import threading
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from glb_parts import (
    BYTE,
    FLOAT,
    INT,
    SHORT,
    TRIANGLE,
    add_part,
    empty,
    packed,
    put,
    put_indices,
    with_points,
    written,
)
from models import box_glb, colours_glb, prism_glb
from mutants import Parts
from places import ROOT
from service import FIXTURES

from trellis_blender.gltf.accessors import PIECE
from trellis_blender.gltf.equal_rows import first_equals
from trellis_blender.gltf.model import LeftOut, MeshArrays, Model
from trellis_blender.gltf.reader import read_model

Point = tuple[float, ...]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Parts | bytes], Model]:
    return lambda content: read_model(written(tmp_path, content))


Read = Callable[[Parts | bytes], Model]


def corners_of(mesh: MeshArrays) -> list[Point]:
    """The places of all corners, in their order."""
    return [tuple(mesh.positions[vertex].tolist()) for vertex in mesh.corner_vertices]


def turned(points: list[Any]) -> list[Point]:
    """From glTF's axes to Blender's."""
    return [(x, -z, y) for x, y, z in points]


def test_positions_are_in_blenders_axes(read: Read) -> None:
    mesh = read(with_points([(1, 2, 3), (4, 5, 6), (7, 8, 10)])).mesh
    assert corners_of(mesh) == [(1, -3, 2), (4, -6, 5), (7, -10, 8)]
    assert mesh.positions.dtype == np.float32
    assert all(each.flags.c_contiguous for each in (mesh.positions, mesh.edges, mesh.corner_vertices))


# Accessors


@pytest.mark.parametrize(
    ("component", "rows", "normalized", "expected"),
    [
        (5120, [(-128, 127, 0), (5, -5, 1), (1, 2, 3)], False, None),
        (5121, [(255, 127, 0), (5, 0, 1), (1, 2, 3)], False, None),
        (5122, [(-32768, 32767, 0), (5, -5, 1), (1, 2, 3)], False, None),
        (5123, [(65535, 32767, 0), (5, 0, 1), (1, 2, 3)], False, None),
        (5125, [(2**31, 1, 0), (5, 0, 1), (1, 2, 3)], False, None),
        (5126, [(0.5, -1.5, 0), (5, 0, 1), (1, 2, 3)], False, None),
        (5120, [(-128, 127, 0), (-127, -64, 64), (1, 2, 3)], True, 127),
        (5121, [(255, 127, 0), (5, 0, 1), (1, 2, 3)], True, 255),
        (5122, [(-32768, 32767, 0), (-32767, -5, 1), (1, 2, 3)], True, 32767),
        (5123, [(65535, 32767, 0), (5, 0, 1), (1, 2, 3)], True, 65535),
    ],
)
def test_every_kind_of_number(
    read: Read, component: int, rows: list[Point], normalized: bool, expected: float | None
) -> None:
    parts = empty()
    add_part(parts, {"POSITION": put(parts, rows, component, normalized=normalized)})
    wanted = [tuple(max(value / (expected or 1), -1 if expected else -math.inf) for value in row) for row in rows]
    assert corners_of(read(parts).mesh) == [pytest.approx(each, rel=1e-6) for each in turned(wanted)]


@pytest.mark.parametrize("component", [BYTE, SHORT, INT])
def test_every_kind_of_index(read: Read, component: int) -> None:
    parts = empty()
    points = [(float(n), float(n * n), 0.0) for n in range(5)]
    indices = put_indices(parts, [4, 2, 0, 1, 3, 4], component)
    add_part(parts, {"POSITION": put(parts, points)}, indices=indices)
    assert corners_of(read(parts).mesh) == turned([points[n] for n in (4, 2, 0, 1, 3, 4)])


def interleaved() -> Parts:
    """Positions and UVs in one view, one after the other, with a gap; the accessors begin within it."""
    parts = empty()
    rows = b"".join(
        b"\xff" * 4 + packed([point], FLOAT) + packed([uv], SHORT) + b"\xff" * 4
        for point, uv in zip(TRIANGLE, [(0, 65535), (65535, 0), (13107, 13107)], strict=True)
    )
    position = parts.add(b"\xff" * 8 + rows, FLOAT, "VEC3", 3, byteOffset=12)
    view = parts.gltf["accessors"][position]["bufferView"]
    parts.gltf["bufferViews"][view]["byteStride"] = 24
    uv = {"bufferView": view, "byteOffset": 24, "componentType": SHORT, "type": "VEC2", "count": 3, "normalized": True}
    parts.gltf["accessors"].append(uv)
    add_part(parts, {"POSITION": position, "TEXCOORD_0": len(parts.gltf["accessors"]) - 1})
    return parts


def test_numbers_that_stand_between_others(read: Read) -> None:
    mesh = read(interleaved()).mesh
    assert corners_of(mesh) == turned(TRIANGLE)
    assert mesh.uv_sets[0].tolist() == [pytest.approx(uv) for uv in ([0, 0], [1, 1], [0.2, 0.8])]


@pytest.mark.parametrize("has_base", [True, False])
def test_sparse_positions(read: Read, has_base: bool) -> None:
    parts = empty()
    position = put(parts, TRIANGLE)
    accessor = parts.gltf["accessors"][position]
    if not has_base:
        del accessor["bufferView"]
    places, values = put_indices(parts, [1, 2], SHORT), put(parts, [(5, 0, 0), (0, 7, 0)])
    views = [parts.gltf["accessors"][number]["bufferView"] for number in (places, values)]
    accessor["sparse"] = {
        "count": 2,
        "indices": {"bufferView": views[0], "componentType": SHORT},
        "values": {"bufferView": views[1]},
    }
    add_part(parts, {"POSITION": position})
    assert corners_of(read(parts).mesh) == turned([(0, 0, 0), (5, 0, 0), (0, 7, 0)])


def test_a_buffer_that_is_a_text_in_the_description(read: Read) -> None:
    from base64 import b64encode

    parts = with_points(TRIANGLE)
    text = b64encode(bytes(parts.binary)).decode()
    parts.gltf["buffers"][0]["uri"] = "data:application/octet-stream;base64," + text
    parts.binary.clear()
    assert corners_of(read(parts).mesh) == turned(TRIANGLE)


# What the triangles are


def test_a_strip_and_a_fan(read: Read) -> None:
    points = [(math.cos(n), math.sin(n), n / 7) for n in range(7)]
    strip = [(n, n + 1, n + 2) if n % 2 == 0 else (n, n + 2, n + 1) for n in range(5)]
    fan = [(0, n, n + 1) for n in range(1, 6)]
    for mode, faces in ((5, strip), (6, fan)):
        found = corners_of(read(with_points(points, mode=mode)).mesh)
        assert found == [pytest.approx(each, abs=1e-6) for each in turned([points[n] for face in faces for n in face])]


def test_a_strip_of_more_than_one_piece(read: Read) -> None:
    """Which side of a triangle is the front one must not depend on where a piece begins."""
    count = PIECE + 7
    parts = empty()
    points = np.zeros((count + 2, 3), "<f4")
    points[:, 0], points[:, 1] = np.arange(count + 2), np.arange(count + 2) % 2
    add_part(parts, {"POSITION": parts.add(points.tobytes(), FLOAT, "VEC3", len(points))}, mode=5)
    mesh = read(parts).mesh
    assert len(mesh.material_indices) == count
    a, b, c = (mesh.positions[mesh.corner_vertices[n::3]] for n in range(3))
    fronts = np.cross(b - a, c - a)[:, 1]
    assert (fronts > 0).all() or (fronts < 0).all()


def test_points_and_lines_beside_triangles_are_counted(read: Read) -> None:
    parts = with_points(TRIANGLE)
    position = parts.gltf["meshes"][0]["primitives"][0]["attributes"]["POSITION"]
    for mode in (0, 1, 2, 3):
        add_part(parts, {"POSITION": position}, mode=mode, indices=put_indices(parts, [0, 1]))
    model = read(parts)
    assert len(model.mesh.material_indices) == 1
    assert model.left_out == LeftOut(loose_elements=8)
    assert model.left_out.said() == ["This model has points or lines beside its surface. They are left out."]


def test_degenerate_and_doubled_triangles_are_dropped_and_counted(read: Read) -> None:
    points = [*TRIANGLE, (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (9.0, 9.0, 9.0)]
    # The 4 lies where the 1 does; the 5 is in a triangle that is none.
    indices = [0, 1, 2, 0, 0, 2, 1, 4, 3, 2, 0, 4, 0, 2, 1, 0, 1, 3, 5, 5, 0]
    parts = with_points(points, indices)
    part = parts.gltf["meshes"][0]["primitives"][0]
    part["attributes"]["TEXCOORD_0"] = put(parts, [(n / 8, 0) for n in range(6)])
    model = read(parts)
    assert model.left_out == LeftOut(degenerate_triangles=3, doubled_triangles=2)
    assert model.left_out.said() == [], "nobody misses them"
    assert corners_of(model.mesh) == turned([points[n] for n in (0, 1, 2, 0, 1, 3)])
    assert model.mesh.uv_sets[0][:, 0].tolist() == [0, 1 / 8, 2 / 8, 0, 1 / 8, 3 / 8]
    assert len(model.mesh.positions) == 4


def test_vertices_that_no_triangle_uses_are_not_there(read: Read) -> None:
    mesh = read(with_points([(9.0, 9.0, 9.0), *TRIANGLE, (8.0, 8.0, 8.0)], [1, 2, 3])).mesh
    assert sorted(map(tuple, mesh.positions.tolist())) == sorted(turned(TRIANGLE))


def test_vertices_of_one_place_are_one(read: Read) -> None:
    """Also where the sign of 0 differs; not where a place differs in its last bit."""
    near = float(np.nextafter(np.float32(1), np.float32(2)))
    points = [*TRIANGLE, (-0.0, 0.0, -0.0), (0.0, 1.0, 0.0), (near, 0.0, 0.0)]
    mesh = read(with_points(points, [0, 1, 2, 3, 4, 5])).mesh
    assert len(mesh.positions) == 4
    assert mesh.corner_vertices.tolist() == [0, 1, 2, 0, 2, 3]


# Which rows are equal

HASHED_ALIKE = (-372242, 551297, 3425731)
"""Added to three numbers, these change nothing in their hash."""


def slow_first_equals(rows: list[tuple[int, ...]]) -> list[int]:
    found: dict[tuple[int, ...], int] = {}
    return [found.setdefault(row, number) for number, row in enumerate(rows)]


@pytest.mark.parametrize("count", [1, 2, 100, 3 * PIECE + 5])
def test_equal_rows_are_found(count: int) -> None:
    chance = np.random.default_rng(count)
    columns = [chance.integers(0, max(count // 40, 2), count).astype(np.uint32) for _ in range(2)]
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    assert first_equals(columns, lambda: None).tolist() == slow_first_equals(rows)


def test_rows_that_share_a_hash_are_told_apart() -> None:
    begins = [(10**6 + n, n % 5, n % 3) for n in range(50)]
    alike = [tuple(a + b for a, b in zip(row, HASHED_ALIKE, strict=True)) for row in begins]
    rows = [row for pair in zip(begins, alike, strict=True) for row in pair] * 3
    random.Random(0).shuffle(rows)
    columns = [np.array(column, np.uint32) for column in zip(*rows, strict=True)]
    assert first_equals(columns, lambda: None).tolist() == slow_first_equals(rows)


# Where it stands


def product(a: list[list[float]], b: list[list[float]]) -> list[list[float]]:
    return [[sum(a[i][k] * b[k][j] for k in range(4)) for j in range(4)] for i in range(4)]


def moved(matrix: list[list[float]], point: Point) -> Point:
    return tuple(sum(matrix[i][j] * (*point, 1.0)[j] for j in range(4)) for i in range(3))


def scaling(x: float, y: float, z: float) -> list[list[float]]:
    return [[x, 0, 0, 0], [0, y, 0, 0], [0, 0, z, 0], [0, 0, 0, 1]]


def translation(x: float, y: float, z: float) -> list[list[float]]:
    return [[1, 0, 0, x], [0, 1, 0, y], [0, 0, 1, z], [0, 0, 0, 1]]


def about_z(angle: float) -> list[list[float]]:
    c, s = math.cos(angle), math.sin(angle)
    return [[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def columns_of(matrix: list[list[float]]) -> list[float]:
    return [matrix[row][column] for column in range(4) for row in range(4)]


SHEAR = [[1, 0.5, 0, 1], [0, 1, 0.25, 2], [0, 0, 1, 3], [0, 0, 0, 1.0]]
TURN = math.pi / 3
QUATERNION = [0, 0, 2 * math.sin(TURN / 2), 2 * math.cos(TURN / 2)]
"""By a third of half a turn about z, and not of length 1."""


@pytest.mark.parametrize(
    ("nodes", "matrix"),
    [
        ([{"mesh": 0, "translation": [1, 2, 3]}], translation(1, 2, 3)),
        ([{"mesh": 0, "rotation": QUATERNION}], about_z(TURN)),
        ([{"mesh": 0, "scale": [2, 3, 4]}], scaling(2, 3, 4)),
        (
            [{"mesh": 0, "scale": [2, 3, 4], "rotation": QUATERNION, "translation": [1, 2, 3]}],
            product(translation(1, 2, 3), product(about_z(TURN), scaling(2, 3, 4))),
        ),
        ([{"mesh": 0, "matrix": columns_of(SHEAR)}], SHEAR),
        (
            [{"children": [1], "scale": [1, 2, 1]}, {"mesh": 0, "rotation": QUATERNION}],
            product(scaling(1, 2, 1), about_z(TURN)),
        ),
        ([{"mesh": 0, "scale": [1, 1, 0]}], scaling(1, 1, 0)),
        ([{"mesh": 0, "rotation": [0, 0, 0, 0]}], scaling(1, -1, -1)),
        ([{"mesh": 0, "matrix": None, "scale": None, "rotation": [], "translation": None}], scaling(1, 1, 1)),
    ],
)
def test_what_moves_a_mesh(read: Read, nodes: list[dict[str, Any]], matrix: list[list[float]]) -> None:
    points = [(1.0, 2.0, 0.5), (4.0, 3.0, -1.0), (0.0, 5.0, 2.0)]
    found = corners_of(read(with_points(points, nodes=nodes)).mesh)
    assert found == [pytest.approx(each, abs=1e-5) for each in turned([moved(matrix, point) for point in points])]


def volume(mesh: MeshArrays) -> float:
    """Positive where the front sides are outside."""
    a, b, c = (mesh.positions[mesh.corner_vertices[n::3]].astype(float) for n in range(3))
    return float((np.cross(a, b) * c).sum() / 6)


@pytest.mark.parametrize("scale", [(1, 1, 1), (-1, 1, 1), (1, -2, 1), (-1, -1, 1), (-1, -1, -1)])
def test_front_sides_stay_outside_in_a_mirror(read: Read, scale: Point) -> None:
    parts = Parts(box_glb())
    parts.gltf["nodes"][1]["scale"] = list(scale)
    sound, mesh = read(box_glb()).mesh, read(parts).mesh
    assert volume(sound) == pytest.approx(0.125)
    assert volume(mesh) == pytest.approx(0.125 * abs(math.prod(scale)))
    at = {point: tuple(uv) for point, uv in zip(corners_of(sound), sound.uv_sets[0].tolist(), strict=True)}
    assert len(at) == 8
    by_place = Counter((p, tuple(uv)) for p, uv in zip(corners_of(sound), sound.uv_sets[0].tolist(), strict=True))
    x, z, y = scale[0], scale[1], scale[2]
    back = [(a / x, b / y, c / z) for a, b, c in corners_of(mesh)]
    assert Counter((p, tuple(uv)) for p, uv in zip(back, mesh.uv_sets[0].tolist(), strict=True)) == by_place


def test_a_mesh_in_several_places_is_one_mesh(read: Read) -> None:
    nodes = [{"mesh": 0}, {"children": [2], "translation": [5, 0, 0]}, {"mesh": 0}, {"mesh": 0}]
    model = read(with_points(TRIANGLE, nodes=nodes))
    assert corners_of(model.mesh) == turned([*TRIANGLE, *((x + 5, y, z) for x, y, z in TRIANGLE)])
    assert model.left_out == LeftOut(doubled_triangles=1)


def test_which_scene_is_shown(read: Read) -> None:
    """The default one; without one the first; without scenes all nodes."""
    parts = with_points(TRIANGLE, nodes=[{"mesh": 0}, {"mesh": 0, "translation": [5, 0, 0]}])
    first, second = turned(TRIANGLE), turned([(x + 5, y, z) for x, y, z in TRIANGLE])
    parts.gltf["scenes"] = [{"nodes": [0]}, {"nodes": [1]}]
    for scene, expected in ((0, first), (1, second), (None, first)):
        parts.gltf["scene"] = scene
        assert corners_of(read(parts).mesh) == expected
    del parts.gltf["scenes"], parts.gltf["scene"]
    assert corners_of(read(parts).mesh) == first + second


def test_a_scene_that_begins_below_another_node(read: Read) -> None:
    """It stands where its parents put it, and once."""
    nodes = [{"children": [1], "translation": [5, 0, 0]}, {"mesh": 0}]
    parts = with_points(TRIANGLE, nodes=nodes)
    for begins in ([1], [1, 0], [0, 1]):
        parts.gltf["scenes"] = [{"nodes": begins}]
        assert corners_of(read(parts).mesh) == turned([(x + 5, y, z) for x, y, z in TRIANGLE])


# What stands at the corners


def test_sixteen_uv_sets_are_eight_as_in_blender(read: Read) -> None:
    parts = empty()
    uvs = {f"TEXCOORD_{n}": put(parts, [(n / 16, 0.25), (0, n / 16), (1, 1)]) for n in range(16)}
    add_part(parts, {"POSITION": put(parts, TRIANGLE), **uvs})
    model = read(parts)
    sets = model.mesh.uv_sets
    assert len(sets) == 8
    assert model.left_out.said() == ["This model has more UV maps than Blender allows. The last 8 are left out."]
    for n, each in enumerate(sets):
        assert each.tolist() == [[n / 16, 0.75], [0, 1 - n / 16], [1, 0]]


def test_uv_sets_end_at_a_gap(read: Read) -> None:
    parts = empty()
    uv = put(parts, [(0, 0)] * 3)
    add_part(parts, {"POSITION": put(parts, TRIANGLE), "TEXCOORD_0": uv, "TEXCOORD_2": uv})
    assert len(read(parts).mesh.uv_sets) == 1


def test_what_one_part_has_and_another_has_not(read: Read) -> None:
    parts = empty()
    further = [(x + 3, y, z) for x, y, z in TRIANGLE]
    uv, colour = put(parts, [(0.5, 0.25)] * 3), put(parts, [(1, 0.5, 0.25)] * 3)
    add_part(parts, {"POSITION": put(parts, TRIANGLE)})
    add_part(parts, {"POSITION": put(parts, further), "TEXCOORD_0": uv, "COLOR_0": colour})
    mesh = read(parts).mesh
    assert mesh.uv_sets[0].tolist() == [[0, 0]] * 3 + [[0.5, 0.75]] * 3
    assert [name for name, _ in mesh.colours] == ["Color"]
    assert mesh.colours[0][1].tolist() == [[1, 1, 1, 1]] * 3 + [[1, 0.5, 0.25, 1]] * 3


@pytest.mark.parametrize(
    ("rows", "component", "normalized", "expected"),
    [
        ([(1, 0.5, 0)] * 3, FLOAT, False, [1, 0.5, 0, 1]),
        ([(1, 0.5, 0, 0.25)] * 3, FLOAT, False, [1, 0.5, 0, 0.25]),
        ([(255, 51, 0, 102)] * 3, BYTE, True, [1, 0.2, 0, 0.4]),
        ([(65535, 13107, 0)] * 3, SHORT, True, [1, 0.2, 0, 1]),
        ([(math.nan, 0.5, 0)] * 3, FLOAT, False, [0, 0.5, 0, 1]),
    ],
)
def test_colours_are_linear_and_have_an_alpha(
    read: Read, rows: list[Point], component: int, normalized: bool, expected: list[float]
) -> None:
    parts = empty()
    colour = put(parts, rows, component, normalized=normalized)
    add_part(parts, {"POSITION": put(parts, TRIANGLE), "COLOR_0": colour, "COLOR_1": colour})
    colours = read(parts).mesh.colours
    assert [name for name, _ in colours] == ["Color", "Color.001"]
    for _, values in colours:
        assert values.tolist() == [pytest.approx(expected)] * 3


def test_uvs_that_are_no_numbers_are_0_and_counted(read: Read) -> None:
    parts = empty()
    uv = put(parts, [(math.nan, 0.25), (math.inf, -math.inf), (0.5, 0.5)])
    add_part(parts, {"POSITION": put(parts, TRIANGLE), "TEXCOORD_0": uv})
    model = read(parts)
    assert model.mesh.uv_sets[0].tolist() == [[0, 0.75], [0, 1], [0.5, 0.5]]
    assert model.left_out == LeftOut(bad_uvs=3)
    assert model.left_out.said() == [
        "Some texture coordinates of this model are no numbers: its texture is wrong there."
    ]


# Edges

SHARED = {(0.0, 0.0, 0.0), (1.0, 0.0, 0.0)}


def slow_edges(mesh: MeshArrays) -> dict[tuple[int, int], float]:
    """The angle at each edge, face by face."""
    positions = [[float(value) for value in row] for row in mesh.positions]
    faces = mesh.corner_vertices.reshape(-1, 3).tolist()
    beside: dict[tuple[int, int], list[int]] = defaultdict(list)
    normals = []
    for number, (a, b, c) in enumerate(faces):
        u = [positions[b][axis] - positions[a][axis] for axis in range(3)]
        v = [positions[c][axis] - positions[a][axis] for axis in range(3)]
        across = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
        length = math.hypot(*across)
        normals.append([side / length for side in across] if length else [0.0] * 3)
        for here, there in ((a, b), (b, c), (c, a)):
            beside[min(here, there), max(here, there)].append(number)
    angles = {}
    for edge, those in beside.items():
        if len(those) == 1:
            angles[edge] = 0.0
        else:
            one, other = (normals[number] for number in those[:2])
            angles[edge] = math.acos(max(-1, min(1, sum(p * q for p, q in zip(one, other, strict=True)))))
    return angles


def check_edges(mesh: MeshArrays) -> None:
    expected = slow_edges(mesh)
    edges = list(map(tuple, mesh.edges.tolist()))
    assert len(edges) == len(set(edges))
    assert set(edges) == set(expected)
    wanted = np.array([expected[edge] for edge in edges])
    # A cosine of 32 bits tells angles near 0 to a thousandth.
    assert np.abs(mesh.edge_angles - wanted).max() < 2e-3
    assert np.abs(np.cos(mesh.edge_angles.astype(float)) - np.cos(wanted)).max() < 1e-6
    corners = mesh.corner_vertices.reshape(-1, 3)
    ends = np.sort(np.stack([corners, corners[:, [1, 2, 0]]], axis=-1).reshape(-1, 2), axis=1)
    assert (mesh.edges[mesh.corner_edges] == ends).all()
    assert mesh.edges.dtype == mesh.corner_edges.dtype == mesh.corner_vertices.dtype == np.int32


@pytest.mark.parametrize("name", ["trellis-lungs", "trellis-house"])
def test_edges_of_the_services_models(name: str) -> None:
    path = FIXTURES / f"{name}.glb"
    if not path.exists():
        pytest.skip("the service's models are not at hand")
    model = read_model(path)
    check_edges(model.mesh)
    vertices, edges, faces = len(model.mesh.positions), len(model.mesh.edges), len(model.mesh.material_indices)
    assert vertices - edges + faces == 2  # closed, and in one piece
    assert volume(model.mesh) > 0
    assert model.left_out == LeftOut()


@pytest.mark.parametrize("seed", range(6))
def test_edges_of_a_tangle(read: Read, seed: int) -> None:
    """Where more than two faces meet, front sides do not go together, and some faces have no area."""
    chance = random.Random(seed)
    points = [tuple(float(chance.randrange(3)) for _ in range(3)) for _ in range(12)]
    indices = [chance.randrange(12) for _ in range(3 * chance.choice([8, 60]))]
    check_edges(read(with_points(points, indices)).mesh)


def test_edges_are_the_same_with_and_without_normals(read: Read) -> None:
    for sides in (3, 12, 40):
        plain, flat, odd = (read(prism_glb(sides, normals)) for normals in ("none", "flat", "upwards"))
        assert [plain.has_normals, flat.has_normals, odd.has_normals] == [False, True, True]
        for other in (flat, odd):
            assert (other.mesh.edges == plain.mesh.edges).all()
            assert (other.mesh.edge_angles == plain.mesh.edge_angles).all()
        check_edges(plain.mesh)
        assert np.count_nonzero(plain.mesh.edge_angles > math.radians(89)) == 2 * sides + (3 if sides == 3 else 0)


def test_borders_are_not_sharp_and_folds_are_up_to_half_a_turn(read: Read) -> None:
    folded = read(with_points([*TRIANGLE, (0.3, 0.3, 0.0)], [0, 1, 2, 1, 0, 3])).mesh
    assert sorted(folded.edge_angles.tolist()) == [0] * 4 + [pytest.approx(math.pi)]
    assert not (folded.edge_angles > math.pi).any()
    assert (folded.edge_angles > math.radians(179.99)).sum() == 1


def test_of_three_faces_at_an_edge_the_first_two_count(read: Read) -> None:
    points = [*TRIANGLE, (0.5, -0.5, 0.0), (0.3, 0.3, -1.0)]
    for faces, angle in (((0, 1, 2, 1, 0, 3, 1, 0, 4), 0.0), ((1, 0, 4, 0, 1, 2, 1, 0, 3), math.atan2(1, 0.3))):
        mesh = read(with_points(points, faces)).mesh
        between = dict(zip(map(tuple, mesh.edges.tolist()), mesh.edge_angles.tolist(), strict=True))
        shared = next(edge for edge in between if set(map(tuple, mesh.positions[list(edge)].tolist())) == SHARED)
        found = between.pop(shared)
        assert min(found, math.pi - found) == pytest.approx(angle, abs=1e-3)
        assert set(between.values()) == {0}


def test_the_colours_of_a_file_without_materials(read: Read) -> None:
    model = read(colours_glb())
    assert model.mesh.colours[0][1].tolist() == [[1, 0, 0, 1]] * 3
    assert model.materials[0] is not None
    assert (model.materials[0].is_default, model.materials[0].uses_vertex_colours) == (True, True)


# What it takes


def sheet(side: int) -> bytes:
    """2 × side² triangles, waved, with UVs."""
    u, v = np.meshgrid(np.linspace(0, 1, side + 1), np.linspace(0, 1, side + 1), indexing="ij")
    parts = empty()
    points = np.stack([u, 0.1 * np.sin(9 * u) * np.cos(7 * v), v], axis=-1).astype("<f4").reshape(-1, 3)
    uvs = np.stack([u, v], axis=-1).astype("<f4").reshape(-1, 2)
    at = np.arange(len(points), dtype="<u4").reshape(side + 1, side + 1)
    a, b, c, d = at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]
    indices = np.stack([a, b, c, a, c, d], axis=-1).reshape(-1)
    position = parts.add(points.tobytes(), FLOAT, "VEC3", len(points))
    uv = parts.add(uvs.tobytes(), FLOAT, "VEC2", len(uvs))
    add_part(
        parts,
        {"POSITION": position, "TEXCOORD_0": uv},
        indices=parts.add(indices.astype("<u4").tobytes(), INT, "SCALAR", len(indices)),
    )
    return parts.whole()


class Stopped(Exception):
    pass


def test_it_can_be_stopped_at_any_time(tmp_path: Path) -> None:
    path = written(tmp_path, sheet(200))
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    read_model(path, count)
    assert calls > 30
    for last in range(0, calls, 7):
        left = last

        def stop() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Stopped

        with pytest.raises(Stopped):
            read_model(path, stop)


@pytest.mark.soak
def test_a_large_model(tmp_path: Path, soak: bool, record_property: Callable[[str, object], None]) -> None:
    """No step without a question for long, and memory by the file's size."""
    path = written(tmp_path, sheet(707 if soak else 300))
    asked: list[float] = []
    begun = time.thread_time()
    model = read_model(path, lambda: asked.append(time.thread_time()))
    took_s = time.thread_time() - begun
    longest_s = max(later - earlier for earlier, later in pairwise(asked))
    tracemalloc.start()
    try:
        read_model(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    count, size = len(model.mesh.material_indices), path.stat().st_size
    record_property(
        "count",
        f"{count:,} triangles read in {took_s:.2f} s of a processor, asked to go on every {longest_s * 1000:.0f} ms or "
        f"more often; peak memory {peak / size:.1f} times the file's {size / 1e6:.0f} MB",
    )
    assert longest_s < 0.1
    assert peak < 2 * size + 200 * count + 30_000_000


def test_other_threads_are_not_held_up(tmp_path: Path) -> None:
    """While it works, another thread comes to its turn: no step keeps Python's lock for all of its time."""
    path = written(tmp_path, sheet(400))
    ended = threading.Event()
    used: list[float] = []

    def work() -> None:
        begun = time.thread_time()
        read_model(path)
        used.append(time.thread_time() - begun)
        ended.set()

    thread = threading.Thread(target=work)
    begun = time.thread_time()
    thread.start()
    while not ended.is_set():
        pass
    own_s = time.thread_time() - begun
    thread.join()
    assert own_s > 0.3 * used[0]


def test_numpy_is_not_loaded_with_the_rooms() -> None:
    code = "import sys, trellis_blender.gltf.reader; assert 'numpy' not in sys.modules; assert 'bpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
