"""A picture in a model that Blender cannot decode: nothing is magenta, and a sentence says so."""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from blender_helpers import counts
from kinds_of_models import MATERIALS, PICTURES, _animated
from models import box_glb, picture_png
from mutants import Parts
from PIL import Image

SENTENCE = "A texture of this model cannot be read. Its surface has the plain colour of its material there."
WAYS: dict[str, Callable[[Parts], None]] = {"read here": lambda _: None, "by Blender's importer": _animated}
SOCKETS = {
    "colour and texture": ("Base Color", [0.2, 0.4, 0.6]),
    "as the service's": ("Base Color", [1, 1, 1]),
    "blended with a factor": ("Base Color", [1, 0.5, 1]),
    "light by a picture": ("Emission Color", [0, 0, 0]),
    "metal and roughness": ("Metallic", 0),
    "normals": ("Normal", None),
    "occlusion": ("", None),
    "everything": ("", None),
}
"""By the kind of material, the socket that a picture was for, and the colour that is there without it."""


def spoilt(parts: Parts, first: int = 0) -> bytes:
    """Each picture from this one on, the others stay, has a sound header and nothing after it."""
    for image in parts.gltf["images"][first:]:
        view = parts.gltf["bufferViews"][image["bufferView"]]
        begins, length = view["byteOffset"], view["byteLength"]
        parts.binary[begins + 41 : begins + length] = b"\xff" * (length - 41)
    return parts.whole()


def placed(path: Path, content: bytes) -> tuple[Any, str]:
    from trellis_blender.scene.arrival import place

    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)  # in Blender's own cube it would be said to be hidden
    path.write_bytes(content)
    found = place.place(path, "a box", "id1", place.here(bpy.context, 1.0, "load"))
    return bpy.data.objects[found.object_name], found.where


def value_at(socket: Any) -> Any:
    """What comes out at a socket, of mixed colours and products, where no picture and no colours of vertices go in."""
    if not socket.is_linked:
        value = socket.default_value
        return list(value)[:3] if hasattr(value, "__len__") else value
    node = socket.links[0].from_node
    if node.bl_idname == 'ShaderNodeMix':
        return [a * b for a, b in zip(value_at(node.inputs[6]), value_at(node.inputs[7]), strict=True)]
    if node.bl_idname == 'ShaderNodeMath':
        return value_at(node.inputs[0]) * value_at(node.inputs[1])
    assert node.bl_idname == 'ShaderNodeSeparateColor', node.bl_idname
    return value_at(node.inputs[0])[node.outputs.find(socket.links[0].from_socket.name)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SOCKETS)
def test_the_factor_stays_where_a_picture_cannot_be_read(addon: Any, tmp_path: Path, name: str, way: str) -> None:
    from trellis_blender.scene.importing import reading

    parts = Parts(box_glb())
    MATERIALS[name](parts)
    WAYS[way](parts)
    path = tmp_path / "model.glb"
    path.write_bytes(parts.whole())
    assert (reading.read(path).found is None) == (way != "read here")
    before = counts()
    model, where = placed(path, spoilt(parts))
    bad = len(parts.gltf["images"]) - (name == "everything")  # which has one that it does not use
    assert where == SENTENCE if bad == 1 else where.startswith(f"{bad} textures of this model cannot be read. ")
    assert len(bpy.data.images) == before["images"]
    (material,) = model.data.materials
    nodes = material.node_tree.nodes
    assert not [node for node in nodes if node.bl_idname in {'ShaderNodeTexImage', 'ShaderNodeUVMap'}]
    shader = next(node for node in nodes if node.bl_idname == 'ShaderNodeBsdfPrincipled')
    socket, value = SOCKETS[name]
    if value is not None:
        assert value_at(shader.inputs[socket]) == pytest.approx(value)
    if name != "everything":
        assert value_at(shader.inputs["Alpha"]) == pytest.approx(0.5 if "blended" in name else 1)


@pytest.mark.parametrize("way", WAYS)
def test_the_other_pictures_stay(addon: Any, tmp_path: Path, way: str) -> None:
    parts = Parts(box_glb())
    MATERIALS["normals"](parts)
    WAYS[way](parts)
    model, where = placed(tmp_path / "model.glb", spoilt(parts, first=1))
    assert where == SENTENCE
    (material,) = model.data.materials
    (node,) = (node for node in material.node_tree.nodes if node.bl_idname == 'ShaderNodeTexImage')
    assert node.image.size[:] == (4, 4)
    assert node.outputs["Color"].links[0].to_socket.name == "Base Color"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_webp_that_is_cut_is_left_out(addon: Any, tmp_path: Path, share: float, way: str) -> None:
    """Blender 4.2 shows what happens to be in memory for it."""
    parts = Parts(box_glb())
    PICTURES["WebP"](parts)
    WAYS[way](parts)
    view = parts.gltf["bufferViews"][parts.gltf["images"][1]["bufferView"]]
    view["byteLength"] = int(view["byteLength"] * share)
    model, where = placed(tmp_path / "model.glb", parts.whole())
    assert where == SENTENCE
    assert not [node for node in model.data.materials[0].node_tree.nodes if node.bl_idname == 'ShaderNodeTexImage']


def test_what_is_suspected_and_can_be_decoded_stays(addon: Any, tmp_path: Path) -> None:
    """A JPEG that is cut is grey below; Blender shows the rest."""
    from trellis_blender.gltf.reader import read_model

    parts = Parts(box_glb())
    PICTURES["JPEG"](parts)
    view = parts.gltf["bufferViews"][parts.gltf["images"][1]["bufferView"]]
    view["byteLength"] -= 200
    path = tmp_path / "model.glb"
    path.write_bytes(parts.whole())
    assert [each.may_be_damaged for each in read_model(path).pictures] == [True]
    model, where = placed(path, parts.whole())
    assert where == ""
    assert [node for node in model.data.materials[0].node_tree.nodes if node.bl_idname == 'ShaderNodeTexImage']


def test_what_is_not_suspected_can_be_decoded(record_property: Callable[[str, object], None]) -> None:
    from trellis_blender.imaging.damage import may_be_damaged

    chance, found = random.Random(7), {True: 0, False: 0}
    for number in range(300):
        content = bytearray(_encoded(["PNG", "JPEG"][number % 2], progressive=number % 4 == 1))
        for _ in range(chance.choice([1, 3, 30])):
            content[chance.randrange(2, 700 if number % 3 else len(content))] = chance.randrange(256)
        image = bpy.data.images.new("changed", 8, 8)
        image.pack(data=bytes(content), data_len=len(content))
        image.source = 'FILE'
        is_suspected = may_be_damaged(bytes(content))
        assert is_suspected or image.size[0], number
        found[is_suspected] += 1
        bpy.data.images.remove(image)
    record_property("count", f"changed pictures: {found[True]} suspected, {found[False]} decoded by Blender")
    assert min(found.values()) > 20


def _encoded(kind: str, **options: Any) -> bytes:
    held = io.BytesIO()
    Image.effect_noise((60, 40), 60).convert("RGB").save(held, kind, **options)
    return held.getvalue()


def test_a_sound_picture_is_not_decoded_on_arrival(addon: Any, tmp_path: Path) -> None:
    parts = Parts(box_glb())
    model, where = placed(tmp_path / "model.glb", parts.whole())
    assert where == ""
    (node,) = (node for node in model.data.materials[0].node_tree.nodes if node.bl_idname == 'ShaderNodeTexImage')
    assert not node.image.has_data
    assert bytes(node.image.packed_file.data).startswith(picture_png(4, 4))
