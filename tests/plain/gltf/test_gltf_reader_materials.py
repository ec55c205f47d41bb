"""Materials, textures and pictures of a GLB as Blender's importer understands them."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from glb_parts import TRIANGLE, add_part, empty, put, with_points, written
from models import box_glb, picture_png
from mutants import Parts
from service import FIXTURES

from trellis_blender.gltf.errors import DAMAGED, ModelUnusable
from trellis_blender.gltf.materials import CHANGE_LOOKS
from trellis_blender.gltf.model import Material, Model, NotRead, Sampler, Texture, TextureTransform
from trellis_blender.gltf.reader import read_model

Read = Callable[[Parts | bytes], Model]
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0\0\x0b\x08\0\x08\0\x08\1\1\x11\0\xff\xd9"
WEBP = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\7\xc0\1\0\0\0\0\0\0\0\0\0\0"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return lambda content: read_model(written(tmp_path, content))


def with_material(material: dict[str, Any], **more: Any) -> Parts:
    """A triangle of this material; with three textures, of one picture each."""
    parts = with_points(TRIANGLE, material=0)
    pictures = [picture_png(2, 2), picture_png(4, 4), picture_png(8, 8)]
    views = [parts.gltf["accessors"][parts.add(each, 5121, "SCALAR", len(each))]["bufferView"] for each in pictures]
    parts.gltf["images"] = [{"bufferView": view, "mimeType": "image/png"} for view in views]
    parts.gltf["textures"] = [{"source": number} for number in range(3)]
    parts.gltf["materials"] = [material]
    parts.gltf |= more
    return parts


def material_of(model: Model) -> Material:
    (found,) = model.materials
    assert found is not None
    return found


def test_a_material_that_says_nothing(read: Read) -> None:
    assert material_of(read(with_material({}))) == Material("Material_0")
    assert material_of(read(with_material({"name": "Paint", "pbrMetallicRoughness": {}}))) == Material("Paint")
    assert material_of(
        read(with_material({"name": None, "pbrMetallicRoughness": None, "extensions": None}))
    ) == Material("Material_0")


@pytest.mark.parametrize(
    ("surface", "metallic"),
    [
        ({}, 0),
        ({"roughnessFactor": 0.5, "baseColorTexture": {"index": 0}}, 0),
        ({"metallicFactor": 0.25}, 0.25),
        ({"metallicFactor": 1}, 1),
        ({"metallicRoughnessTexture": {"index": 0}}, 1),
        ({"metallicRoughnessTexture": {"index": 0}, "metallicFactor": 0.5}, 0.5),
        ({"metallicFactor": None}, 0),
    ],
)
def test_metal_is_what_the_file_says_is_metal(read: Read, surface: dict[str, Any], metallic: float) -> None:
    assert material_of(read(with_material({"pbrMetallicRoughness": surface}))).metallic == metallic


def test_all_that_a_material_may_say(read: Read) -> None:
    full = {
        "name": "Everything",
        "pbrMetallicRoughness": {
            "baseColorFactor": [0.1, 0.2, 0.3, 0.4],
            "baseColorTexture": {"index": 0},
            "metallicFactor": 0.5,
            "roughnessFactor": 0.25,
            "metallicRoughnessTexture": {"index": 1},
        },
        "normalTexture": {"index": 2, "scale": 0.75},
        "occlusionTexture": {"index": 1, "strength": 0.5, "texCoord": 1},
        "emissiveFactor": [1, 0.5, 0],
        "emissiveTexture": {"index": 0},
        "alphaMode": "MASK",
        "alphaCutoff": 0.125,
        "doubleSided": True,
        "extensions": {"KHR_materials_emissive_strength": {"emissiveStrength": 5}, "KHR_materials_unlit": {}},
    }
    assert material_of(read(with_material(full))) == Material(
        "Everything",
        base_colour=(0.1, 0.2, 0.3, 0.4),
        base_texture=Texture(0),
        metallic=0.5,
        roughness=0.25,
        metallic_roughness_texture=Texture(1),
        normal_texture=Texture(2),
        normal_scale=0.75,
        occlusion_texture=Texture(1, uv_set=1),
        occlusion_strength=0.5,
        emission=(1, 0.5, 0),
        emission_texture=Texture(0),
        emission_strength=5,
        alpha_mode='MASK',
        alpha_cutoff=0.125,
        is_double_sided=True,
        is_unlit=True,
    )


@pytest.mark.parametrize(("mode", "expected"), [("OPAQUE", "OPAQUE"), ("BLEND", "BLEND"), ("odd", "BLEND")])
def test_alpha_modes(read: Read, mode: str, expected: str) -> None:
    assert material_of(read(with_material({"alphaMode": mode}))).alpha_mode == expected


BASE = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}


@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        ({}, Sampler()),
        ({"wrapS": 10497, "wrapT": 10497, "minFilter": 9987, "magFilter": 9729}, Sampler()),
        ({"wrapS": 33071}, Sampler(('EXTEND', 'REPEAT'))),
        ({"wrapS": 33648, "wrapT": 33071}, Sampler(('MIRROR', 'EXTEND'))),
        ({"wrapS": 7, "wrapT": None}, Sampler(('EXTEND', 'REPEAT'))),
        ({"magFilter": 9728}, Sampler(interpolation='Closest')),
        ({"minFilter": 9728}, Sampler(interpolation='Closest')),
        ({"minFilter": 9984}, Sampler(interpolation='Closest')),
        ({"minFilter": 9986, "magFilter": 9728}, Sampler(interpolation='Closest')),
        ({"minFilter": 9985, "magFilter": 9728}, Sampler()),
        ({"minFilter": 9728, "magFilter": 9729}, Sampler()),
    ],
)
def test_samplers(read: Read, sampler: dict[str, Any], expected: Sampler) -> None:
    parts = with_material(BASE, samplers=[sampler])
    parts.gltf["textures"][0]["sampler"] = 0
    assert material_of(read(parts)).base_texture == Texture(0, sampler=expected)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"texCoord": 3}, Texture(0, uv_set=3)),
        ({"extensions": {"KHR_texture_transform": {}}}, Texture(0, transform=TextureTransform())),
        (
            {
                "texCoord": 3,
                "extensions": {
                    "KHR_texture_transform": {"offset": [0.5, 1], "rotation": 2, "scale": [3, 4], "texCoord": 1}
                },
            },
            Texture(0, uv_set=1, transform=TextureTransform((0.5, 1), 2, (3, 4))),
        ),
    ],
)
def test_what_moves_a_texture(read: Read, given: dict[str, Any], expected: Texture) -> None:
    material = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0, **given}}}
    assert material_of(read(with_material(material))).base_texture == expected


def test_pictures_that_are_used_are_brought_along_once(read: Read) -> None:
    parts = with_material({**BASE, "emissiveTexture": {"index": 2}, "normalTexture": {"index": 0}})
    parts.gltf["images"][0]["name"] = parts.gltf["images"][2]["name"] = "One name"
    model = read(parts)
    assert [(each.name, each.kind) for each in model.pictures] == [("One name", "png")] * 2
    assert [each.content for each in model.pictures] == [picture_png(2, 2), picture_png(8, 8)]
    assert material_of(model).emission_texture == Texture(1)


@pytest.mark.parametrize(("content", "kind"), [(picture_png(2, 2), "png"), (JPEG, "jpeg"), (WEBP, "webp")])
@pytest.mark.parametrize("is_text", [True, False])
def test_kinds_of_pictures(read: Read, content: bytes, kind: str, is_text: bool) -> None:
    parts = with_material(BASE)
    if is_text:
        parts.gltf["images"] = [{"uri": "data:image/x;base64," + base64.b64encode(content).decode()}]
    else:
        view = parts.gltf["accessors"][parts.add(content, 5121, "SCALAR", len(content))]["bufferView"]
        parts.gltf["images"] = [{"bufferView": view}]
    (picture,) = read(parts).pictures
    assert (picture.kind, picture.name, picture.content) == (kind, "Image_0", content)


def test_a_texture_in_webp(read: Read) -> None:
    """Where there is another picture as well, Blender takes that one."""
    parts = with_material(BASE, extensionsRequired=["EXT_texture_webp"])
    parts.gltf["textures"][0] = {"extensions": {"EXT_texture_webp": {"source": 1}}}
    assert read(parts).pictures[0].content == picture_png(4, 4)
    parts.gltf["textures"][0]["source"] = 2
    assert read(parts).pictures[0].content == picture_png(8, 8)


def test_slots(read: Read) -> None:
    """One for each material, with and without colours; an empty one where another part has a material."""
    parts = empty()
    colour = put(parts, [(1, 0, 0)] * 3)
    parts.gltf["materials"] = [{"name": "A"}, {"name": "B"}, {"name": "unused"}]
    ways = [(1, False), (0, False), (0, True), (None, False), (None, True), (1, False), (None, False)]
    for number, (material, has_colours) in enumerate(ways):
        attributes = {"POSITION": put(parts, [(x + 2 * number, y, z) for x, y, z in TRIANGLE])}
        more: dict[str, Any] = {} if material is None else {"material": material}
        add_part(parts, attributes | ({"COLOR_0": colour} if has_colours else {}), **more)
    model = read(parts)
    assert model.mesh.material_indices.tolist() == [0, 1, 2, 3, 4, 0, 3]
    found = [each and (each.name, each.uses_vertex_colours, each.is_default) for each in model.materials]
    default = ("DefaultMaterial", True, True)
    assert found == [("B", False, False), ("A", False, False), ("A", True, False), None, default]


def test_no_slots_where_nothing_has_a_material(read: Read) -> None:
    model = read(with_points(TRIANGLE))
    assert model.materials == ()
    assert model.mesh.material_indices.tolist() == [0]


def test_slots_of_triangles_that_are_left(read: Read) -> None:
    parts = empty()
    parts.gltf["materials"] = [{"name": "A"}, {"name": "B"}]
    add_part(parts, {"POSITION": put(parts, [*TRIANGLE, *[(1, 1, 1)] * 3])}, material=0)
    add_part(parts, {"POSITION": put(parts, [(x, y, 1) for x, y, _ in TRIANGLE])}, material=1)
    assert read(parts).mesh.material_indices.tolist() == [0, 1]


@pytest.mark.parametrize("name", ["trellis-lungs", "trellis-house"])
def test_the_services_own_models(name: str) -> None:
    path = FIXTURES / f"{name}.glb"
    if not path.exists():
        pytest.skip("the service's models are not at hand")
    model = read_model(path)
    assert material_of(model).metallic == 0
    assert material_of(model).base_texture == Texture(0)
    assert model.pictures[0].kind == "png"
    assert model.pictures[0].content in path.read_bytes()
    assert model.name == "geometry_0"


# What goes to Blender's importer


def unread(change: Callable[[Parts], object]) -> Parts:
    parts = Parts(box_glb())
    change(parts)
    return parts


def part_of(parts: Parts) -> dict[str, Any]:
    return parts.gltf["meshes"][0]["primitives"][0]


UNREAD: dict[str, Callable[[Parts], object]] = {
    "an animation": lambda parts: parts.gltf.update(
        animations=[
            {
                "samplers": [{"input": 0, "output": 1}],
                "channels": [{"sampler": 0, "target": {"node": 1, "path": "scale"}}],
            }
        ]
    ),
    "bones": lambda parts: (parts.gltf.update(skins=[{"joints": [0]}]), parts.gltf["nodes"][1].update(skin=0)),
    "morph targets": lambda parts: part_of(parts).update(targets=[{"POSITION": 1}]),
    "EXT_mesh_gpu_instancing": lambda parts: parts.gltf["nodes"][1].update(
        extensions={"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": 1}}}
    ),
    "KHR_gaussian_splatting": lambda parts: part_of(parts).update(extensions={"KHR_gaussian_splatting": {}}),
    "VENDOR_unheard_of": lambda parts: parts.gltf.update(extensionsRequired=["VENDOR_unheard_of"]),
    "KHR_texture_basisu": lambda parts: parts.gltf.update(
        textures=[{"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    ),
    "a texture without a picture": lambda parts: parts.gltf.update(textures=[{}]),
    **{
        name: lambda parts, name=name: parts.gltf["materials"][0].update(extensions={name: {}}) for name in CHANGE_LOOKS
    },
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_is_named(read: Read, name: str) -> None:
    with pytest.raises(NotRead) as caught:
        read(unread(UNREAD[name]))
    assert caught.value.reason == name


def test_compressed_parts_are_not_read(read: Read) -> None:
    import struct

    parts = Parts(box_glb())
    start = b"DRACO\2\2\1\0\0\0" + bytes([12, 24]) + bytes(20)
    view = parts.gltf["accessors"][parts.add(start, 5121, "SCALAR", len(start))]["bufferView"]
    part_of(parts)["extensions"] = {"KHR_draco_mesh_compression": {"bufferView": view, "attributes": {"POSITION": 1}}}
    with pytest.raises(NotRead, match="KHR_draco_mesh_compression"):
        read(parts)

    parts = Parts(box_glb())
    count = parts.gltf["accessors"][1]["count"]
    packed = parts.gltf["accessors"][parts.add(bytes(200), 5121, "SCALAR", 200)]["bufferView"]
    place = parts.gltf["bufferViews"][packed]
    compressed = {"buffer": 0, "byteOffset": place["byteOffset"], "byteLength": 200, "byteStride": 12, "count": count}
    parts.gltf["bufferViews"][1]["extensions"] = {"EXT_meshopt_compression": {**compressed, "mode": "ATTRIBUTES"}}
    assert struct.calcsize("<3f") * count == parts.gltf["bufferViews"][1]["byteLength"]
    with pytest.raises(NotRead, match="EXT_meshopt_compression"):
        read(parts)


def test_what_a_model_does_not_bring_along_is_no_reason(read: Read) -> None:
    """Cameras, lamps, variants, notes, and what Blender does not know either."""

    def change(parts: Parts) -> None:
        gltf = parts.gltf
        gltf["cameras"] = [{"type": "perspective", "perspective": {"yfov": 1, "znear": 1}}]
        gltf["nodes"].append({"camera": 0, "extensions": {"KHR_lights_punctual": {"light": 0}}})
        gltf["extensions"] = {"KHR_lights_punctual": {"lights": [{"type": "point"}]}}
        gltf["extensionsRequired"] = gltf["extensionsUsed"] = ["KHR_lights_punctual", "KHR_materials_variants"]
        part_of(parts)["extensions"] = {"KHR_materials_variants": {"mappings": []}, "VENDOR_unheard_of": {}}
        gltf["materials"][0]["extensions"] = {"VENDOR_unheard_of": {}}
        gltf["materials"].append({"extensions": {"KHR_materials_sheen": {}}})  # of no part
        gltf["skins"] = [{"joints": [0]}]  # of no mesh

    assert len(read(unread(change)).mesh.material_indices) == 12


@pytest.mark.parametrize(
    "material",
    [
        {"pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1]}},
        {"pbrMetallicRoughness": {"baseColorFactor": 1}},
        {"pbrMetallicRoughness": {"metallicFactor": "1"}},
        {"pbrMetallicRoughness": {"metallicFactor": float("nan")}},
        {"pbrMetallicRoughness": {"roughnessFactor": 10**400}},
        {"pbrMetallicRoughness": {"baseColorTexture": {"index": 3}}},
        {"pbrMetallicRoughness": {"baseColorTexture": {"index": -1}}},
        {"pbrMetallicRoughness": {"baseColorTexture": {}}},
        {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0, "texCoord": -1}}},
        {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0, "texCoord": "0"}}},
        {"pbrMetallicRoughness": 5},
        {"emissiveFactor": [1, 1]},
        {"emissiveFactor": [1e39, 1, 1]},
        {"alphaMode": [1]},
        {"alphaCutoff": True},
        {"normalTexture": {"index": 0, "extensions": {"KHR_texture_transform": {"offset": [1]}}}},
        {"normalTexture": {"index": 0, "extensions": {"KHR_texture_transform": 5}}},
        {"extensions": {"KHR_materials_emissive_strength": {"emissiveStrength": "x"}}},
    ],
)
def test_a_material_that_is_damaged(read: Read, material: dict[str, Any]) -> None:
    with pytest.raises(ModelUnusable, match=DAMAGED):
        read(with_material(material))
