import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import pytest
from models import picture_png
from paper import drawn
from places import ROOT
from service import Piapi

NOBODY = 65534


def settings() -> Any:
    return bpy.context.scene.trellis


def image_of(path: str) -> Any:
    from PIL import Image

    return Image.open(path).convert("RGBA")


def painted() -> bpy.types.Image:
    """An image whose pixels are in no file."""
    image = bpy.data.images.new("Sketch", 32, 16, alpha=True)
    image.pixels.foreach_set([0.0, 1.0, 0.0, 1.0] * 32 * 16)
    return image


def test_an_image_of_the_file_becomes_the_input_as_it_is_painted(addon: Any, piapi: Piapi) -> None:
    assert painted().name == "Sketch"
    assert bpy.ops.trellis.use_image(image="Sketch") == {'FINISHED'}
    assert settings().source == 'IMAGE'
    assert Path(settings().image).name == "Sketch.png"
    assert image_of(settings().image).getpixel((0, 0)) == (0, 255, 0, 255)
    first = settings().image
    assert bpy.ops.trellis.use_image(image="Sketch") == {'FINISHED'}
    assert settings().image != first, "what was taken before is still what it was"
    assert bpy.ops.trellis.generate() == {'FINISHED'}
    assert bpy.context.object.name == "Sketch"
    assert len(piapi.creates) == 1


def test_a_picture_that_cannot_be_kept_is_a_sentence(addon: Any) -> None:
    from trellis_blender.generation.files import PICTURES_NAME
    from trellis_blender.interface.state import configuration

    assert painted().name == "Sketch"
    folder = configuration.data_folder() / PICTURES_NAME
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_bytes(b"")
    with pytest.raises(RuntimeError, match=r"The folder .* cannot be used \(.*\)\. Check the folder, then try again\."):
        bpy.ops.trellis.use_image(image="Sketch")
    assert settings().image == ""


def test_a_reference_image_becomes_the_input(addon: Any) -> None:
    reference = bpy.data.objects.new("Reference", None)
    reference.empty_display_type = 'IMAGE'
    reference.data = painted()
    bpy.context.scene.collection.objects.link(reference)
    bpy.context.view_layer.objects.active = reference
    assert bpy.ops.trellis.take_picture(of='REFERENCE') == {'FINISHED'}
    assert Path(settings().image).name == "Sketch.png"


@pytest.mark.parametrize(
    ("of", "sentence"),
    [
        ('VIEWPORT', "There is no 3D Viewport"),
        ('RENDER', "There is no render result"),
        ('REFERENCE', "is no reference image"),
        ('EDITOR', "No image is open in an Image Editor"),
        ('CLIPBOARD', "There is no image on the clipboard"),
    ],
)
def test_what_is_not_there_is_said_and_changes_nothing(addon: Any, piapi: Piapi, of: str, sentence: str) -> None:
    for area in (area for screen in bpy.data.screens for area in screen.areas):
        area.type = 'TEXT_EDITOR'
    with pytest.raises(RuntimeError, match=sentence):
        bpy.ops.trellis.take_picture(of=of)
    assert settings().image == ""
    assert piapi.requests == []


RENDERED = """
import bpy, sys
sys.path.insert(0, {root!r})
import addon_utils
bpy.ops.wm.read_factory_settings()
addon_utils.enable("trellis_blender")
scene = bpy.context.scene
scene.render.engine = 'CYCLES'
scene.cycles.samples = 1
scene.cycles.use_denoising = False
scene.render.film_transparent = True
scene.render.resolution_x, scene.render.resolution_y = 96, 64
scene.render.image_settings.file_format = 'JPEG'
scene.render.image_settings.quality = 33
bpy.ops.render.render()
settings = scene.render.image_settings
before = [getattr(settings, each.identifier) for each in settings.bl_rna.properties]
bpy.ops.trellis.take_picture(of='RENDER')
assert before == [getattr(settings, each.identifier) for each in settings.bl_rna.properties]
print("PICTURE", scene.trellis.image, flush=True)
import os
os._exit(0)
"""


def test_the_render_result_becomes_the_input_with_its_alpha(tmp_path: Path) -> None:
    root = str(ROOT)
    said = subprocess.run(
        [sys.executable, "-c", RENDERED.format(root=root)], check=False, capture_output=True, text=True
    )
    assert "PICTURE" in said.stdout, said.stderr
    image = image_of(said.stdout.partition("PICTURE ")[2].splitlines()[0])
    assert image.size == (96, 64)
    assert image.getpixel((0, 0))[3] == 0
    assert image.getpixel((48, 32))[3] == 255


def test_several_files_are_a_generation_each_side_by_side(addon: Any, piapi: Piapi, tmp_path: Path) -> None:
    from trellis_blender.interface.monitor import arrival
    from trellis_blender.interface.state import session

    for name in ("pear.png", "apple.png", "notes.txt"):
        (tmp_path / name).write_bytes(picture_png(20, 20))
    files = [{"name": name} for name in ("pear.png", "apple.png", "notes.txt")]
    assert bpy.ops.trellis.generate_from_files(directory=str(tmp_path), files=files) == {'FINISHED'}
    found = session.current()
    begun = sorted(found.generations.values(), key=lambda each: each.created_at)[-2:]
    made = [arrival.place(found.wait_for(each.id)) for each in begun]
    assert sorted(generation.request.name for generation in made) == ["apple", "pear"]
    assert len(piapi.creates) == 2
    places = sorted(round(bpy.data.objects[each.object_name].location.x, 3) for each in made)
    assert places == [0.0, 1.2]


