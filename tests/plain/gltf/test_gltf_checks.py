"""What a GLB describes has to be in it. Each change breaks a sound file in one way."""

import base64
import json
import math
import struct
import time
import tracemalloc
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hostile_glbs import (
    BYTE,
    HOSTILE,
    PICTURES,
    another_picture,
    changed,
    deep_lists,
    nothing_but_lists,
    one_long_text,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from models import box_glb, data_uri, glb, picture_png
from mutants import Parts
from service import FIXTURES

from trellis_blender.gltf.container import check_glb
from trellis_blender.gltf.errors import DAMAGED_PART, INCOMPLETE, NO_SUCH_POINT, NOT_FINITE, OUTSIDE, ModelUnusable

Gltf = dict[str, Any]


def taken_apart(content: bytes) -> tuple[Gltf, bytes]:
    (length,) = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + length]), content[28 + length :]


DESCRIPTION, BINARY = taken_apart(box_glb())


def check(tmp_path: Path, gltf: Gltf, binary: bytes = BINARY) -> None:
    path = tmp_path / "model.glb"
    path.write_bytes(glb(gltf, binary))
    check_glb(path)


def copy() -> Gltf:
    return json.loads(json.dumps(DESCRIPTION))


def position(gltf: Gltf) -> Gltf:
    return gltf["accessors"][gltf["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]


def indices(gltf: Gltf) -> Gltf:
    return gltf["accessors"][gltf["meshes"][0]["primitives"][0]["indices"]]


def child_of_itself(gltf: Gltf) -> None:
    gltf["nodes"][1]["children"] = [0]


def many_of_nothing(gltf: Gltf, count: int) -> None:
    """Zeros, which need no data; in two accessors, as the limit is one for all."""
    zeros = {"componentType": 5126, "type": "VEC3"}
    gltf["accessors"] += [{**zeros, "count": count}, {**zeros, "count": count + 1}]


def stands_often(gltf: Gltf, places: int, vertices: int) -> None:
    """A mesh of zeros in many places."""
    del position(gltf)["bufferView"]
    position(gltf)["count"] = vertices
    del gltf["meshes"][0]["primitives"][0]["indices"]
    gltf["nodes"] = [{"mesh": 0} for _ in range(places)]


def stands_by_instances(gltf: Gltf, places: int) -> None:
    """A node in as many places as an accessor has elements."""
    gltf["accessors"].append({"componentType": 5126, "type": "VEC3", "count": places})
    instancing = {"attributes": {"TRANSLATION": len(gltf["accessors"]) - 1}}
    gltf["nodes"][1]["extensions"] = {"EXT_mesh_gpu_instancing": instancing}


def sparse(gltf: Gltf, count: int, begins: int) -> None:
    """Some elements of the positions stand elsewhere."""
    view = position(gltf)["bufferView"]
    indices = {"bufferView": view, "byteOffset": begins, "componentType": 5123}
    position(gltf)["sparse"] = {"count": count, "indices": indices, "values": {"bufferView": view}}


def nothing_at_no_distance(gltf: Gltf, accessor: Gltf) -> None:
    """No elements, which are no bytes apart."""
    accessor["count"] = 0
    gltf["bufferViews"][accessor["bufferView"]]["byteStride"] = 0


HUGE = (
    "data:image/png;base64,"
    + base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 60_000, 60_000)).decode()
)

