"""Files that are wrong or ask for too much: a sentence, a name for Blender's importer, or a model that is sound."""

import gc
import random
import struct
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from glb_parts import BYTE, FLOAT, INT, TRIANGLE, add_part, empty, put, put_indices, with_points, written
from hostile_glbs import HOSTILE, WITHIN, changed
from models import colours_glb, picture_png, prism_glb
from mutants import MUTATIONS, Parts, mutant, sources

from trellis_blender.gltf.errors import (
    DAMAGED,
    HALF_A_TRIANGLE,
    NO_SUCH_POINT,
    NO_SURFACE,
    NOT_FINITE,
    OUTSIDE,
    ModelUnusable,
)
from trellis_blender.gltf.model import Model, NotRead
from trellis_blender.gltf.reader import read_model

SEED = 20261128
MUTANTS, MUTANTS_SHORT = 20_000, 700
LIMIT_S = 5.0
FREE_BYTES = 40_000_000
"""What a file of any size may take: 100,000 numbers are free."""
BYTES_FOR_A_BYTE = 400
"""Of memory for one of the file, at the most: it may have eight numbers for a byte."""


def check_sound(model: Model) -> None:
    """All indices are within what they are of, and all numbers are numbers."""
    mesh = model.mesh
    vertices, edges, corners = len(mesh.positions), len(mesh.edges), len(mesh.corner_vertices)
    assert corners == 3 * len(mesh.material_indices) == len(mesh.corner_edges) > 0
    assert mesh.edge_angles.shape == (edges,)
    for values, limit in (
        (mesh.corner_vertices, vertices),
        (mesh.corner_edges, edges),
        (mesh.edges, vertices),
        (mesh.material_indices, max(len(model.materials), 1)),
    ):
        assert values.dtype == np.int32
        assert values.min() >= 0
        assert values.max() < limit
    for values in (mesh.positions, mesh.edge_angles, *mesh.uv_sets):
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    assert all(each.shape == (corners, 2) for each in mesh.uv_sets)
    assert all(each.shape == (corners, 4) and not np.isnan(each).any() for _, each in mesh.colours)
    triangles = np.sort(mesh.corner_vertices.reshape(-1, 3), axis=1)
    assert (np.diff(triangles, axis=1) > 0).all()
    assert len(np.unique(triangles, axis=0)) == len(triangles)
    assert len(np.unique(mesh.positions, axis=0)) == vertices
    for material in filter(None, model.materials):
        for name in ("base", "metallic_roughness", "normal", "occlusion", "emission"):
            texture = getattr(material, f"{name}_texture")
            assert texture is None or 0 <= texture.picture < len(model.pictures)


def outcome(path: Path) -> str:
    try:
        check_sound(read_model(path))
    except ModelUnusable as error:
        assert str(error).endswith(".")
        assert len(str(error)) < 200
        return "refused"
    except NotRead as error:
        assert error.reason
        return "for Blender's importer"
    return "read"