def test_a_folder_is_its_pictures(addon: Any, piapi: Piapi, tmp_path: Path) -> None:
    for name in ("one.png", "two.PNG", "three.txt"):
        (tmp_path / name).write_bytes(picture_png(20, 20))
    assert bpy.ops.trellis.generate_from_files(filepath=str(tmp_path), directory=str(tmp_path)) == {'FINISHED'}
    from trellis_blender.interface.state import session

    for each in list(session.current().generations):
        session.current().wait_for(each)
    assert len(piapi.creates) == 2


def test_one_broken_picture_among_several_sends_none(addon: Any, piapi: Piapi, tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(picture_png(20, 20))
    (tmp_path / "bad.png").write_bytes(b"no picture")
    files = [{"name": "good.png"}, {"name": "bad.png"}]
    with pytest.raises(RuntimeError, match=r"“bad.png” .* Nothing was submitted"):
        bpy.ops.trellis.generate_from_files(directory=str(tmp_path), files=files)
    with pytest.raises(RuntimeError, match="There is no picture among these files"):
        bpy.ops.trellis.generate_from_files(directory=str(tmp_path), files=[{"name": "notes.txt"}])
    assert piapi.creates == []


def test_more_pictures_than_anybody_means_send_none(addon: Any, piapi: Piapi, tmp_path: Path) -> None:
    for number in range(51):
        (tmp_path / f"{number}.png").write_bytes(picture_png(20, 20))
    with pytest.raises(RuntimeError, match="These are 51 pictures; at most 50 are taken at once"):
        bpy.ops.trellis.generate_from_files(filepath=str(tmp_path), directory=str(tmp_path))
    assert piapi.requests == []


def test_nothing_given_is_not_the_working_directory(
    addon: Any, piapi: Piapi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.png").write_bytes(picture_png(20, 20))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError, match="No picture was given"):
        bpy.ops.trellis.generate_from_files()
    with pytest.raises(RuntimeError, match="There is no picture among these files"):
        bpy.ops.trellis.generate_from_files(directory=str(tmp_path / "gone"))
    assert piapi.requests == []


@pytest.mark.skipif(os.name == "nt", reason="on Windows a folder is not closed by a mode")
def test_a_folder_that_cannot_be_read_is_said(addon: Any, piapi: Piapi, tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir(mode=0)
    me = os.geteuid()
    if not me:
        os.seteuid(NOBODY)  # nothing is closed to root
    try:
        with pytest.raises(RuntimeError, match=r"“.*private.*” cannot be read"):
            bpy.ops.trellis.generate_from_files(directory=str(folder))
    finally:
        os.seteuid(me)
        folder.chmod(0o700)
    assert piapi.requests == []


def test_the_second_click_of_a_double_click_submits_nothing(addon: Any, piapi: Piapi, tmp_path: Path) -> None:
    """The dialog stands under the mouse; a Blender without a window shows none, so the moment of asking is set here."""
    from trellis_blender.interface.generate import drag_and_drop, spending_operator

    (tmp_path / "pear.png").write_bytes(picture_png(20, 20))
    asked = spending_operator._Asked
    asked.to_do, asked.at = partial(drag_and_drop._submit, paths=[tmp_path / "pear.png"], spot=None), time.monotonic()
    assert bpy.ops.trellis.generate_from_dialog() == {'CANCELLED'}
    assert piapi.requests == []
    time.sleep(0.6)
    assert bpy.ops.trellis.generate_from_dialog() == {'FINISHED'}
    with pytest.raises(RuntimeError, match="No dialog is open"):
        bpy.ops.trellis.generate_from_dialog()


def test_the_dialogs_button_has_the_price_of_the_model_that_is_chosen_in_it(
    addon: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trellis_blender.interface.generate import drag_and_drop
    from trellis_blender.interface.generate.blockout import blockout

    for name in ("pear", "plum"):
        (tmp_path / f"{name}.png").write_bytes(picture_png(20, 20))
    dialog = drag_and_drop.TRELLIS_OT_generate_from_editor
    monkeypatch.setattr(dialog, "paths", sorted(tmp_path.glob("*.png")))
    bpy.context.scene.trellis.model = 'Qubico/trellis'
    assert drawn(dialog)[-1] == "Generate 2 · $0.08"
    bpy.context.scene.trellis.model = 'Qubico/pixal3d'
    assert drawn(dialog)[-1] == "Generate 2 · $0.50"
    assert dialog.check(dialog, bpy.context)

    bpy.context.scene.trellis.model = 'Qubico/trellis'
    boxes = blockout.TRELLIS_OT_generate_for_selection
    monkeypatch.setattr(boxes, "keys", [("Cube", None)])
    assert drawn(boxes)[-1] == "Generate"
    bpy.data.objects["Cube"].trellis_prompt = "a bear"
    assert drawn(boxes)[-1] == "Generate · $0.04"
