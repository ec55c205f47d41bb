"""A picture from the web as the panel's input, over a real socket."""

import io
from pathlib import Path
from typing import Any

import bpy
import pytest
from models import picture_png
from paper import drawn
from PIL import Image
from service import Fault, Piapi


def settings() -> Any:
    return bpy.context.scene.trellis


def test_it_becomes_the_input_and_is_sent_as_a_file(addon: Any, generate: Any, piapi: Piapi, folder: Path) -> None:
    piapi.fail("file", Fault(200, body=picture_png(600, 400)))
    url = f"{piapi.url}/files/some/chair.png"
    assert bpy.ops.trellis.take_from_web(url=url) == {'FINISHED'}
    assert settings().source == 'IMAGE'
    path = Path(settings().image)
    assert path.name == "Web picture.png"
    assert path.parent.parent == folder / "pictures"
    generate()
    (create,) = piapi.creates
    assert create["input"]["image"].startswith("data:image/png;base64,"), "its address is nobody else's business"
    assert url not in str(create)
    assert bpy.context.object.name == "Web picture"


def test_without_a_key_as_well(addon: Any, piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIAPI_API_KEY")
    piapi.fail("file", Fault(200, body=picture_png(20, 20)))
    assert bpy.ops.trellis.take_from_web(url=f"{piapi.url}/files/x.png") == {'FINISHED'}


def corrupt() -> bytes:
    return picture_png(600, 400)[:60] + b"\0" * 3000


def far_too_large() -> bytes:
    content = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault(404), "has nothing at this address"),
        (Fault(200, body="<html>Log in</html>"), "it is a web page"),
        (Fault(302, headers={"Location": "https://192.168.0.7/x.png"}), "only https:// addresses on the internet"),
        (Fault(200, body=corrupt()), "is not an image that Blender can read"),
        (Fault(200, body=far_too_large()), "30,000 × 30,000 pixels"),
    ],
)
def test_what_cannot_be_had_is_said_and_changes_nothing(
    addon: Any, piapi: Piapi, tmp_path: Path, fault: Fault, sentence: str
) -> None:
    settings().image = str(tmp_path / "mine.png")
    piapi.fail("file", fault)
    with pytest.raises(RuntimeError, match=sentence):
        bpy.ops.trellis.take_from_web(url=f"{piapi.url}/files/x.png")
    assert settings().image == str(tmp_path / "mine.png")
    assert settings().source == 'TEXT'
    assert piapi.creates == []
    piapi.fail("file", Fault(200, body=picture_png(20, 20)))
    assert bpy.ops.trellis.take_from_web(url=f"{piapi.url}/files/x.png") == {'FINISHED'}


@pytest.mark.parametrize(
    ("url", "sentence"), [("  ", "There is no address"), ("https://example.com/chair.png", "[Oo]nline access")]
)
def test_what_is_not_even_asked_for(addon: Any, piapi: Piapi, url: str, sentence: str) -> None:
    assert not bpy.app.online_access
    with pytest.raises(RuntimeError, match=sentence):
        bpy.ops.trellis.take_from_web(url=url)
    assert piapi.requests == []


def said_by_the_panel() -> str:
    from trellis_blender.interface.generate import panel

    settings().source = 'IMAGE'
    return " ".join(drawn(panel.TRELLIS_PT_generate))


def test_an_error_is_shown_until_another_picture_is_chosen(addon: Any, piapi: Piapi, tmp_path: Path) -> None:
    mine, other = str(tmp_path / "mine.png"), str(tmp_path / "other.png")
    settings().image = mine
    piapi.fail("file", Fault(404))
    with pytest.raises(RuntimeError, match="has nothing at this address"):
        bpy.ops.trellis.take_from_web(url=f"{piapi.url}/files/x.png")
    assert "has nothing at this address" in said_by_the_panel()
    settings().image = other
    assert "has nothing at this address" not in said_by_the_panel()
    settings().image = mine
    assert "has nothing at this address" not in said_by_the_panel(), "it was about the press, not about this picture"


@pytest.mark.parametrize("way", ["new", "saved and opened again", "another scene"])
def test_a_picture_lands_in_no_other_file_or_scene(addon: Any, piapi: Piapi, tmp_path: Path, way: str) -> None:
    """Every file has a scene called “Scene” with an empty field."""
    from trellis_blender.generation.lookups.questions import Topic
    from trellis_blender.interface.generate import image_from_web
    from trellis_blender.interface.input_image.image_field import field_of
    from trellis_blender.interface.state import session

    piapi.fail("file", Fault(200, body=picture_png(20, 20)))
    found = session.current()
    found.ask(Topic.PICTURE, url=f"{piapi.url}/files/x.png")
    image_from_web._Memory.field, image_from_web._Memory.is_awaited = field_of(bpy.context.scene), True
    if way == "new":
        bpy.ops.wm.read_homefile()
    elif way == "another scene":
        first = bpy.context.scene
        bpy.data.scenes.new("Other")
        bpy.context.window.scene = bpy.data.scenes["Other"]
        bpy.data.scenes.remove(first)
        bpy.context.scene.name = "Scene"
    else:
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "mine.blend"))
    found.wait_for_answer(Topic.PICTURE)
    image_from_web._use_when_fetched(image_from_web._Memory.field)
    assert {scene.trellis.image for scene in bpy.data.scenes} == {""}
    assert not image_from_web._Memory.is_awaited
