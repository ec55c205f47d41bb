"""GLBs of a few kilobytes that ask for gigabytes or minutes, each in one way. Blender dies of some of them."""

import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

from models import box_glb, picture_png
from mutants import Parts

Gltf = dict[str, Any]
FLOAT, INT, SHORT, BYTE = 5126, 5125, 5123, 5121
MANY = 3_000_000


def changed(change: Callable[[Parts], object]) -> bytes:
    parts = Parts(box_glb())
    change(parts)
    return parts.whole()


def zeros(parts: Parts, count: int, kind: str = "VEC3", component: int = FLOAT) -> int:
    """An accessor that needs no data; its number."""
    parts.gltf["accessors"].append({"componentType": component, "type": kind, "count": count})
    return len(parts.gltf["accessors"]) - 1


def primitive(parts: Parts) -> Gltf:
    return parts.gltf["meshes"][0]["primitives"][0]


def many_zero_indices(parts: Parts) -> None:
    """One accessor of zeros as the corners of a thousand parts."""
    part = {**primitive(parts), "indices": zeros(parts, MANY, "SCALAR", INT)}
    parts.gltf["meshes"][0]["primitives"] = [part] * 1000


def many_small_indices(parts: Parts) -> None:
    """As above, with fewer than anybody would count in each, as strips that become three times as many."""
    part = {**primitive(parts), "indices": zeros(parts, 90_000, "SCALAR", INT), "mode": 5}
    parts.gltf["meshes"][0]["primitives"] = [part] * 900


def shared_indices(parts: Parts) -> None:
    """No zeros: all parts share what is there."""
    count = 30_000
    indices = parts.add(bytes(4 * count), INT, "SCALAR", count)
    parts.gltf["meshes"][0]["primitives"] = [{**primitive(parts), "indices": indices}] * 1000


def many_parts_of_nothing(parts: Parts) -> None:
    parts.gltf["meshes"][0]["primitives"] += [{"attributes": {}}] * 60_000


def many_empty_parts(parts: Parts) -> None:
    empty = zeros(parts, 0)
    parts.gltf["meshes"][0]["primitives"] += [{"attributes": {"POSITION": empty}}] * 30_000


def many_targets(parts: Parts) -> None:
    primitive(parts)["targets"] = [{"POSITION": 1}] * 20_000


def large_targets(parts: Parts) -> None:
    position = zeros(parts, 90_000)
    primitive(parts)["attributes"]["POSITION"] = position
    primitive(parts)["targets"] = [{"POSITION": position}] * 60
    del primitive(parts)["indices"]


def many_attributes(parts: Parts) -> None:
    primitive(parts)["attributes"] |= {f"_{number}": 1 for number in range(20_000)}


def large_attributes(parts: Parts) -> None:
    position = zeros(parts, 90_000)
    names = ["POSITION", *(f"_{number}" for number in range(60))]
    primitive(parts)["attributes"] = dict.fromkeys(names, position)
    del primitive(parts)["indices"]


def many_channels(parts: Parts) -> None:
    sampler = {"input": 1, "output": 1}
    channels = [{"sampler": 0, "target": {"node": 1, "path": "translation"}}] * 15_000
    parts.gltf["animations"] = [{"samplers": [sampler], "channels": channels}]


def many_keys(parts: Parts) -> None:
    times, values = zeros(parts, 40_000, "SCALAR"), zeros(parts, 40_000)
    channels = [{"sampler": 0, "target": {"node": 1, "path": path}} for path in ("translation", "scale")] * 50
    parts.gltf["animations"] = [{"samplers": [{"input": times, "output": values}], "channels": channels}]


def images_on_one_view(parts: Parts) -> None:
    """Each is within the limits of one picture."""
    large = picture_png(4, 4)[:16] + struct.pack(">II", 8000, 8000) + picture_png(4, 4)[24:]
    view = parts.gltf["accessors"][parts.add(large, BYTE, "SCALAR", len(large))]["bufferView"]
    parts.gltf["images"] = [{"bufferView": view, "mimeType": "image/png"}] * 80


def pictures_that_overlap(parts: Parts) -> None:
    """One picture of 3 MB, most of it nothing that is shown, as a hundred: each would be copied out of the file."""
    small, more = picture_png(4, 4), struct.pack(">I4s", 3_000_000, b"abCd") + bytes(3_000_000)
    large = small[:33] + more + struct.pack(">I", zlib.crc32(more[4:])) + small[33:]
    view = parts.gltf["accessors"][parts.add(large, BYTE, "SCALAR", len(large))]["bufferView"]
    parts.gltf["images"] = [{"bufferView": view, "mimeType": "image/png"}] * 100


