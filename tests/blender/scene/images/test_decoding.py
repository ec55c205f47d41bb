"""Large textures are decoded by a second Blender for a model's picture, and its arrays come from what was read."""

import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from models import box_glb
from mutants import Parts
from PIL import Image

COLOUR = (40, 160, 90)


@pytest.fixture
def blender() -> list[str]:
    """This one, which is a module."""
    return [sys.executable]


def texture(side: int, kind: str = "WEBP") -> bytes:
    """Of one colour, but for a black lower left quarter."""
    image = Image.new("RGB", (side, side), COLOUR)
    image.paste((0, 0, 0), (0, side // 2, side // 2, side))
    held = io.BytesIO()
    image.save(held, kind, quality=95)
    return held.getvalue()


def with_texture(content: bytes) -> bytes:
    parts = Parts(box_glb())
    number = parts.add(content, 5121, "SCALAR", len(content))
    parts.gltf["images"][0] = {"bufferView": parts.gltf["accessors"][number]["bufferView"], "mimeType": "image/webp"}
    parts.gltf["textures"][0] = {"extensions": {"EXT_texture_webp": {"source": 0}}}
    parts.gltf["extensionsUsed"] = ["EXT_texture_webp"]
    return parts.whole()


def placed(path: Path, content: bytes) -> tuple[Any, Any]:
    from trellis_blender.scene.arrival import place
    from trellis_blender.scene.importing import reading

    path.write_bytes(content)
    read = reading.read(path)
    found = place.place(path, "a box", "id1", place.here(bpy.context, 1.0, "load"), read=read)
    return bpy.data.objects[found.object_name], read.model()


def base_image(model: Any) -> Any:
    (node,) = (node for node in model.data.materials[0].node_tree.nodes if node.bl_idname == 'ShaderNodeTexImage')
    return node.image


def nothing() -> None:
    pass


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_it_is_the_picture_made_smaller(blender: list[str], kind: str) -> None:
    from trellis_blender.scene.images.decoding import decode

    (found,) = decode([texture(2048, kind)], blender, nothing)
    assert found is not None
    assert found.shape == (512, 512, 3)
    assert np.abs(found[:250, :250]).max() < 0.02
    assert np.abs(found[260:] - np.array(COLOUR) / 255).max() < 0.02


def test_what_cannot_be_decoded_is_empty(blender: list[str], tmp_path: Path) -> None:
    from trellis_blender.scene.images.decoding import decode

    sound, cut = decode([texture(64), texture(2048, "PNG")[:200]], blender, nothing)
    assert sound is not None
    assert sound.shape == (64, 64, 3)
    assert cut is not None
    assert cut.size == 0
    assert decode([texture(64)], [str(tmp_path / "gone")], nothing) == [None]


def test_without_a_place_for_temporary_files_nothing_is_known(
    blender: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trellis_blender.scene.images.decoding import decode

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert decode([texture(64), texture(64)], blender, nothing) == [None, None]


def test_the_second_blender_ends_when_nobody_waits(blender: list[str]) -> None:
    from trellis_blender.scene.images.decoding import decode

    class Dropped(BaseException):
        pass

    def drop() -> None:
        raise Dropped

    begun = time.monotonic()
    with pytest.raises(Dropped):
        decode([texture(2048)], blender, drop)
    assert time.monotonic() - begun < 5
    assert "decoding_work" not in subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True).stdout


def test_a_large_texture_is_not_decoded_here(addon: Any, tmp_path: Path, blender: list[str]) -> None:
    from trellis_blender.scene.images import mesh_snapshot, thumbnail

    model, read = placed(tmp_path / "model.glb", with_texture(texture(2048)))
    mesh_snapshot.prepare(model)
    copied = mesh_snapshot.take(model, read, leaves_large=True)
    assert copied is not None
    assert copied.points is read.mesh.positions, "nothing was copied"
    assert copied.texture is None
    assert not base_image(model).has_data
    thumbnail.keep(copied, tmp_path, blender)
    kept = bpy.data.images.load(str(tmp_path / "thumbnail.png"))
    pixels = np.array(kept.pixels[:]).reshape(128, 128, 4)
    shown = pixels[pixels[..., 3] > 0.9]
    assert len(shown) > 1000
    assert (shown[:, 1] > 1.5 * shown[:, 0]).mean() > 0.3, "its green is seen"


def test_a_small_one_is_decoded_here(addon: Any, tmp_path: Path) -> None:
    from trellis_blender.imaging import mesh_thumbnail
    from trellis_blender.scene.images import mesh_snapshot

    model, read = placed(tmp_path / "model.glb", with_texture(texture(512)))
    ways = [mesh_snapshot.take(model, *given, leaves_large=True) for given in ((read,), ())]
    drawn = []
    for copied in ways:
        assert copied is not None
        assert copied.texture is not None
        assert copied.picture == b""
        drawn.append(np.frombuffer(mesh_thumbnail.draw(copied).rgba, np.uint8).astype(int))
    # Out of what was read it is as out of Blender, which has it on another spot and in another size.
    assert np.abs(drawn[0] - drawn[1]).mean() < 3


def test_of_all_that_a_second_blender_prints_only_the_end_is_read(tmp_path: Path) -> None:
    from trellis_blender.scene import second_blender

    with (tmp_path / second_blender.SAID_NAME).open("wb") as file:
        file.seek(50_000_000_000)  # a hole, which takes no room
        file.write(b"\nFreed 7 blocks\n\xffMemory ran out\n")
    assert second_blender.last_message(tmp_path) == " Its last message: \ufffdMemory ran out"
    (tmp_path / second_blender.SAID_NAME).write_bytes(b"")
    assert second_blender.last_message(tmp_path) == ""
