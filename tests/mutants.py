"""Sound GLB files changed as a careless exporter, a broken line or an enemy would: the same seed, the same file."""

import base64
import json
import math
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from models import box_glb, glb, picture_png
from service import FIXTURES

Gltf = dict[str, Any]


class Parts:
    """A GLB taken apart. `file_changes` are done to the bytes when it is put together again."""

    def __init__(self, content: bytes) -> None:
        (length,) = struct.unpack_from("<I", content, 12)
        self.gltf: Gltf = json.loads(content[20 : 20 + length])
        self.binary = bytearray(content[28 + length :])
        self.file_changes: list[Callable[[bytearray], None]] = []

    def add(self, content: bytes, component: int, kind: str, count: int, **more: Any) -> int:
        """Another accessor with a view of its own; its number."""
        self.binary.extend(b"\0" * (-len(self.binary) % 4))
        self.gltf["bufferViews"].append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(content)})
        view = {"bufferView": len(self.gltf["bufferViews"]) - 1}
        self.gltf["accessors"].append({**view, "componentType": component, "type": kind, "count": count, **more})
        self.binary.extend(content)
        self.gltf["buffers"][0]["byteLength"] = len(self.binary)
        return len(self.gltf["accessors"]) - 1

    def whole(self) -> bytes:
        content = bytearray(glb(self.gltf, bytes(self.binary)))
        for change in self.file_changes:
            with suppress(struct.error, LookupError, ValueError):  # an earlier one has left too little
                change(content)
        return bytes(content)


def sources() -> dict[str, bytes]:
    """The files that are changed, by name: those made here, and the service's own where they are at hand."""
    found = {"box": box_glb(), "rich": rich_glb()}
    for path in sorted(FIXTURES.glob("*.glb")):
        found[path.stem] = path.read_bytes()
    return found


def mutant(content: bytes, kinds: list[str], seed: int) -> bytes:
    """The GLB `content` changed in these ways (names of MUTATIONS), one after the other."""
    parts, chance = Parts(content), random.Random(seed)
    for kind in kinds:
        # An earlier change may have taken away what this one changes.
        with suppress(LookupError, TypeError, AttributeError, ValueError):
            MUTATIONS[kind](parts, chance)
    return parts.whole()


def rich_glb() -> bytes:
    """A box with what the service's models do not have: normals, colours, a skin, a morph target, an animation, a
    camera, a lamp, an instance and a sparse accessor.
    """
    parts = Parts(box_glb())
    gltf, add = parts.gltf, parts.add
    vertices = gltf["accessors"][1]["count"]
    floats = 5126
    primitive = gltf["meshes"][0]["primitives"][0]
    primitive["attributes"] |= {
        "NORMAL": add(struct.pack("<3f", 0, 0, 1) * vertices, floats, "VEC3", vertices),
        "COLOR_0": add(b"\xff\x80\x40\xff" * vertices, 5121, "VEC4", vertices, normalized=True),
        "JOINTS_0": add(b"\0\1\0\0" * vertices, 5121, "VEC4", vertices),
        "WEIGHTS_0": add(struct.pack("<4f", 0.5, 0.5, 0, 0) * vertices, floats, "VEC4", vertices),
    }
    moved = add(struct.pack("<3f", 0, 0.1, 0) * vertices, floats, "VEC3", vertices)
    primitive["targets"] = [{"POSITION": moved}]
    gltf["meshes"][0] |= {"weights": [0.5], "extras": {"targetNames": ["up"]}}
    some = add(struct.pack("<2H", 0, 3), 5123, "SCALAR", 2)
    values = add(struct.pack("<6f", 9, 9, 9, 8, 8, 8), floats, "VEC3", 2)
    gltf["accessors"][moved]["sparse"] = {
        "count": 2,
        "indices": {"bufferView": gltf["accessors"][some]["bufferView"], "componentType": 5123},
        "values": {"bufferView": gltf["accessors"][values]["bufferView"]},
    }
    identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    gltf["nodes"] = [
        {"name": "world", "children": [1, 2, 4, 5, 6]},
        {"name": "geometry_0", "mesh": 0, "skin": 0},
        {"name": "root bone", "children": [3]},
        {"name": "tip bone", "translation": [0, 0.5, 0]},
        {"name": "eye", "camera": 0, "rotation": [0, 0, 0, 1]},
        {"name": "lamp", "extensions": {"KHR_lights_punctual": {"light": 0}}},
        {"name": "instance", "mesh": 0, "scale": [1, -1, 1], "translation": [2, 0, 0]},
    ]
    gltf["skins"] = [
        {"joints": [2, 3], "inverseBindMatrices": add(struct.pack("<16f", *identity) * 2, floats, "MAT4", 2)}
    ]
    gltf["cameras"] = [{"type": "perspective", "perspective": {"yfov": 1.0, "znear": 0.1}}]
    gltf["extensionsUsed"] = ["KHR_lights_punctual"]
    gltf["extensions"] = {"KHR_lights_punctual": {"lights": [{"type": "point", "intensity": 10}]}}
    when = add(struct.pack("<2f", 0, 1), floats, "SCALAR", 2, min=[0], max=[1])
    where = add(struct.pack("<6f", 0, 0, 0, 1, 1, 1), floats, "VEC3", 2)
    turned = add(struct.pack("<8f", 0, 0, 0, 1, 0, 1, 0, 0), floats, "VEC4", 2)
    gltf["animations"] = [
        {
            "name": "wave",
            "samplers": [{"input": when, "output": where}, {"input": when, "output": turned, "interpolation": "STEP"}],
            "channels": [
                {"sampler": 0, "target": {"node": 6, "path": "translation"}},
                {"sampler": 1, "target": {"node": 3, "path": "rotation"}},
            ],
        }
    ]
    return parts.whole()