def many_images(parts: Parts) -> None:
    parts.gltf["images"] *= 20_000


def sixteen_bits(parts: Parts) -> None:
    """Four times as large in memory as one with eight."""
    large = picture_png(4, 4)[:16] + struct.pack(">IIB", 8000, 8000, 16) + picture_png(4, 4)[25:]
    view = parts.gltf["accessors"][parts.add(large, BYTE, "SCALAR", len(large))]["bufferView"]
    parts.gltf["images"] = [{"bufferView": view, "mimeType": "image/png"}]


def many_materials(parts: Parts) -> None:
    parts.gltf["materials"] *= 5_000


def many_textures(parts: Parts) -> None:
    """As many materials as may be, each with all that extensions offer."""
    one = {"index": 0}
    kinds = ("clearcoat", "clearcoatRoughness", "clearcoatNormal", "specular", "specularColor", "thickness")
    parts.gltf["materials"] = [{"extensions": {"KHR_materials_clearcoat": {f"{kind}Texture": one for kind in kinds}}}]
    parts.gltf["materials"] *= 190


def many_nodes(parts: Parts) -> None:
    parts.gltf["nodes"] += [{"mesh": 0}] * 5_000


def many_bones(parts: Parts) -> None:
    parts.gltf["skins"] = [{"joints": [0] * 50_000}]
    parts.gltf["nodes"][1]["skin"] = 0


def many_skins(parts: Parts) -> None:
    parts.gltf["skins"] = [{"joints": [0]}] * 20_000


def bound(parts: Parts, bones: int, meshes: int, skins: int = 1) -> None:
    """Each of so many nodes is a mesh of its own, or of one that all share, moved by so many bones."""
    parts.gltf["nodes"] = [{"children": list(range(1, bones))}, *({} for _ in range(bones - 1))]
    parts.gltf["skins"] = [{"joints": list(range(bones))} for _ in range(skins)]
    parts.gltf["meshes"] *= meshes
    places = max(meshes, skins)
    parts.gltf["nodes"] += [{"mesh": number % meshes, "skin": number % skins} for number in range(places)]
    parts.gltf["scenes"] = [{"nodes": [0, *range(bones, bones + places)]}]


def weights(parts: Parts, count: int) -> None:
    """So many vertices, each moved by four bones."""
    points = parts.add(struct.pack(f"<{3 * count}f", *range(3 * count)), FLOAT, "VEC3", count)
    moved = parts.add(struct.pack("<4f", 0.25, 0.25, 0.25, 0.25) * count, FLOAT, "VEC4", count)
    primitive(parts)["attributes"] = {"POSITION": points, "JOINTS_0": zeros(parts, count, "VEC4", BYTE)}
    primitive(parts)["attributes"]["WEIGHTS_0"] = moved
    del primitive(parts)["indices"]


def many_matrices(parts: Parts) -> None:
    """A skin of two bones with 90,000 matrices, which are computed again for each mesh."""
    bound(parts, 2, 200)
    parts.gltf["skins"][0]["inverseBindMatrices"] = zeros(parts, 90_000, "MAT4")


def weights_in_every_skin(parts: Parts) -> None:
    """A mesh within the limits is made again for each of 60 skins."""
    weights(parts, 9_000)
    bound(parts, 2, 1, skins=60)


def bones_of_every_mesh(parts: Parts) -> None:
    """Each of 450 meshes has a group for each of 450 bones."""
    bound(parts, 450, 450)


def many_meshes_in_parts(parts: Parts) -> None:
    """Each is within the limits."""
    points = parts.add(struct.pack("<144f", *range(144)), FLOAT, "VEC3", 48)
    parts.gltf["meshes"] = [{"primitives": [{"attributes": {"POSITION": points}}] * 990} for _ in range(30)]
    parts.gltf["nodes"] = [{"mesh": number} for number in range(30)]
    parts.gltf["scenes"] = [{"nodes": list(range(30))}]
    parts.add(bytes(1_000_000), BYTE, "SCALAR", 1)


def computed_again_and_again(parts: Parts) -> None:
    """A large list of which each part uses a corner; to use one is to compute all."""
    large = zeros(parts, 90_000, "VEC4", BYTE)
    parts.gltf["accessors"][large]["normalized"] = True
    attributes = {**primitive(parts)["attributes"], **{f"_{number}": large for number in range(30)}}
    corners = parts.add(struct.pack("<3H", 0, 1, 2), SHORT, "SCALAR", 3)
    parts.gltf["meshes"][0]["primitives"] = [{"attributes": attributes, "indices": corners}] * 200
    parts.add(bytes(300_000), BYTE, "SCALAR", 1)