BREAKS: list[tuple[Callable[[Gltf], object], str]] = [
    (lambda gltf: gltf["buffers"].__setitem__(0, {"byteLength": 10**9}), INCOMPLETE),
    (lambda gltf: gltf["buffers"][0].update(uri="../../secret.bin"), "needs other files"),
    (lambda gltf: gltf["buffers"][0].update(uri="https://example.com/a.bin"), "needs other files"),
    (lambda gltf: gltf.update(images=[{"uri": "//server/share/a.png"}]), "needs other files"),
    (lambda gltf: gltf.update(images=[{"bufferView": 99}]), "damaged"),
    (lambda gltf: gltf["bufferViews"][0].update(byteLength=10**6), OUTSIDE),
    (lambda gltf: gltf["bufferViews"][0].update(byteOffset=-4), OUTSIDE),
    (lambda gltf: gltf["bufferViews"][0].update(buffer=-1), "damaged"),
    (lambda gltf: position(gltf).update(count=10**6), OUTSIDE),
    (lambda gltf: position(gltf).update(count=10**12), "claims to have"),
    (lambda gltf: position(gltf).update(byteOffset=10**6), OUTSIDE),
    (lambda gltf: position(gltf).update(componentType=1), "damaged"),
    (lambda gltf: position(gltf).update(type="VEC9"), "damaged"),
    (lambda gltf: position(gltf).update(count="many"), "damaged"),
    (lambda gltf: indices(gltf).update(componentType=5121, byteOffset=0, count=1000), OUTSIDE),
    (lambda gltf: gltf["meshes"][0]["primitives"][0].update(indices=-1), "damaged"),
    (lambda gltf: gltf["meshes"][0].update(primitives=3), "damaged"),
    (lambda gltf: nothing_at_no_distance(gltf, position(gltf)), "damaged"),
    (lambda gltf: nothing_at_no_distance(gltf, indices(gltf)), "damaged"),
    (lambda gltf: gltf.update(meshes={"a": 1}), "damaged"),
    (lambda gltf: gltf.update(nodes=[{}] * 1001), "claims to have 1,001 parts"),
    (lambda gltf: stands_by_instances(gltf, 1000), "claims to have 1,001 parts"),
    (lambda gltf: gltf.update(scenes=[{}] * 21), "claims to have 21 scenes"),
    (lambda gltf: many_of_nothing(gltf, 60_000), "claims to have 120,001 of nothing"),
    (lambda gltf: gltf["meshes"][0].update(primitives=gltf["meshes"][0]["primitives"] * 1500), "is in 1,500 parts"),
    (lambda gltf: stands_often(gltf, 900, 8_001), "more than 6,000,000 vertices"),
    (lambda gltf: gltf["nodes"][0].update(children=[7]), "damaged"),
    (child_of_itself, "contain each other"),
    (lambda gltf: gltf.update({"x" * 6_000_000: [0] * 10_001}), r"^[^x]* it claims to have 10,001 of something\.$"),
    (lambda gltf: gltf.update(cameras=[{}] * 10_001), "claims to have 10,001 cameras"),
    (lambda gltf: sparse(gltf, 3, 10**6), OUTSIDE),
    (lambda gltf: sparse(gltf, 3, -1), OUTSIDE),
    (lambda gltf: sparse(gltf, 10**6, 0), "claims to have 1,000,000"),
    (lambda gltf: sparse(gltf, 25, 0), "claims to have 25"),
    (lambda gltf: sparse(gltf, 0, 0), "claims to have 0"),
    (lambda gltf: gltf.update(images=[{"uri": HUGE}]), "claims to have 60,000 × 60,000 pixels"),
]


@pytest.mark.parametrize("count", [1, 2, 24])
def test_some_elements_may_stand_elsewhere(tmp_path: Path, count: int) -> None:
    gltf = copy()
    sparse(gltf, count, 0)
    assert position(gltf)["count"] == 24
    check(tmp_path, gltf)
    del position(gltf)["sparse"]["indices"]["byteOffset"]
    check(tmp_path, gltf)


def test_what_stands_elsewhere_may_end_with_its_part_and_not_after_it(tmp_path: Path) -> None:
    gltf = copy()
    room = gltf["bufferViews"][position(gltf)["bufferView"]]["byteLength"]
    sparse(gltf, 3, room - 3 * 2)
    check(tmp_path, gltf)
    sparse(gltf, 3, room - 3 * 2 + 1)
    with pytest.raises(ModelUnusable, match=OUTSIDE):
        check(tmp_path, gltf)


def test_a_sound_file_passes(tmp_path: Path, fixtures: Path) -> None:
    check(tmp_path, copy())
    for path in fixtures.glob("*.glb"):
        check_glb(path)


@pytest.mark.parametrize(("change", "said"), BREAKS)
def test_what_does_not_hold_together_is_refused(tmp_path: Path, change: Callable[[Gltf], object], said: str) -> None:
    gltf = copy()
    change(gltf)
    with pytest.raises(ModelUnusable, match=said):
        check(tmp_path, gltf)


