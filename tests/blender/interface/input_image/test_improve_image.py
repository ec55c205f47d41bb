"""The check and the remedies as the panel's operators, on real files."""

import shutil
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from blender_helpers import counts
from drawings import apple, drawn, on_tiles
from PIL import Image
from service import Piapi


@pytest.fixture
def settings(addon: Any) -> Any:
    return bpy.context.scene.trellis


def choose(settings: Any, path: Path, picture: Any) -> bytes:
    """Makes the picture the panel's; its bytes."""
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(path)
    settings.source, settings.image = 'IMAGE', str(path)
    return path.read_bytes()


def pixels(image: str) -> Any:
    return np.array(Image.open(image).convert("RGBA"))


def test_a_script_hears_what_is_wrong(settings: Any, tmp_path: Path) -> None:
    check = bpy.ops.trellis.check_image
    choose(settings, tmp_path / "tiles.png", on_tiles())
    with pytest.raises(RuntimeError, match="background"):
        check()
    image, _ = drawn()
    apple(image).save(tmp_path / "apple.png")
    before = counts()
    assert check(image=str(tmp_path / "apple.png")) == {'FINISHED'}
    assert counts() == before
    apple(drawn()[0], (-50, 50, 150, 250)).save(tmp_path / "cut.png")
    with pytest.raises(RuntimeError, match="border"):
        check(image=str(tmp_path / "cut.png"))
    with pytest.raises(RuntimeError, match="There is no file"):
        check(image=str(tmp_path / "gone.png"))


def test_a_better_picture_and_back_again(settings: Any, tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "Green apple.png"
    original = choose(settings, path, on_tiles())
    assert not bpy.ops.trellis.use_original_image.poll()
    assert bpy.ops.trellis.improve_image(remedy='REMOVE_BACKGROUND') == {'FINISHED'}
    better = Path(settings.image)
    assert better.name == path.name
    assert better.parent.parent == folder / "pictures"
    assert pixels(str(better))[0, 0].tolist() == [0, 0, 0, 0]
    assert bpy.ops.trellis.check_image() == {'FINISHED'}
    with pytest.raises(RuntimeError, match="does not need that"):
        bpy.ops.trellis.improve_image(remedy='REMOVE_BACKGROUND')
    bpy.ops.trellis.use_original_image()
    assert settings.image == str(path)
    assert not bpy.ops.trellis.use_original_image.poll()
    assert path.read_bytes() == original


def test_one_remedy_after_the_other_and_back_to_the_first(settings: Any, tmp_path: Path) -> None:
    choose(settings, tmp_path / "small.png", on_tiles((3000, 2400)))
    bpy.ops.trellis.improve_image(remedy='REMOVE_BACKGROUND')
    bpy.ops.trellis.improve_image(remedy='CROP')
    assert bpy.ops.trellis.check_image() == {'FINISHED'}
    bpy.ops.trellis.use_original_image()
    assert settings.image == str(tmp_path / "small.png")


def test_a_crop_has_all_the_pixels_that_the_file_has(settings: Any, tmp_path: Path) -> None:
    """The thing takes 400 of 4000 pixels: in the picture as it is sent it would have a hundred."""
    image, _ = drawn(size=(4000, 3000))
    choose(settings, tmp_path / "far.png", apple(image, (1000, 500, 1400, 900)))
    with pytest.raises(RuntimeError, match="small in the picture"):
        bpy.ops.trellis.check_image()
    bpy.ops.trellis.improve_image(remedy='CROP')
    cropped = pixels(settings.image)
    assert cropped.shape[:2] == pytest.approx((496, 496), abs=24)
    red = cropped[..., 2] < 128
    assert np.ptp(np.nonzero(red)[0]) == pytest.approx(400, abs=2)
    assert bpy.ops.trellis.check_image() == {'FINISHED'}


def test_the_largest_is_kept_and_cropped_to(settings: Any, tmp_path: Path) -> None:
    image, _ = drawn(size=(800, 600))
    choose(settings, tmp_path / "two.png", apple(apple(image, (50, 100, 350, 400)), (500, 300, 700, 500)))
    bpy.ops.trellis.improve_image(remedy='KEEP_LARGEST')
    kept = pixels(settings.image)
    assert kept.shape[:2] == pytest.approx((372, 372), abs=16)
    assert kept[0, 0, 3] == 0
    assert bpy.ops.trellis.check_image() == {'FINISHED'}


def test_what_cannot_be_helped_says_so(settings: Any, tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (300, 300, 3), np.uint8)
    choose(settings, tmp_path / "noise.png", noise)
    with pytest.raises(RuntimeError, match="does not need that"):
        bpy.ops.trellis.improve_image(remedy='REMOVE_BACKGROUND')
    assert settings.image == str(tmp_path / "noise.png")


def test_a_file_where_the_folder_should_be(settings: Any, tmp_path: Path, folder: Path) -> None:
    choose(settings, tmp_path / "tiles.png", on_tiles())
    shutil.rmtree(folder / "pictures", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pictures").write_text("in the way")
    try:
        with pytest.raises(RuntimeError, match="pictures"):
            bpy.ops.trellis.improve_image(remedy='REMOVE_BACKGROUND')
    finally:
        (folder / "pictures").unlink()
    assert settings.image == str(tmp_path / "tiles.png")


def test_the_better_picture_is_what_is_sent_under_the_old_name(
    settings: Any, tmp_path: Path, generate: Any, piapi: Piapi
) -> None:
    choose(settings, tmp_path / "Green apple.png", on_tiles())
    bpy.ops.trellis.improve_image(remedy='REMOVE_BACKGROUND')
    generate()
    (create,) = piapi.creates
    assert create["task_type"] == "image-to-3d"
    assert "Green apple" in bpy.data.objects


def test_a_picture_is_decoded_once_until_it_is_changed(settings: Any, tmp_path: Path) -> None:
    from trellis_blender.interface.input_image import decode_cache

    path = tmp_path / "apple.png"
    choose(settings, path, apple(drawn()[0]))
    first = decode_cache.decode(path, 1, bpy.context.scene)
    assert decode_cache.decode(path, 1, bpy.context.scene) is first
    assert decode_cache.decode(path, 0, bpy.context.scene) is not first
    bpy.context.scene.view_settings.exposure = 2.0
    assert decode_cache.decode(path, 1, bpy.context.scene) is not first
    second = decode_cache.decode(path, 2, bpy.context.scene)
    assert decode_cache.decode(path, 2, bpy.context.scene) is second


def test_while_several_are_read_each_is_decoded_once_and_then_the_last_stays(settings: Any, tmp_path: Path) -> None:
    from trellis_blender.interface.input_image import decode_cache
    from trellis_blender.piapi.models import VIEWS_LIMIT

    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path in paths:
        choose(settings, path, apple(drawn()[0]))
    decode_cache.keep_all()
    pictures = [decode_cache.decode(path, 1, bpy.context.scene) for path in paths]
    assert all(
        decode_cache.decode(path, 1, bpy.context.scene) is known for path, known in zip(paths, pictures, strict=True)
    )
    decode_cache.keep_last()
    assert decode_cache.decode(paths[2], 1, bpy.context.scene) is pictures[2]
    assert decode_cache.decode(paths[0], 1, bpy.context.scene) is not pictures[0]
    for number in range(2, 2 + VIEWS_LIMIT):
        decode_cache.decode(paths[0], number, bpy.context.scene)
    assert decode_cache.decode(paths[2], 1, bpy.context.scene) is not pictures[2]