def many_scenes(parts: Parts) -> None:
    parts.gltf["scenes"] *= 10_000


def large_extras(parts: Parts) -> None:
    parts.gltf["nodes"][0]["extras"] = {str(number): [number] for number in range(150_000)}


def deep_extras(parts: Parts) -> None:
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    parts.gltf["asset"]["extras"] = deep


def overlapping(parts: Parts) -> None:
    """Accessors that all lie on the same bytes, each in another part."""
    count = 20_000
    view = parts.gltf["accessors"][parts.add(bytes(12 * count), FLOAT, "VEC3", count)]["bufferView"]
    places = []
    for number in range(900):
        accessor = {"bufferView": view, "byteOffset": 12 * (number % 9), "componentType": FLOAT, "type": "VEC3"}
        parts.gltf["accessors"].append({**accessor, "count": count - 10})
        places.append(len(parts.gltf["accessors"]) - 1)
    parts.gltf["meshes"][0]["primitives"] = [{"attributes": {"POSITION": place}, "indices": 0} for place in places]


def sparse_and_large(parts: Parts) -> None:
    number = zeros(parts, MANY)
    indices = {"bufferView": 1, "componentType": 5123}
    parts.gltf["accessors"][number]["sparse"] = {"count": 1, "indices": indices, "values": {"bufferView": 1}}
    primitive(parts)["attributes"]["POSITION"] = number


def stands_everywhere(parts: Parts) -> None:
    """A mesh within the limits that stands in a thousand places."""
    position = zeros(parts, 5_000)
    primitive(parts)["attributes"] = {"POSITION": position}
    primitive(parts)["indices"] = zeros(parts, 15_000, "SCALAR", INT)
    parts.gltf["nodes"] = [{"mesh": 0}] * 1_000
    parts.gltf["scenes"] = [{"nodes": list(range(1_000))}]


def meshopt_bomb(parts: Parts) -> None:
    """A view that claims to decompress to a gigabyte."""
    count = 2**26
    parts.gltf["buffers"].append(
        {"byteLength": 16 * count, "extensions": {"EXT_meshopt_compression": {"fallback": True}}}
    )
    packed = {"buffer": 0, "byteLength": 100, "byteStride": 16, "count": count, "mode": "ATTRIBUTES"}
    view = {"buffer": 1, "byteLength": 16 * count, "byteStride": 16, "extensions": {"EXT_meshopt_compression": packed}}
    parts.gltf["bufferViews"].append(view)
    parts.gltf["extensionsUsed"] = ["EXT_meshopt_compression"]


def meshopt_stride(parts: Parts) -> None:
    """A width that the decoder has no room for."""
    packed = {"buffer": 0, "byteLength": 100, "byteStride": 1024, "count": 1, "mode": "ATTRIBUTES"}
    view = {"buffer": 0, "byteLength": 1024, "extensions": {"EXT_meshopt_compression": packed}}
    parts.add(bytes(2000), BYTE, "SCALAR", 1)
    parts.gltf["bufferViews"].append(view)


def draco_bomb(parts: Parts) -> None:
    """A compressed mesh whose own header claims four billion points."""
    start = b"DRACO\2\2\1\0\0\0" + b"\xff\xff\xff\xff\x0f" * 2 + bytes(20)
    view = parts.gltf["accessors"][parts.add(start, BYTE, "SCALAR", len(start))]["bufferView"]
    packed = {"bufferView": view, "attributes": {"POSITION": 0}}
    primitive(parts)["extensions"] = {"KHR_draco_mesh_compression": packed}
    parts.gltf["extensionsUsed"] = ["KHR_draco_mesh_compression"]


def another_picture(start: bytes) -> Callable[[Parts], None]:
    def change(parts: Parts) -> None:
        view = parts.gltf["accessors"][parts.add(start + bytes(200), BYTE, "SCALAR", 1)]["bufferView"]
        parts.gltf["images"] = [{"bufferView": view, "mimeType": "image/png"}]

    return change


PICTURES = {
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "KTX2": b"\xabKTX 20\xbb\r\n\x1a\n",
    "DDS": b"DDS |\0\0\0",
    "PSD": b"8BPS\0\1",
    "BigTIFF": b"II+\0\x08\0",
    "TIFF": b"II*\0\x08\0",
    "SGI": b"\x01\xda\1\1",
    "OpenEXR": b"\x76\x2f\x31\x01\2\0\0\0",
    "Radiance HDR": b"#?RADIANCE\n\n-Y 60000 +X 60000\n",
    "BMP": b"BM" + bytes(12) + struct.pack("<Iii", 40, 60_000, 60_000),
    "GIF": b"GIF89a",
    "AVIF": b"\0\0\0\x1cftypavif",
    "of an unknown kind": struct.pack("<BBB9xHHBB", 0, 0, 2, 60_000, 60_000, 24, 0),
}