# Values


def odd_value(chance: random.Random, before: Any = None) -> Any:
    """A value that nobody expects where `before` stood; sometimes of the same type."""
    numbers = [0, 1, -1, 2, 3, 255, 65536, 2**31 - 1, 2**31, 2**32, 2**63, 10**30, -(2**31), 0.5, 1e-40, 1e38, 1e308]
    numbers += [math.nan, math.inf, -math.inf]
    if isinstance(before, int | float) and not isinstance(before, bool) and chance.random() < 0.7:
        near = [before + 1, before - 1, before * 2, -before, before / 2, before + 4, before * 1000]
        return chance.choice(near + numbers)
    others = [None, True, False, "", "x" * 70, "\0", "ß\ud800", "../../a", [], [0], [[]], {}, {"a": None}, [None] * 4]
    return chance.choice(numbers + others)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, name) in a JSON value, deepest last."""
    names = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for name in names:
        yield value, name
        yield from places(value[name])


def some_place(gltf: Gltf, chance: random.Random) -> tuple[Any, Any]:
    return chance.choice(list(places(gltf)))


def one_of(gltf: Gltf, kind: str, chance: random.Random) -> Gltf:
    return chance.choice(gltf[kind])


def primitive(gltf: Gltf, chance: random.Random) -> Gltf:
    return chance.choice(chance.choice(gltf["meshes"])["primitives"])


# Changes of the description


def change_value(parts: Parts, chance: random.Random) -> None:
    holder, name = some_place(parts.gltf, chance)
    holder[name] = odd_value(chance, holder[name])


def remove_value(parts: Parts, chance: random.Random) -> None:
    holder, name = some_place(parts.gltf, chance)
    del holder[name]


def exchange_values(parts: Parts, chance: random.Random) -> None:
    (one, one_name), (other, other_name) = some_place(parts.gltf, chance), some_place(parts.gltf, chance)
    text = json.dumps(other[other_name])
    one[one_name] = json.loads(text)


def repeat_item(parts: Parts, chance: random.Random) -> None:
    lists = [holder[name] for holder, name in places(parts.gltf) if isinstance(holder[name], list) and holder[name]]
    found = chance.choice(lists)
    found += [json.loads(json.dumps(chance.choice(found)))] * chance.choice([1, 2, 500])


def change_accessor(parts: Parts, chance: random.Random) -> None:
    accessor = one_of(parts.gltf, "accessors", chance)
    changes: list[Callable[[], object]] = [
        lambda: accessor.update(count=odd_value(chance, accessor["count"])),
        lambda: accessor.update(count=chance.randrange(accessor["count"] + 1)),
        lambda: accessor.update(componentType=chance.choice([5120, 5121, 5122, 5123, 5124, 5125, 5126])),
        lambda: accessor.update(type=chance.choice(["SCALAR", "VEC2", "VEC3", "VEC4", "MAT2", "MAT3", "MAT4"])),
        lambda: accessor.update(byteOffset=chance.choice([0, 1, 2, 4, 12, 10**9, -4])),
        lambda: accessor.update(normalized=True),
        lambda: accessor.update(min=odd_value(chance), max=odd_value(chance)),
        lambda: accessor.pop("bufferView"),
        lambda: accessor.update(bufferView=chance.randrange(-1, len(parts.gltf["bufferViews"]) + 1)),
    ]
    chance.choice(changes)()


def change_view(parts: Parts, chance: random.Random) -> None:
    view = one_of(parts.gltf, "bufferViews", chance)
    changes: list[Callable[[], object]] = [
        lambda: view.update(byteStride=chance.choice([0, 1, 4, 12, 16, 252, -4, 10**6])),
        lambda: view.update(byteLength=odd_value(chance, view["byteLength"])),
        lambda: view.update(byteLength=chance.randrange(view["byteLength"])),
        lambda: view.update(byteOffset=odd_value(chance, view["byteOffset"])),
        lambda: view.update(byteOffset=chance.choice([0, 1, 2, 3])),
        lambda: view.update(target=chance.choice([34962, 34963, 7])),
    ]
    chance.choice(changes)()


def add_sparse(parts: Parts, chance: random.Random) -> None:
    accessor = one_of(parts.gltf, "accessors", chance)
    views = len(parts.gltf["bufferViews"])
    accessor["sparse"] = {
        "count": chance.choice([0, 1, 2, 5, accessor["count"], accessor["count"] + 1, 10**8, -1]),
        "indices": {
            "bufferView": chance.randrange(views + 1),
            "byteOffset": chance.choice([0, 0, 4, 10**6]),
            "componentType": chance.choice([5121, 5123, 5125, 5126]),
        },
        "values": {"bufferView": chance.randrange(views + 1), "byteOffset": chance.choice([0, 0, 4, 10**6])},
    }
    if chance.random() < 0.3:
        accessor.pop("bufferView", None)


def change_mode(parts: Parts, chance: random.Random) -> None:
    primitive(parts.gltf, chance)["mode"] = chance.choice([0, 1, 2, 3, 5, 6, 5, 6, 7, -1, "4", 4.0])


def change_attributes(parts: Parts, chance: random.Random) -> None:
    attributes, accessors = primitive(parts.gltf, chance)["attributes"], parts.gltf["accessors"]
    names = [
        "NORMAL",
        "TANGENT",
        "TEXCOORD_0",
        "TEXCOORD_1",
        "TEXCOORD_9",
        "COLOR_0",
        "COLOR_1",
        "JOINTS_0",
        "JOINTS_1",
    ]
    names += ["WEIGHTS_0", "WEIGHTS_1", "_CUSTOM", "_", "POSITION", "FEATURE"]
    for _ in range(chance.choice([1, 1, 2])):
        attributes[chance.choice(names)] = chance.randrange(len(accessors) + (chance.random() < 0.1))
    if chance.random() < 0.2:
        attributes.pop(chance.choice(list(attributes)))


def without_indices(parts: Parts, chance: random.Random) -> None:
    del primitive(parts.gltf, chance)["indices"]


def add_morph(parts: Parts, chance: random.Random) -> None:
    part = primitive(parts.gltf, chance)
    part["targets"] = [
        {chance.choice(["POSITION", "NORMAL", "TANGENT", "COLOR_0"]): chance.randrange(len(parts.gltf["accessors"]))}
        for _ in range(chance.choice([1, 2, 300]))
    ]
    mesh = one_of(parts.gltf, "meshes", chance)
    mesh["weights"] = chance.choice([[], [1], [math.nan], [0.1] * 400, "x"])
    mesh["extras"] = chance.choice([{"targetNames": ["a"]}, {"targetNames": 7}, 3, {"targetNames": [None, {}]}])


def change_node(parts: Parts, chance: random.Random) -> None:
    node = one_of(parts.gltf, "nodes", chance)
    number = chance.choice([0, 1, -1, 1e-30, 1e30, 1e300, math.nan, math.inf, 3])
    changes: list[Callable[[], object]] = [
        lambda: node.update(translation=[number, 0, 1]),
        lambda: node.update(scale=[number, 1, 1]),
        lambda: node.update(scale=[0, 0, 0]),
        lambda: node.update(rotation=[number, 0, 0, 0]),
        lambda: node.update(matrix=[number] * chance.choice([16, 16, 15])),
        lambda: node.update(mesh=chance.choice([0, 0, 1, -1, "0", 0.0])),
        lambda: node.update(skin=chance.choice([0, 1])),
        lambda: node.update(camera=chance.choice([0, 1])),
        lambda: node.update(name=odd_value(chance)),
        lambda: node.update(weights=odd_value(chance)),
        lambda: node.update(extras=odd_value(chance)),
        lambda: node.update(children=odd_value(chance)),
    ]
    chance.choice(changes)()


def tangle_nodes(parts: Parts, chance: random.Random) -> None:
    nodes = parts.gltf["nodes"]
    shapes: list[Callable[[], object]] = [
        lambda: chance.choice(nodes).setdefault("children", []).append(chance.randrange(len(nodes))),
        lambda: nodes.extend([{"children": [2]}, {"children": [len(nodes)]}]),
        # Nobody's children, in a ring that no scene leads to.
        lambda: nodes.extend([{"children": [len(nodes) + 1], "mesh": 0}, {"children": [len(nodes)]}]),
        # One below the other.
        lambda: nodes.extend({"children": [len(nodes) + n]} for n in range(1, chance.choice([50, 1500]))),
        lambda: parts.gltf.update(scenes=[]),
        lambda: parts.gltf.pop("scenes"),
        lambda: parts.gltf.update(scene=chance.choice([1, -1, 10**9, "0"])),
        lambda: parts.gltf["scenes"].append({"nodes": [chance.randrange(len(nodes))]}),
    ]
    first = len(nodes)
    chance.choice(shapes)()
    for node in nodes[first:]:
        node["children"] = [number for number in node["children"] if number < len(nodes)]
    if len(nodes) > first and chance.random() < 0.5:
        nodes[0].setdefault("children", []).append(first)


def change_material(parts: Parts, chance: random.Random) -> None:
    gltf = parts.gltf
    material = one_of(gltf, "materials", chance)
    number = chance.choice([0, 1, -1, 2, 1e30, math.nan, "1", None, [], [1], [1, 1, 1, 1]])
    texture = chance.choice([{"index": 0}, {"index": 9}, {"index": 0, "texCoord": 3}, {}, 0, {"index": -1}])
    surface = material.setdefault("pbrMetallicRoughness", {})
    changes: list[Callable[[], object]] = [
        lambda: material.update(alphaMode=chance.choice(["BLEND", "MASK", "OPAQUE", "x", 1]), alphaCutoff=number),
        lambda: material.update(doubleSided=chance.choice([True, "x", None])),
        lambda: material.update(emissiveFactor=chance.choice([number, [number] * 3])),
        lambda: material.update({chance.choice(["normalTexture", "occlusionTexture", "emissiveTexture"]): texture}),
        lambda: surface.update({chance.choice(["metallicFactor", "roughnessFactor"]): number}),
        lambda: surface.update(baseColorFactor=chance.choice([number, [number] * 4, [1, 0, 0, 1]])),
        lambda: surface.update({chance.choice(["baseColorTexture", "metallicRoughnessTexture"]): texture}),
        lambda: material.update(pbrMetallicRoughness=odd_value(chance)),
        lambda: material.update(name=odd_value(chance)),
        lambda: material.update(extras=odd_value(chance)),
        lambda: primitive(gltf, chance).update(material=odd_value(chance, 0)),
        lambda: gltf.update(textures=[{"source": chance.choice([0, 1, -1]), "sampler": chance.choice([0, "x"])}]),
        lambda: gltf.update(samplers=[{"wrapS": chance.choice([33071, 7]), "magFilter": chance.choice([9728, "x"])}]),
    ]
    chance.choice(changes)()


EXTENSIONS: dict[str, list[tuple[str, Any]]] = {
    "materials": [
        ("KHR_materials_unlit", {}),
        ("KHR_materials_transmission", {"transmissionFactor": 1}),
        ("KHR_materials_clearcoat", {"clearcoatFactor": 2, "clearcoatTexture": {"index": 0}}),
        ("KHR_materials_volume", {"thicknessFactor": math.nan}),
        ("KHR_materials_ior", {"ior": 0}),
        ("KHR_materials_specular", {"specularColorFactor": [1]}),
        ("KHR_materials_sheen", {"sheenColorTexture": {"index": 4}}),
        ("KHR_materials_anisotropy", {"anisotropyStrength": "x"}),
        ("KHR_materials_iridescence", 5),
        ("KHR_materials_emissive_strength", {"emissiveStrength": 1e30}),
        ("KHR_materials_variants", {"variants": [{"name": "a"}]}),
        ("KHR_materials_pbrSpecularGlossiness", {"diffuseTexture": {"index": 0}}),
    ],
    "textures": [
        ("KHR_texture_basisu", {"source": 0}),
        ("EXT_texture_webp", {"source": 0}),
        ("EXT_texture_webp", {"source": 5}),
    ],
    "nodes": [
        ("EXT_mesh_gpu_instancing", {"attributes": {"TRANSLATION": 1}}),
        ("EXT_mesh_gpu_instancing", {"attributes": {"TRANSLATION": 0, "SCALE": 2, "ROTATION": 1}}),
        ("EXT_mesh_gpu_instancing", {"attributes": {"TRANSLATION": 99}}),
        ("KHR_lights_punctual", {"light": 0}),
        ("KHR_node_visibility", {"visible": False}),
    ],
    "primitives": [
        ("KHR_draco_mesh_compression", {"bufferView": 0, "attributes": {"POSITION": 0}}),
        ("KHR_draco_mesh_compression", {"bufferView": 99, "attributes": {}}),
        ("KHR_materials_variants", {"mappings": [{"material": 0, "variants": [0]}]}),
    ],
    "bufferViews": [
        ("EXT_meshopt_compression", {"buffer": 0, "byteLength": 10, "byteStride": 4, "count": 5, "mode": "ATTRIBUTES"}),
    ],
    "gltf": [
        ("KHR_lights_punctual", {"lights": [{"type": "spot", "spot": {"outerConeAngle": math.nan}}]}),
        ("KHR_lights_punctual", {"lights": [{"type": "sun", "color": "red"}]}),
        ("KHR_materials_variants", {"variants": 7}),
        ("KHR_xmp_json_ld", {"packets": []}),
        ("EXT_lights_image_based", {"lights": [{}]}),
    ],
}


def add_extension(parts: Parts, chance: random.Random) -> None:
    gltf = parts.gltf
    kind = chance.choice(list(EXTENSIONS))
    name, value = chance.choice(EXTENSIONS[kind])
    if kind == "gltf":
        holder = gltf
    elif kind == "primitives":
        holder = primitive(gltf, chance)
    else:
        holder = one_of(gltf, kind, chance)
    holder.setdefault("extensions", {})[name] = value if chance.random() < 0.8 else odd_value(chance)
    gltf.setdefault("extensionsUsed", []).append(name)
    if chance.random() < 0.3:
        gltf.setdefault("extensionsRequired", []).append(chance.choice([name, "VENDOR_unheard_of"]))


def add_skin(parts: Parts, chance: random.Random) -> None:
    gltf = parts.gltf
    count = len(gltf["nodes"])
    joints = [chance.randrange(count + (chance.random() < 0.1)) for _ in range(chance.choice([1, 2, 5]))]
    skin: Gltf = {"joints": chance.choice([joints, joints, [], "x"])}
    if chance.random() < 0.4:
        skin["inverseBindMatrices"] = chance.randrange(len(gltf["accessors"]))
    if chance.random() < 0.4:
        skin["skeleton"] = chance.randrange(count + 1)
    gltf.setdefault("skins", []).append(skin)
    one_of(gltf, "nodes", chance)["skin"] = chance.randrange(len(gltf["skins"]))


def add_animation(parts: Parts, chance: random.Random) -> None:
    gltf = parts.gltf
    accessors, nodes = len(gltf["accessors"]), len(gltf["nodes"])
    sampler = {"input": chance.randrange(accessors), "output": chance.randrange(accessors)}
    if chance.random() < 0.5:
        sampler["interpolation"] = chance.choice(["STEP", "CUBICSPLINE", "LINEAR", "x", 4])
    path = chance.choice(["translation", "rotation", "scale", "weights", "pointer", "x", 3])
    target = chance.choice([{"node": chance.randrange(nodes + 1), "path": path}, {"path": path}, {}])
    channel = {"sampler": chance.choice([0, 0, 1]), "target": target}
    animation = {"samplers": [sampler], "channels": [channel] * chance.choice([0, 1, 2])}
    gltf.setdefault("animations", []).append(animation)


def add_camera(parts: Parts, chance: random.Random) -> None:
    views = [{"type": "orthographic", "orthographic": {"xmag": 0, "ymag": 0, "zfar": 0, "znear": -1}}]
    views += [{"type": "perspective", "perspective": {"yfov": value, "znear": value}} for value in (0, math.nan, "x")]
    views += [{"type": "x"}, {}]
    parts.gltf.setdefault("cameras", []).append(chance.choice(views))
    one_of(parts.gltf, "nodes", chance)["camera"] = len(parts.gltf["cameras"]) - 1


def add_extras(parts: Parts, chance: random.Random) -> None:
    kind = chance.choice(["nodes", "meshes", "materials", "scenes", "asset"])
    holder = parts.gltf["asset"] if kind == "asset" else one_of(parts.gltf, kind, chance)
    holder["extras"] = {chance.choice(["a", "_RNA_UI", "x" * 70, "ID"]): odd_value(chance)}
    holder["name"] = chance.choice(["", "x" * 300, "日本語", "\0", "a\nb", 7, "Scene", "geometry_0"])


def huge_count(parts: Parts, chance: random.Random) -> None:
    """Much of nothing: an accessor of zeros needs no data."""
    accessor = one_of(parts.gltf, "accessors", chance)
    accessor.pop("bufferView", None)
    accessor["count"] = chance.choice([10**5, 10**7, 10**8, 2**31, 10**12])


def buffer_as_text(parts: Parts, chance: random.Random) -> None:
    text = base64.b64encode(bytes(parts.binary[: chance.choice([10**7, 10**7, 100])])).decode()
    head = chance.choice(
        ["data:application/octet-stream;base64,", "data:;base64,", "data:,", "data:", "file:///etc/x,"]
    )
    parts.gltf["buffers"][0]["uri"] = head + text


# Changes of the pictures


def change_image(parts: Parts, chance: random.Random) -> None:
    gltf = parts.gltf
    image = one_of(gltf, "images", chance)
    changes: list[Callable[[], object]] = [
        lambda: image.update(mimeType=chance.choice(["image/jpeg", "image/webp", "image/x", "", 7])),
        lambda: image.pop("mimeType"),
        lambda: image.update(bufferView=chance.randrange(len(gltf["bufferViews"]))),
        lambda: image.update(name=odd_value(chance)),
        lambda: gltf.update(textures=[{}]),
        lambda: gltf.update(images=[]),
        lambda: gltf.update(images=[{}]),
        lambda: (image.pop("bufferView"), image.update(uri=chance.choice(IMAGE_URIS))),
    ]
    chance.choice(changes)()


IMAGE_URIS = (
    "data:image/png;base64," + base64.b64encode(picture_png(2, 2)).decode(),
    "data:image/png;base64,AAAA",
    "data:image/png;base64,!!!",
    "data:image/png,x",
    "data:",
    "data:image/svg+xml,<svg/>",
    "//server/x.png",
    "x.png",
)


def image_bytes(parts: Parts) -> tuple[int, int]:
    """Where the first picture begins in the binary chunk, and its length."""
    view = parts.gltf["bufferViews"][parts.gltf["images"][0]["bufferView"]]
    return view.get("byteOffset", 0), view["byteLength"]


def spoil_image(parts: Parts, chance: random.Random) -> None:
    begins, length = image_bytes(parts)
    how = chance.randrange(4)
    if how == 0:  # nothing but its beginning
        keep = chance.randrange(length)
        parts.binary[begins + keep : begins + length] = bytes(length - keep)
    elif how == 1:  # no PNG at all
        parts.binary[begins : begins + length] = chance.randbytes(length)
    elif how == 2:  # a size that no picture has; the place of width and height in IHDR
        size = chance.choice([(0, 0), (2**31 - 1, 1), (65500, 65500), (1, 0), (2**32 - 1, 2**32 - 1)])
        parts.binary[begins + 16 : begins + 24] = struct.pack(">II", *size)
        checksum = zlib.crc32(parts.binary[begins + 12 : begins + 29])
        parts.binary[begins + 29 : begins + 33] = struct.pack(">I", checksum)
    else:
        flip(parts.binary, begins, begins + length, chance)


# Changes of the bytes


def flip(content: bytearray, begins: int, ends: int, chance: random.Random) -> None:
    if not (isinstance(begins, int) and isinstance(ends, int)):
        return  # another change has made something else of it
    for _ in range(chance.choice([1, 1, 3, 20])):
        content[chance.randrange(begins, ends)] = chance.randrange(256)


def accessor_bytes(parts: Parts, number: int) -> tuple[int, int]:
    accessor = parts.gltf["accessors"][number]
    view = parts.gltf["bufferViews"][accessor["bufferView"]]
    begins = view.get("byteOffset", 0)
    return begins, begins + view["byteLength"]


def flip_data(parts: Parts, chance: random.Random) -> None:
    flip(parts.binary, *accessor_bytes(parts, chance.randrange(len(parts.gltf["accessors"]))), chance)


def odd_floats(parts: Parts, chance: random.Random) -> None:
    """Numbers that are none, or enormous, among those of any accessor."""
    begins, ends = accessor_bytes(parts, chance.randrange(len(parts.gltf["accessors"])))
    for _ in range(chance.choice([1, 5, 50])):
        value = chance.choice([math.nan, math.inf, -math.inf, 3e38, -3e38, 1e-45, 0.0, -0.0])
        at = begins + 4 * chance.randrange((ends - begins) // 4)
        parts.binary[at : at + 4] = struct.pack("<f", value)


def all_the_same(parts: Parts, chance: random.Random) -> None:
    """Every number of an accessor 0, or the first one: no area, no triangle."""
    begins, ends = accessor_bytes(parts, chance.randrange(len(parts.gltf["accessors"])))
    unit = bytes(parts.binary[begins : begins + 12]) if chance.random() < 0.5 else bytes(12)
    parts.binary[begins:ends] = (unit * ((ends - begins) // 12 + 1))[: ends - begins]


def flip_anywhere(parts: Parts, chance: random.Random) -> None:
    seed = chance.randrange(2**32)
    parts.file_changes.append(lambda content: flip(content, 0, len(content), random.Random(seed)))


def flip_description(parts: Parts, chance: random.Random) -> None:
    seed = chance.randrange(2**32)
    parts.file_changes.append(
        lambda content: flip(content, 12, 20 + struct.unpack_from("<I", content, 12)[0], random.Random(seed))
    )


def cut(parts: Parts, chance: random.Random) -> None:
    """Cut short; half of the time the header says the length that is left."""
    share, honest = chance.random(), chance.random() < 0.5

    def change(content: bytearray) -> None:
        del content[int(len(content) * share) :]
        if honest and len(content) >= 12:
            struct.pack_into("<I", content, 8, len(content))

    parts.file_changes.append(change)


def change_chunks(parts: Parts, chance: random.Random) -> None:
    how = chance.randrange(4)
    wrong = chance.choice([0, 1, 4, 2**31, 2**32 - 1])

    def change(content: bytearray) -> None:
        (length,) = struct.unpack_from("<I", content, 12)
        if how == 0:
            struct.pack_into("<I", content, 20 + length, wrong)
        elif how == 1:
            struct.pack_into("<I", content, 12, wrong)
        elif how == 2:  # one more chunk, which readers are to skip
            content += struct.pack("<I4s", 4, b"MORE") + b"more"
            struct.pack_into("<I", content, 8, len(content))
        else:  # the binary chunk twice
            content += content[20 + length :]
            struct.pack_into("<I", content, 8, len(content))

    parts.file_changes.append(change)


MUTATIONS: dict[str, Callable[[Parts, random.Random], None]] = {
    change.__name__: change
    for change in (
        change_value,
        remove_value,
        exchange_values,
        repeat_item,
        change_accessor,
        change_view,
        add_sparse,
        change_mode,
        change_attributes,
        without_indices,
        add_morph,
        change_node,
        tangle_nodes,
        change_material,
        add_extension,
        add_skin,
        add_animation,
        add_camera,
        add_extras,
        huge_count,
        buffer_as_text,
        change_image,
        spoil_image,
        flip_data,
        odd_floats,
        all_the_same,
        flip_anywhere,
        flip_description,
        cut,
        change_chunks,
    )
}