def test_what_stands_in_the_description_itself_passes(tmp_path: Path) -> None:
    gltf = copy()
    gltf["images"].append({"uri": data_uri(picture_png(4, 4))})
    gltf["buffers"].append({"uri": "data:;base64,AAAA", "byteLength": 3})
    gltf["bufferViews"].append({"buffer": 1, "byteLength": 3})
    check(tmp_path, gltf)


def test_what_is_just_within_the_limits_passes(tmp_path: Path) -> None:
    gltf = copy()
    many_of_nothing(gltf, 49_999)
    gltf["scenes"] *= 20
    gltf["nodes"] += [{}] * 998
    gltf["meshes"][0]["primitives"] *= 1000
    check(tmp_path, gltf)
    stands_often(gltf := copy(), 50, 3_000)
    check(tmp_path, gltf)


def test_every_place_of_an_instanced_mesh_counts(tmp_path: Path) -> None:
    gltf = copy()
    stands_often(gltf, 2, 8_001)
    stands_by_instances(gltf, 751)
    with pytest.raises(ModelUnusable, match="more than 6,000,000 vertices"):
        check(tmp_path, gltf)


@pytest.mark.parametrize("change", ["positions", "indices"])
def test_one_sound_part_does_not_vouch_for_the_next(tmp_path: Path, change: str) -> None:
    """Parts may share data, which is looked at once; what they do not share is looked at as well."""
    gltf = copy()
    parts = gltf["meshes"][0]["primitives"]
    second = json.loads(json.dumps(parts[0]))
    if change == "indices":
        second["indices"] = len(gltf["accessors"])
        gltf["accessors"].append({**indices(gltf), "componentType": 5123, "count": 72})
    else:
        second["attributes"]["POSITION"] = len(gltf["accessors"])
        gltf["accessors"].append({**position(gltf), "count": 5})
    parts.append(second)
    with pytest.raises(ModelUnusable, match=NO_SUCH_POINT):
        check(tmp_path, gltf, BINARY[:2] + b"\xff\x00" + BINARY[4:] if change == "indices" else BINARY)


@pytest.mark.parametrize(("width", "height", "passes"), [(8192, 8192, True), (8192, 8193, False), (2**31, 1, False)])
def test_a_picture_that_decompresss_to_gigabytes_is_refused(
    tmp_path: Path, width: int, height: int, passes: bool
) -> None:
    at = DESCRIPTION["bufferViews"][DESCRIPTION["images"][0]["bufferView"]]["byteOffset"] + 16
    binary = BINARY[:at] + struct.pack(">II", width, height) + BINARY[at + 8 :]
    if passes:
        check(tmp_path, copy(), binary)
        return
    with pytest.raises(ModelUnusable, match=f"a picture in it claims to have {width:,} × {height:,} pixels"):
        check(tmp_path, copy(), binary)


def claiming(ending: str, width: int, height: int) -> bytes:
    """The beginning of a picture, up to where it says how large it is."""
    if ending == "png":
        return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII5x", 13, b"IHDR", width, height)
    if ending == "webp":
        return b"RIFF\0\0\0\0WEBP" + struct.pack("<4sI4xHxHx", b"VP8X", 10, width - 1, height - 1)
    exif = b"\xff\xe1" + struct.pack(">H", 40_000) + bytes(39_998)
    return b"\xff\xd8" + exif + b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"


@pytest.mark.parametrize("before", ["", "*" * 200], ids=["clean", "after what is no base64"])
@pytest.mark.parametrize("ending", ["png", "jpeg", "webp"])
@pytest.mark.parametrize(("width", "height", "passes"), [(8192, 8192, True), (60_000, 60_000, False)])
def test_no_kind_of_picture_may_be_too_large(
    tmp_path: Path, ending: str, width: int, height: int, passes: bool, before: str
) -> None:
    gltf, content = copy(), claiming(ending, width, height)
    gltf["images"] = [{"uri": f"data:image/{ending};base64,{before}{base64.b64encode(content).decode()}"}]
    within = copy()
    within["buffers"][0]["byteLength"] = len(BINARY) + len(content)
    within["bufferViews"].append({"buffer": 0, "byteOffset": len(BINARY), "byteLength": len(content)})
    within["images"] = [{"bufferView": len(within["bufferViews"]) - 1, "mimeType": f"image/{ending}"}]
    for description, binary in ((gltf, BINARY), (within, BINARY + content)):
        if passes:
            check(tmp_path, description, binary)
            continue
        with pytest.raises(ModelUnusable, match="claims to have 60,000 × 60,000 pixels"):
            check(tmp_path, description, binary)