HOSTILE: dict[str, Callable[[Parts], object]] = {
    change.__name__: change
    for change in (
        many_zero_indices,
        many_small_indices,
        shared_indices,
        many_parts_of_nothing,
        many_empty_parts,
        many_targets,
        large_targets,
        many_attributes,
        large_attributes,
        many_channels,
        many_keys,
        images_on_one_view,
        pictures_that_overlap,
        many_images,
        sixteen_bits,
        many_materials,
        many_textures,
        many_nodes,
        many_bones,
        many_skins,
        many_matrices,
        weights_in_every_skin,
        bones_of_every_mesh,
        many_meshes_in_parts,
        computed_again_and_again,
        many_scenes,
        large_extras,
        deep_extras,
        overlapping,
        sparse_and_large,
        stands_everywhere,
        meshopt_bomb,
        meshopt_stride,
        draco_bomb,
    )
}


def with_description(text: bytes) -> bytes:
    """A GLB whose description is this text."""
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text), len(text), b"JSON") + text


def nothing_but_lists(size: int) -> bytes:
    """A description of `size` bytes of empty lists."""
    return with_description(b'{"meshes":[{"primitives":[]}],"x":[' + b"[]," * (size // 3) + b"[]]}")


def one_long_text(size: int) -> bytes:
    return with_description(json.dumps({"meshes": [], "x": "y" * size}).encode())


def deep_lists(depth: int) -> bytes:
    return with_description(b'{"meshes":[' + b"[" * depth + b"]" * depth + b"]}")


def a_node_each(parts: Parts) -> None:
    parts.gltf["nodes"] = [{"mesh": 0}] * 990
    parts.gltf["scenes"] = [{"nodes": list(range(990))}]


def a_long_chain(parts: Parts) -> None:
    parts.gltf["nodes"] = [{"children": [number + 1]} for number in range(900)] + [{"mesh": 0}]


def nine_hundred_parts(parts: Parts) -> None:
    parts.gltf["meshes"][0]["primitives"] *= 900


def a_material_each(parts: Parts) -> None:
    parts.gltf["materials"] *= 200
    parts.gltf["meshes"][0]["primitives"] = [{**primitive(parts), "material": number} for number in range(200)]


def sixty_targets(parts: Parts) -> None:
    primitive(parts)["targets"] = [{"POSITION": 1}] * 60
    parts.gltf["meshes"][0]["weights"] = [1.0] * 60


def nineteen_hundred_channels(parts: Parts) -> None:
    times, values = parts.add(struct.pack("<2f", 0, 1), FLOAT, "SCALAR", 2), parts.add(bytes(24), FLOAT, "VEC3", 2)
    channels = [{"sampler": 0, "target": {"node": 1, "path": "scale"}}] * 1_900
    parts.gltf["animations"] = [{"samplers": [{"input": times, "output": values}], "channels": channels}]


def a_thousand_bones(parts: Parts) -> None:
    weights(parts, 3_000)
    bound(parts, 950, 1)


def three_meshes_of_many_bones(parts: Parts) -> None:
    weights(parts, 3_000)
    bound(parts, 900, 3)


def weights_within(parts: Parts) -> None:
    weights(parts, 9_000)
    bound(parts, 2, 1, skins=25)


def meshes_in_parts(parts: Parts) -> None:
    many_meshes_in_parts(parts)
    parts.gltf["nodes"] = parts.gltf["nodes"][:1]
    parts.gltf["scenes"] = [{"nodes": [0]}]


def computed_within(parts: Parts) -> None:
    computed_again_and_again(parts)
    del parts.gltf["meshes"][0]["primitives"][18:]


def all_on_one_point(parts: Parts) -> None:
    count = 2_100_000
    primitive(parts)["indices"] = parts.add(bytes(4 * count), INT, "SCALAR", count)


WITHIN: dict[str, Callable[[Parts], object]] = {
    change.__name__: change
    for change in (
        a_node_each,
        a_long_chain,
        nine_hundred_parts,
        a_material_each,
        sixty_targets,
        nineteen_hundred_channels,
        a_thousand_bones,
        three_meshes_of_many_bones,
        weights_within,
        meshes_in_parts,
        computed_within,
        all_on_one_point,
    )
}
"""Just within the limits: Blender takes them in, or says why not."""
