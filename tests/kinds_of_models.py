"""GLBs of every kind that can be read, by name: materials, textures, pictures, meshes, scenes, and spoilt ones."""

import io
import random
import struct
from collections.abc import Callable
from typing import Any

from models import box_glb, colours_glb, mesh_glb, picture_png, prism_glb
from mutants import MUTATIONS, Parts, mutant
from PIL import Image

from trellis_blender.imaging.damage import may_be_damaged

Change = Callable[[Parts], None]
Gltf = dict[str, Any]


def kinds() -> dict[str, bytes]:
    """All of them."""
    found = {f"material, {name}": _changed(change) for name, change in MATERIALS.items()}
    found |= {f"picture, {name}": _changed(change) for name, change in PICTURES.items()}
    found |= {f"mesh, {name}": _changed(change) for name, change in MESHES.items()}
    found |= {
        "mesh, without indices": prism_glb(14, "none"),
        "mesh, with normals": prism_glb(14, "flat"),
        "mesh, with odd normals": prism_glb(14, "upwards"),
        "mesh, colours alone": colours_glb(),
        "mesh, strip": _in_mode(5),
        "mesh, fan": _in_mode(6),
    }
    return found | spoilt()


def spoilt() -> dict[str, bytes]:
    """Changed at random, each in one way."""
    return {f"spoilt, {kind}": mutant(box_glb(), [kind], 7) for kind in sorted(MUTATIONS)}


def not_read() -> dict[str, bytes]:
    """What goes to Blender's importer."""
    return {f"not read, {name}": _changed(change) for name, change in NOT_READ.items()}


def _changed(change: Change) -> bytes:
    parts = Parts(box_glb())
    change(parts)
    return parts.whole()


def _picture(parts: Parts, content: bytes, kind: str = "image/png", **more: Any) -> int:
    """Another texture; its number."""
    gltf = parts.gltf
    parts.binary.extend(b"\0" * (-len(parts.binary) % 4))
    gltf["bufferViews"].append({"buffer": 0, "byteOffset": len(parts.binary), "byteLength": len(content)})
    parts.binary.extend(content)
    gltf["buffers"][0]["byteLength"] = len(parts.binary)
    gltf["images"].append({"bufferView": len(gltf["bufferViews"]) - 1, "mimeType": kind, **more})
    gltf["textures"].append({"source": len(gltf["images"]) - 1})
    return len(gltf["textures"]) - 1


def _encoded(kind: str) -> bytes:
    image = Image.effect_noise((32, 32), 60).convert("RGB")
    held = io.BytesIO()
    image.save(held, kind)
    return held.getvalue()


def _surface(base: bool = True, **factors: Any) -> Change:
    """What a surface is, with or without the box's picture."""

    def change(parts: Parts) -> None:
        surface = parts.gltf["materials"][0]["pbrMetallicRoughness"]
        if not base:
            del surface["baseColorTexture"]
        surface.update(factors)

    return change


def _material(base: bool = True, factor: list[float] | None = None, **fields: Any) -> Change:
    """Fields of the material; `{}` in place of a texture's number stands for another picture."""

    def change(parts: Parts) -> None:
        material = parts.gltf["materials"][0]
        if not base:
            del material["pbrMetallicRoughness"]["baseColorTexture"]
        if factor:
            material["pbrMetallicRoughness"]["baseColorFactor"] = factor
        for name, field in fields.items():
            is_texture = name.endswith("Texture")
            new = {"index": _picture(parts, picture_png(4, 4, b"\x80\x40\xff\xff")), **field} if is_texture else field
            material[name] = new

    return change


def _metal_texture(**factors: Any) -> Change:
    def change(parts: Parts) -> None:
        texture = {"index": _picture(parts, picture_png(4, 4, b"\x00\x80\x30\xff"))}
        surface = parts.gltf["materials"][0]["pbrMetallicRoughness"]
        surface.update(metallicRoughnessTexture=texture, **factors)

    return change


def _sampler(**fields: Any) -> Change:
    def change(parts: Parts) -> None:
        parts.gltf["samplers"] = [fields]
        parts.gltf["textures"][0]["sampler"] = 0
        _second_uvs(parts)

    return change