def test_data_that_the_importer_would_take_for_a_path_are_refused(tmp_path: Path) -> None:
    gltf = copy()
    gltf["images"] = [{"uri": "data:image/png,%89PNG"}]
    with pytest.raises(ModelUnusable, match="it needs other files"):
        check(tmp_path, gltf)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2e12, -2e12])
@pytest.mark.parametrize("number", [0, 1, 2, -1])
def test_points_that_lie_nowhere_are_refused(tmp_path: Path, value: float, number: int) -> None:
    accessor = position(DESCRIPTION)
    view = DESCRIPTION["bufferViews"][accessor["bufferView"]]
    at = view.get("byteOffset", 0) + (number % (accessor["count"] * 3)) * 4
    binary = BINARY[:at] + struct.pack("<f", value) + BINARY[at + 4 :]
    with pytest.raises(ModelUnusable, match=NOT_FINITE):
        check(tmp_path, copy(), binary)


def test_a_corner_that_is_not_there_is_refused(tmp_path: Path) -> None:
    view = DESCRIPTION["bufferViews"][indices(DESCRIPTION)["bufferView"]]
    at = view.get("byteOffset", 0)
    binary = BINARY[:at] + b"\xff\x00\x00\x00" + BINARY[at + 4 :]
    with pytest.raises(ModelUnusable, match=NO_SUCH_POINT):
        check(tmp_path, copy(), binary)


@pytest.mark.parametrize("value", [math.nan, math.inf, 2e12, 1.0])
def test_points_that_stand_elsewhere_lie_somewhere_too(tmp_path: Path, value: float) -> None:
    parts = Parts(box_glb())
    stand_elsewhere(parts, position(parts.gltf), struct.pack("<3f", 0.0, value, 0.0), 5126, "VEC3")
    with nullcontext() if value == 1.0 else pytest.raises(ModelUnusable, match=NOT_FINITE):
        check(tmp_path, parts.gltf, bytes(parts.binary))


@pytest.mark.parametrize("number", [0, 23, 24, 2**32 - 1])
def test_corners_that_stand_elsewhere_are_there_too(tmp_path: Path, number: int) -> None:
    parts = Parts(box_glb())
    stand_elsewhere(parts, indices(parts.gltf), struct.pack("<I", number), 5125, "SCALAR")
    with nullcontext() if number < 24 else pytest.raises(ModelUnusable, match=NO_SUCH_POINT):
        check(tmp_path, parts.gltf, bytes(parts.binary))


def stand_elsewhere(parts: Parts, accessor: Gltf, content: bytes, component: int, kind: str) -> None:
    """The second element of an accessor is what is given."""
    places = [parts.add(b"\1\0", 5123, "SCALAR", 1), parts.add(content, component, kind, 1)]
    at, values = (parts.gltf["accessors"][number]["bufferView"] for number in places)
    indices = {"bufferView": at, "componentType": 5123}
    accessor["sparse"] = {"count": 1, "indices": indices, "values": {"bufferView": values}}