def a_million_vertices_at_one_point() -> Parts:
    parts = empty()
    count = 1_000_000
    position = parts.add(bytes(12 * count), FLOAT, "VEC3", count)
    indices = np.arange(count // 3 * 3, dtype="<u4").tobytes()
    add_part(parts, {"POSITION": position}, indices=parts.add(indices, INT, "SCALAR", count // 3 * 3))
    return parts


def unchecked_indices() -> Parts:
    """Beyond the end, laid out so that `check_glb` does not look at them."""
    parts = empty()
    indices = parts.add(b"".join(struct.pack("<Hx", number) for number in (0, 1, 9)) + b"\0", 5123, "SCALAR", 3)
    parts.gltf["bufferViews"][parts.gltf["accessors"][indices]["bufferView"]]["byteStride"] = 3
    add_part(parts, {"POSITION": put(parts, TRIANGLE)}, indices=indices)
    return parts


def sparse_beyond(places: list[int], component: int) -> Parts:
    parts = with_points(TRIANGLE)
    numbers, values = put_indices(parts, places, component), put(parts, [(1, 1, 1)] * len(places))
    views = [parts.gltf["accessors"][each]["bufferView"] for each in (numbers, values)]
    indices = {"bufferView": views[0], "componentType": component}
    parts.gltf["accessors"][0]["sparse"] = {
        "count": len(places),
        "indices": indices,
        "values": {"bufferView": views[1]},
    }
    return parts


def few_uvs() -> Parts:
    parts = empty()
    add_part(parts, {"POSITION": put(parts, TRIANGLE), "TEXCOORD_0": put(parts, [(0, 0)] * 2)})
    return parts


def wide(name: str, width: int) -> Parts:
    parts = empty()
    add_part(parts, {"POSITION": put(parts, TRIANGLE)} | {name: put(parts, [(0,) * width] * 3)})
    return parts


def large_picture() -> Parts:
    def change(parts: Parts) -> None:
        large = picture_png(4, 4)[:16] + struct.pack(">II", 65535, 65535) + picture_png(4, 4)[24:]
        view = parts.gltf["accessors"][parts.add(large, BYTE, "SCALAR", len(large))]["bufferView"]
        parts.gltf["images"] = [{"bufferView": view, "mimeType": "image/png"}]

    return Parts(changed(change))


def in_scene(scenes: Any, scene: Any = 0) -> Parts:
    parts = with_points(TRIANGLE)
    parts.gltf |= {"scenes": scenes, "scene": scene}
    return parts


def with_no_triangle() -> Parts:
    parts = empty()
    add_part(parts, {})
    return parts


BAD: dict[str, tuple[Callable[[], Parts], str]] = {
    "a million vertices at one point": (a_million_vertices_at_one_point, NO_SURFACE),
    "indices beyond the end": (lambda: with_points(TRIANGLE, [0, 1, 3]), NO_SUCH_POINT),
    "indices beyond the end that nobody has looked at": (unchecked_indices, NO_SUCH_POINT),
    "points": (lambda: with_points(TRIANGLE, mode=0), "there are only points or lines in it"),
    "lines": (lambda: with_points(TRIANGLE[:2], mode=1), "there are only points or lines in it"),
    "nothing": (with_no_triangle, NO_SURFACE),
    "a strip of two": (lambda: with_points(TRIANGLE[:2], mode=5), HALF_A_TRIANGLE),
    "a picture of 65,535²": (large_picture, "65,535 × 65,535 pixels"),
    "a scene without nodes": (lambda: in_scene([{"nodes": []}]), "no mesh in the scene that it shows"),
    "a scene that has nothing": (lambda: in_scene([{}]), "no mesh in the scene that it shows"),
    "a scene that is not there": (lambda: in_scene([{"nodes": [0]}], 1), DAMAGED),
    "cyclic nodes": (lambda: with_points(TRIANGLE, nodes=[{"mesh": 0, "children": [0]}]), "contain each other"),
    "a ring": (
        lambda: with_points(TRIANGLE, nodes=[{"children": [1], "mesh": 0}, {"children": [0]}]),
        "contain each other",
    ),
    "a scale of 0": (
        lambda: with_points(TRIANGLE, nodes=[{"mesh": 0, "scale": [0, 0, 0]}]),
        NO_SURFACE,
    ),
    "infinite": (
        lambda: with_points(TRIANGLE, nodes=[{"mesh": 0, "scale": [1e300, 1, 1]}]),
        NOT_FINITE,
    ),
    "far away": (
        lambda: with_points(TRIANGLE, nodes=[{"mesh": 0, "translation": [1e13, 0, 0]}]),
        NOT_FINITE,
    ),
    "no number": (
        lambda: with_points(TRIANGLE, nodes=[{"mesh": 0, "rotation": [float("nan"), 0, 0, 1]}]),
        NOT_FINITE,
    ),
    "a matrix of 15": (lambda: with_points(TRIANGLE, nodes=[{"mesh": 0, "matrix": [1] * 15}]), DAMAGED),
    "a scale of two": (lambda: with_points(TRIANGLE, nodes=[{"mesh": 0, "scale": [1, 1]}]), DAMAGED),
    "a mesh that is not there": (lambda: with_points(TRIANGLE, nodes=[{"mesh": 1}]), DAMAGED),
    "sparse beyond the end": (lambda: sparse_beyond([0, 3], 5123), OUTSIDE),
    "sparse from the end": (lambda: sparse_beyond([-1], 5120), OUTSIDE),
    "sparse by fractions": (lambda: sparse_beyond([0], 5126), OUTSIDE),
    "fewer UVs than points": (few_uvs, DAMAGED),
    "UVs of three": (lambda: wide("TEXCOORD_0", 3), DAMAGED),
    "colours of two": (lambda: wide("COLOR_0", 2), DAMAGED),
}


@pytest.mark.parametrize("name", BAD)
def test_a_sentence_says_what_is_wrong(tmp_path: Path, name: str) -> None:
    make, sentence = BAD[name]
    with pytest.raises(ModelUnusable) as caught:
        read_model(written(tmp_path, make()))
    assert sentence in str(caught.value)


def test_too_many_triangles(tmp_path: Path) -> None:
    parts = empty(nodes=[{"mesh": 0} for _ in range(21)])
    points = put(parts, TRIANGLE)
    indices = parts.add(bytes([0, 1, 2]) * 300_000, BYTE, "SCALAR", 900_000)
    add_part(parts, {"POSITION": points}, indices=indices)
    with pytest.raises(ModelUnusable, match="more than 6,000,000 triangles"):
        read_model(written(tmp_path, parts))


@pytest.mark.parametrize("name", [*HOSTILE, *WITHIN])
def test_small_files_that_ask_for_much(tmp_path: Path, name: str) -> None:
    """What is just within the limits is read, or goes to Blender's importer, as quickly as its size lets one expect."""
    path = written(tmp_path, changed((HOSTILE | WITHIN)[name]))
    tracemalloc.start()
    begun = time.thread_time()
    try:
        found = outcome(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.thread_time() - begun < 20
    assert peak < FREE_BYTES + BYTES_FOR_A_BYTE * path.stat().st_size
    if name in HOSTILE:
        assert found == "refused"


@pytest.fixture
def _only_its_own_garbage() -> Iterator[None]:
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.soak
@pytest.mark.usefixtures("_only_its_own_garbage")
def test_any_file_is_read_or_refused_in_a_sentence(
    tmp_path: Path, soak: bool, record_property: Callable[[str, object], None]
) -> None:
    count, chance = MUTANTS if soak else MUTANTS_SHORT, random.Random(SEED)
    made = {"prism": prism_glb(9, "flat"), "colours": colours_glb()}
    whole = {**sources(), **made}
    small = [name for name, content in whole.items() if len(content) < 100_000]
    found: Counter[str] = Counter()
    slowest_s, most = 0.0, 0.0
    for number in range(count):
        # The service's models take longer; the small ones have more in them that can be wrong.
        name = chance.choice(list(whole)) if number % 20 == 0 else chance.choice(small)
        kinds = chance.choices(list(MUTATIONS), k=chance.choice([1, 1, 2, 3]))
        path = written(tmp_path, mutant(whole[name], kinds, number))
        tracemalloc.start()
        begun = time.thread_time()
        try:
            found[outcome(path)] += 1
            peak = tracemalloc.get_traced_memory()[1]
        except Exception as error:
            raise AssertionError(f"mutant(sources()[{name!r}], {kinds}, {number})") from error
        finally:
            tracemalloc.stop()
        took_s = time.thread_time() - begun
        assert took_s < LIMIT_S, (name, kinds, number)
        assert peak < FREE_BYTES + BYTES_FOR_A_BYTE * path.stat().st_size, (name, kinds, number)
        slowest_s, most = max(slowest_s, took_s), max(most, peak / max(path.stat().st_size, 1))
    told = ", ".join(f"{kind} {each / count:.1%}" for kind, each in found.most_common())
    record_property(
        "count",
        f"{count} spoilt models read without Blender (seed {SEED}): {told}; no crash, the slowest {slowest_s:.2f} s, "
        f"memory at most {most:.0f} times the file",
    )
    assert sum(found.values()) == count
    assert found["read"] > count / 6