def _transform(**fields: Any) -> Change:
    def change(parts: Parts) -> None:
        base = parts.gltf["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]
        base["extensions"] = {"KHR_texture_transform": fields}
        parts.gltf["extensionsUsed"] = ["KHR_texture_transform"]
        _second_uvs(parts)

    return change


def _extension(name: str, value: Gltf, then: Change = lambda parts: None) -> Change:
    def change(parts: Parts) -> None:
        then(parts)
        parts.gltf["materials"][0].setdefault("extensions", {})[name] = value
        parts.gltf["extensionsUsed"] = [name]

    return change


def _count(parts: Parts) -> int:
    return parts.gltf["accessors"][1]["count"]


def _primitive(parts: Parts) -> Gltf:
    return parts.gltf["meshes"][0]["primitives"][0]


def _points(parts: Parts) -> list[tuple[float, ...]]:
    begins = parts.gltf["bufferViews"][1]["byteOffset"]
    return list(struct.iter_unpack("<3f", parts.binary[begins : begins + _count(parts) * 12]))


def _second_uvs(parts: Parts) -> None:
    count = _count(parts)
    content = struct.pack(f"<{2 * count}f", *(n * 0.37 % 3 - 1 for n in range(2 * count)))
    _primitive(parts)["attributes"]["TEXCOORD_1"] = parts.add(content, 5126, "VEC2", count)


def _second_uvs_shown(parts: Parts) -> None:
    _second_uvs(parts)
    parts.gltf["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["texCoord"] = 1
    _material(normalTexture={"texCoord": 1})(parts)


def _everything(parts: Parts) -> None:
    _second_uvs_shown(parts)
    _colours()(parts)
    _metal_texture(metallicFactor=0.5, roughnessFactor=0.25, baseColorFactor=[0.5, 0.6, 0.7, 0.8])(parts)
    _material(
        normalTexture={"scale": 0.5},
        occlusionTexture={"strength": 0.5},
        emissiveTexture={},
        emissiveFactor=[0.1, 0.2, 0.3],
        alphaMode='MASK',
        doubleSided=True,
    )(parts)


def _colours(material: bool = True, base: bool = True, kind: str = "VEC4", component: int = 5126) -> Change:
    def change(parts: Parts) -> None:
        count, width = _count(parts), int(kind[-1])
        numbers = [n * 0.13 % 1 for n in range(count * width)]
        if component == 5126:
            content = struct.pack(f"<{count * width}f", *numbers)
        elif component == 5121:
            rows = [bytes(int(each * 255) for each in numbers[n * width : (n + 1) * width]) for n in range(count)]
            content = b"".join(row + b"\0" * (4 - width) for row in rows)
        else:
            rows = [
                struct.pack(f"<{width}H", *(int(e * 65535) for e in numbers[n * width : (n + 1) * width]))
                for n in range(count)
            ]
            content = b"".join(row + b"\0" * (8 - 2 * width) for row in rows)
        number = parts.add(content, component, kind, count, **({"normalized": True} if component != 5126 else {}))
        stride = {5121: 4, 5123: 8}.get(component)
        if stride:
            parts.gltf["bufferViews"][parts.gltf["accessors"][number]["bufferView"]]["byteStride"] = stride
        _primitive(parts)["attributes"]["COLOR_0"] = number
        if not material:
            del _primitive(parts)["material"]
        elif not base:
            del parts.gltf["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]

    return change


def _nodes(*nodes: Gltf, roots: list[int] | None = None) -> Change:
    def change(parts: Parts) -> None:
        parts.gltf["nodes"] = [dict(node) for node in nodes]
        parts.gltf["scenes"] = [{"nodes": roots or [0]}]

    return change


def _two_materials(parts: Parts) -> None:
    parts.gltf["materials"].append({"name": "steel", "pbrMetallicRoughness": {"metallicFactor": 1.0}})
    parts.gltf["meshes"].append({"primitives": [{**_primitive(parts), "material": 1}]})
    parts.gltf["nodes"].append({"mesh": 1, "translation": [3, 0, 0]})
    parts.gltf["scenes"][0]["nodes"].append(2)


def _a_part_without(what: str) -> Change:
    def change(parts: Parts) -> None:
        other = {**_primitive(parts), "attributes": dict(_primitive(parts)["attributes"])}
        if what == "material":
            del other["material"]
        else:
            del other["attributes"]["TEXCOORD_0"]
        parts.gltf["meshes"].append({"primitives": [other]})
        parts.gltf["nodes"].append({"mesh": 1, "translation": [3, 0, 0]})
        parts.gltf["scenes"][0]["nodes"].append(2)

    return change


def _indices(component: int, code: str, change_them: Callable[[list[int]], list[int]] = lambda given: given) -> Change:
    def change(parts: Parts) -> None:
        accessor = parts.gltf["accessors"][0]
        given = list(struct.unpack_from(f"<{accessor['count']}I", parts.binary, 0))
        numbers = change_them(given)
        content = struct.pack(f"<{len(numbers)}{code}", *numbers)
        _primitive(parts)["indices"] = parts.add(content, component, "SCALAR", len(numbers))

    return change


def _quantized(parts: Parts) -> None:
    content = b"".join(struct.pack("<3h2x", *(int(each * 30000) for each in point)) for point in _points(parts))
    number = parts.add(content, 5122, "VEC3", _count(parts), normalized=True)
    parts.gltf["accessors"][number] |= {"min": [-32767] * 3, "max": [32767] * 3}
    parts.gltf["bufferViews"][-1]["byteStride"] = 8
    _primitive(parts)["attributes"]["POSITION"] = number
    parts.gltf["extensionsUsed"] = parts.gltf["extensionsRequired"] = ["KHR_mesh_quantization"]


def _sparse(parts: Parts) -> None:
    where = parts.add(struct.pack("<2H", 0, 5), 5123, "SCALAR", 2)
    what = parts.add(struct.pack("<6f", 1, 1, 1, -1, 1, 1), 5126, "VEC3", 2)
    views = [parts.gltf["accessors"][number]["bufferView"] for number in (where, what)]
    parts.gltf["accessors"][1]["sparse"] = {
        "count": 2,
        "indices": {"bufferView": views[0], "componentType": 5123},
        "values": {"bufferView": views[1]},
    }


def _strided(parts: Parts) -> None:
    content = b"".join(struct.pack("<3f", *point) + b"\1\2\3\4" * 2 for point in _points(parts))
    number = parts.add(content, 5126, "VEC3", _count(parts))
    parts.gltf["bufferViews"][-1]["byteStride"] = 20
    _primitive(parts)["attributes"]["POSITION"] = number


def _loose(parts: Parts) -> None:
    attributes = {"POSITION": _primitive(parts)["attributes"]["POSITION"]}
    parts.gltf["meshes"][0]["primitives"].append({"attributes": attributes, "mode": 0})


def _in_mode(mode: int) -> bytes:
    points = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0.5, 1.5, 0.2), (0, 1, 0), (-0.5, 0.5, 0.4)]
    uvs = [(x * 0.5, y * 0.5) for x, y, _ in points]
    parts = Parts(mesh_glb(points, {}, TEXCOORD_0=("VEC2", uvs)))
    _primitive(parts)["mode"] = mode
    return parts.whole()


def _webp(parts: Parts, content: bytes = b"") -> None:
    number = _picture(parts, content or _encoded("WEBP"), "image/webp")
    texture = parts.gltf["textures"][number]
    texture["extensions"] = {"EXT_texture_webp": {"source": texture.pop("source")}}
    parts.gltf["extensionsUsed"] = parts.gltf["extensionsRequired"] = ["EXT_texture_webp"]
    parts.gltf["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["index"] = number


def _other_picture(kind: str, mime: str, **more: Any) -> Change:
    def change(parts: Parts) -> None:
        number = _picture(parts, _encoded(kind), mime, **more)
        parts.gltf["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["index"] = number

    return change


def _shared_picture(parts: Parts) -> None:
    _metal_texture()(parts)
    texture = parts.gltf["materials"][0]["pbrMetallicRoughness"]["metallicRoughnessTexture"]
    parts.gltf["materials"][0]["occlusionTexture"] = dict(texture)


def _two_of_one_name(parts: Parts) -> None:
    parts.gltf["images"][0]["name"] = "paint"
    number = _picture(parts, _encoded("PNG"), name="paint")
    parts.gltf["materials"][0]["emissiveTexture"] = {"index": number}
    parts.gltf["materials"][0]["emissiveFactor"] = [1, 1, 1]


def _animated(parts: Parts) -> None:
    times = parts.add(struct.pack("<2f", 0, 1), 5126, "SCALAR", 2)
    sizes = parts.add(struct.pack("<6f", 1, 4, 1, 1, 4, 1), 5126, "VEC3", 2)
    sampler = {"input": times, "output": sizes}
    target = {"node": 1, "path": "scale"}
    parts.gltf["animations"] = [{"samplers": [sampler], "channels": [{"sampler": 0, "target": target}]}]


def _morphed(parts: Parts) -> None:
    count = _count(parts)
    moved = parts.add(struct.pack("<3f", 0, 0.1, 0) * count, 5126, "VEC3", count)
    _primitive(parts)["targets"] = [{"POSITION": moved}]
    parts.gltf["meshes"][0]["weights"] = [0.5]


def _skinned(parts: Parts) -> None:
    count = _count(parts)
    _primitive(parts)["attributes"] |= {
        "JOINTS_0": parts.add(b"\0\0\0\0" * count, 5121, "VEC4", count),
        "WEIGHTS_0": parts.add(struct.pack("<4f", 1, 0, 0, 0) * count, 5126, "VEC4", count),
    }
    parts.gltf["skins"] = [{"joints": [2]}]
    parts.gltf["nodes"] = [{"children": [1, 2]}, {"mesh": 0, "skin": 0}, {"scale": [1, 3, 1]}]


TURN = [0.0, 0.3826834, 0.0, 0.9238795]

MATERIALS: dict[str, Change] = {
    "as the service's": lambda parts: None,
    "no texture": _surface(base=False),
    "colour": _surface(base=False, baseColorFactor=[0.2, 0.4, 0.6, 1]),
    "colour and texture": _surface(baseColorFactor=[0.2, 0.4, 0.6, 1]),
    "metal": _surface(metallicFactor=1.0),
    "half metal": _surface(metallicFactor=0.3, roughnessFactor=0.2),
    "no surface": lambda parts: parts.gltf["materials"].__setitem__(0, {"name": "nothing said"}),
    "metal and roughness": _metal_texture(),
    "metal and roughness with factors": _metal_texture(metallicFactor=0.5, roughnessFactor=0.7),
    "metal and roughness with one factor": _metal_texture(roughnessFactor=1.0, metallicFactor=0.7),
    "normals": _material(normalTexture={}),
    "weak normals": _material(normalTexture={"scale": 0.4}),
    "occlusion": _material(occlusionTexture={}),
    "weak occlusion": _material(occlusionTexture={"strength": 0.5}),
    "one picture for three": _shared_picture,
    "white light": _material(emissiveFactor=[1, 1, 1]),
    "coloured light": _material(emissiveFactor=[1, 0.5, 0]),
    "light by a picture": _material(emissiveTexture={}, emissiveFactor=[1, 1, 1]),
    "coloured light by a picture": _material(emissiveTexture={}, emissiveFactor=[1, 0.5, 0]),
    "light by a picture, switched off": _material(emissiveTexture={}),
    "strong light": _extension(
        "KHR_materials_emissive_strength", {"emissiveStrength": 5.0}, _material(emissiveFactor=[1, 0.5, 0.2])
    ),
    "mask": _material(alphaMode='MASK'),
    "mask with a factor": _material(factor=[1, 1, 1, 0.7], alphaMode='MASK', alphaCutoff=0.3),
    "mask of 0": _material(alphaMode='MASK', alphaCutoff=0),
    "mask of 2": _material(alphaMode='MASK', alphaCutoff=2),
    "mask without texture": _material(base=False, factor=[1, 1, 1, 0.3], alphaMode='MASK'),
    "blended": _material(alphaMode='BLEND'),
    "blended with a factor": _material(factor=[1, 0.5, 1, 0.5], alphaMode='BLEND'),
    "blended without texture": _material(base=False, factor=[1, 0.5, 1, 0.5], alphaMode='BLEND'),
    "opaque with alpha": _material(factor=[1, 1, 1, 0.5]),
    "double-sided": _material(doubleSided=True),
    "unlit": _extension("KHR_materials_unlit", {}),
    "unlit, blended": _extension("KHR_materials_unlit", {}, _material(alphaMode='BLEND', factor=[1, 1, 0, 0.5])),
    "unlit, mask": _extension("KHR_materials_unlit", {}, _material(alphaMode='MASK')),
    "unlit, no texture": _extension("KHR_materials_unlit", {}, _surface(base=False, baseColorFactor=[1, 0, 0, 1])),
    "another UV map": _second_uvs_shown,
    "moved": _transform(offset=[0.25, 0.5], rotation=0.7, scale=[2, 3]),
    "moved by nothing": _transform(),
    "moved on another UV map": _transform(offset=[0.25, 0.5], texCoord=1),
    "clamped": _sampler(wrapS=33071, wrapT=33071),
    "mirrored": _sampler(wrapS=33648, wrapT=33648),
    "clamped and repeated": _sampler(wrapS=33071, wrapT=10497),
    "repeated and mirrored": _sampler(wrapS=10497, wrapT=33648),
    "pixels": _sampler(magFilter=9728, minFilter=9728),
    "pixels near, smooth far": _sampler(magFilter=9728, minFilter=9987),
    "everything": _everything,
}

PICTURES: dict[str, Change] = {
    "JPEG": _other_picture("JPEG", "image/jpeg"),
    "WebP": _webp,
    "named": _other_picture("PNG", "image/png", name="a wooden wall"),
    "two of one name": _two_of_one_name,
}

MESHES: dict[str, Change] = {
    "colours": _colours(base=False),
    "colours and texture": _colours(),
    "colours of three": _colours(kind="VEC3"),
    "colours of bytes": _colours(component=5121),
    "colours of three bytes": _colours(kind="VEC3", component=5121),
    "colours of 16 bits": _colours(component=5123),
    "colours without material": _colours(material=False),
    "two materials": _two_materials,
    "a part without material": _a_part_without("material"),
    "a part without UVs": _a_part_without("UVs"),
    "two UV maps": _second_uvs,
    "16-bit indices": _indices(5123, "H"),
    "8-bit indices": _indices(5121, "B"),
    "doubled triangles": _indices(5125, "I", lambda given: given + given[3:9]),
    "triangles without a surface": _indices(5125, "I", lambda given: [*given, 0, 0, 1, 2, 3, 2]),
    "quantized": _quantized,
    "sparse": _sparse,
    "with a stride": _strided,
    "with points": _loose,
    "turned and moved": _nodes({"mesh": 0, "translation": [1, 2, 3], "rotation": TURN, "scale": [1, 2, 0.5]}),
    "nested": _nodes({"children": [1], "rotation": TURN, "scale": [2, 1, 1]}, {"mesh": 0, "rotation": TURN}),
    "mirrored": _nodes({"mesh": 0, "scale": [-1, 1, 1]}),
    "twice": _nodes({"mesh": 0}, {"mesh": 0, "translation": [3, 0, 0], "scale": [1, -1, 1]}, roots=[0, 1]),
    "by a matrix": _nodes({"mesh": 0, "matrix": [0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 2, 0, 5, 6, 7, 1]}),
    "no default scene": lambda parts: parts.gltf.pop("scene"),
}

NOT_READ: dict[str, Change] = {"skin": _skinned, "morph": _morphed, "animation": _animated}


def webp_that_breaks_off() -> bytes:
    """A box with a WebP whose structure is sound, and whose coded pixels no decoder reads to their end."""
    held = io.BytesIO()
    Image.effect_noise((64, 64), 60).convert("RGB").save(held, "WEBP", lossless=True)
    sound, chance = held.getvalue(), random.Random(5)
    for begins in range(60, 600):
        changed = sound[:begins] + chance.randbytes(64) + sound[begins + 64 :]
        if _breaks_off(changed) and not may_be_damaged(changed):
            parts = Parts(box_glb())
            _webp(parts, changed)
            return parts.whole()
    raise AssertionError("every change of this picture can be decoded")


def _breaks_off(content: bytes) -> bool:
    try:
        Image.open(io.BytesIO(content)).load()
    except OSError:
        return True
    return False