@pytest.mark.parametrize("before", [0, 4])
def test_interleaved_data_is_read_at_its_places(tmp_path: Path, before: int) -> None:
    """Positions with something else before or after each, which may be no number at all."""
    points = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]
    binary = b"".join(b"\xff" * before + struct.pack("<3f", *point) + b"\xff" * (4 - before) for point in points)
    gltf = {
        "asset": {"version": "2.0"},
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "byteOffset": before, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": len(binary), "byteStride": 16}],
        "buffers": [{"byteLength": len(binary)}],
    }
    check(tmp_path, gltf, binary)
    place = 16 + before + 4
    broken = binary[:place] + struct.pack("<f", math.nan) + binary[place + 4 :]
    with pytest.raises(ModelUnusable, match=NOT_FINITE):
        check(tmp_path, gltf, broken)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_any_change_of_a_value_is_taken_or_refused(data: st.DataObject, tmp_path_factory: Any) -> None:
    gltf = copy()
    holder: Any = gltf
    while True:
        names = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        name = data.draw(st.sampled_from(names))
        if not isinstance(holder[name], dict | list) or not holder[name] or data.draw(st.booleans()):
            break
        holder = holder[name]
    holder[name] = data.draw(
        st.none() | st.integers() | st.text(max_size=3) | st.floats() | st.lists(st.integers(), max_size=2)
    )
    try:
        check(tmp_path_factory.getbasetemp(), gltf)
    except ModelUnusable as problem:
        assert str(problem).endswith(".")


@pytest.mark.parametrize("name", HOSTILE)
def test_what_asks_for_more_than_its_size_is_refused_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.glb"
    path.write_bytes(changed(HOSTILE[name]))
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(ModelUnusable) as refused:
        check_glb(path)
    assert str(refused.value).endswith(".")
    assert time.process_time() - begun < 5
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_of_another_kind_is_refused_by_its_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "model.glb"
    path.write_bytes(changed(another_picture(PICTURES[kind])))
    with pytest.raises(ModelUnusable, match=f"a picture in it is {kind}, not PNG, JPEG or WebP"):
        check_glb(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (nothing_but_lists(63_000_000), "description has 63,000,"),
        (nothing_but_lists(7_000_000), "too many parts"),
        (one_long_text(20_000_000), "description has 20,000,"),
        (deep_lists(90), "too deep"),
        (deep_lists(100_000), "damaged"),
    ],
    ids=["63 MB", "7 MB", "text", "deep", "deeper"],
)
def test_a_description_is_bounded_before_it_is_parsed(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "model.glb"
    path.write_bytes(content)
    begun = time.process_time()
    with pytest.raises(ModelUnusable, match=said):
        check_glb(path)
    assert time.process_time() - begun < 1


def test_long_numbers_and_many_names_cost_less_than_to_parse_them(tmp_path: Path) -> None:
    """Python's own parser lets nothing else run meanwhile."""
    path = tmp_path / "model.glb"
    numbers, names = [int("9" * 4200)] * 1500, {f"k{n}": 0 for n in range(150_000)}
    for more, is_taken in ((numbers, True), (names, False)):
        path.write_bytes(changed(lambda parts, more=more: parts.gltf.update(extras=more)))
        content = json.dumps(more).encode()
        begun = time.process_time()
        json.loads(content)
        usual_s = time.process_time() - begun
        begun = time.process_time()
        with nullcontext() if is_taken else pytest.raises(ModelUnusable, match="too many parts"):
            check_glb(path)
        assert time.process_time() - begun < usual_s / 2 + 0.02


def test_a_check_can_be_stopped(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop() -> None:
        raise Stop

    path = tmp_path / "model.glb"
    path.write_bytes(box_glb())
    with pytest.raises(Stop):
        check_glb(path, stop)


def test_the_time_of_a_check_grows_with_the_file(tmp_path: Path) -> None:
    """Parts that share one list of points, each with corners of its own: the points are looked at once."""
    took = []
    for parts_count in (50, 200):
        parts = Parts(box_glb())
        count = 2_000 * parts_count
        points = parts.add(bytes(12 * count), 5126, "VEC3", count)
        corners = [parts.add(bytes(4 * 3000), 5125, "SCALAR", 3000) for _ in range(parts_count)]
        parts.gltf["meshes"] = [
            {"primitives": [{"attributes": {"POSITION": points}, "indices": number}]} for number in corners[:20]
        ]
        path = tmp_path / "model.glb"
        path.write_bytes(parts.whole())
        begun = time.process_time()
        check_glb(path)
        took.append(time.process_time() - begun)
    assert took[1] < 12 * took[0]


DRACO = "KHR_draco_mesh_compression"


def in_draco(parts: Parts, faces: int, method: int = 0) -> None:
    """A large mesh of which only the compressed bytes are there: their beginning, and as many as it might take."""
    numbers = b"".join(map(varint, (faces, 2 * faces) if method == 0 else (2 * faces, faces)))
    content = b"DRACO\2\2\1" + bytes([method, 0, 0]) + b"\0" * method + numbers + bytes(faces)
    view = parts.gltf["accessors"][parts.add(content, 5121, "SCALAR", 1)]["bufferView"]
    for number, (component, kind, count) in enumerate(
        [(5125, "SCALAR", 3 * 845_000), (5126, "VEC3", 2 * 845_000), (5126, "VEC2", 2 * 845_000)]
    ):
        parts.gltf["accessors"][number] = {"componentType": component, "type": kind, "count": count}
    packed = {"bufferView": view, "attributes": {"POSITION": 0, "TEXCOORD_0": 1}}
    parts.gltf["meshes"][0]["primitives"][0]["extensions"] = {DRACO: packed}


def varint(number: int) -> bytes:
    return bytes([number & 127 | 128]) + varint(number >> 7) if number > 127 else bytes([number])


@pytest.mark.parametrize("method", [0, 1])
def test_a_large_mesh_in_draco_passes_and_must_not_claim_more_than_it_says(tmp_path: Path, method: int) -> None:
    path = tmp_path / "model.glb"
    path.write_bytes(changed(lambda parts: in_draco(parts, 845_000, method)))
    check_glb(path)
    path.write_bytes(changed(lambda parts: in_draco(parts, 845_001, method)))
    with pytest.raises(ModelUnusable, match="claims to be larger than the model"):
        check_glb(path)


@pytest.mark.parametrize(("number", "kind"), [(1, "SCALAR"), (1, "VEC2"), (2, "SCALAR")])
def test_what_a_decoder_would_write_beyond_its_place_is_refused(tmp_path: Path, number: int, kind: str) -> None:
    def narrowed(parts: Parts) -> None:
        in_draco(parts, 845_000)
        parts.gltf["accessors"][number]["type"] = kind

    path = tmp_path / "model.glb"
    path.write_bytes(changed(narrowed))
    with pytest.raises(ModelUnusable, match=DAMAGED_PART):
        check_glb(path)


@pytest.mark.parametrize(
    ("mode", "stride", "count", "length", "passes"),
    [
        # As meshoptimizer 1.0 packs a million colours that are all the same, in its first and its second version.
        ("ATTRIBUTES", 4, 1_000_000, 62_533, True),
        ("ATTRIBUTES", 4, 1_000_000, 3_932, True),
        ("ATTRIBUTES", 16, 1_000_000, 15_653, True),
        ("ATTRIBUTES", 4, 1_000_000, 3_900, False),
        ("TRIANGLES", 4, 3_000_000, 1_000_017, True),
        ("TRIANGLES", 4, 3_000_000, 999_999, False),
        ("INDICES", 4, 3_000_000, 3_000_005, True),
        ("INDICES", 4, 3_000_000, 2_999_999, False),
    ],
)
def test_what_meshopt_can_pack_passes_and_no_more(
    tmp_path: Path, mode: str, stride: int, count: int, length: int, passes: bool
) -> None:
    def packed(parts: Parts) -> None:
        said = {"byteStride": stride, "count": count, "mode": mode}
        parts.add(bytes(length), BYTE, "SCALAR", length)
        extension = {**parts.gltf["bufferViews"][-1], **said}
        room = {"byteLength": stride * count, "extensions": {"EXT_meshopt_compression": {"fallback": True}}}
        parts.gltf["buffers"].append(room)
        view = {"buffer": 1, "byteLength": stride * count, "extensions": {"EXT_meshopt_compression": extension}}
        parts.gltf["bufferViews"].append(view)

    path = tmp_path / "model.glb"
    path.write_bytes(changed(packed))
    if passes:
        check_glb(path)
    else:
        with pytest.raises(ModelUnusable, match="larger than it can be"):
            check_glb(path)


def test_meshopt_with_an_empty_fallback_passes() -> None:
    path = FIXTURES.parent / "cases" / "meshopt-with-fallback.glb"
    if not path.is_file():
        pytest.skip("the case is not at hand")
    check_glb(path)
