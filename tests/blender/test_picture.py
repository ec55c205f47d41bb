import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blender_helpers import counts
from models import picture_png
from PIL import Image


def load(path: Path) -> Any:
    from trellis_blender.scene.picture import load_picture

    before = counts()
    try:
        return load_picture(path)
    finally:
        assert counts() == before


def pixels(picture: Any) -> Any:
    return np.frombuffer(picture.rgba, np.uint8).reshape(picture.height, picture.width, 4)


def corners(size: tuple[int, int]) -> Image.Image:
    """Red at the top left, green at the top right, blue at the bottom left, half transparent at the bottom right."""
    image = Image.new("RGBA", size, (255, 255, 255, 255))
    width, height = size
    for box, colour in (
        ((0, 0, width // 2, height // 2), (255, 0, 0, 255)),
        ((width // 2, 0, width, height // 2), (0, 255, 0, 255)),
        ((0, height // 2, width // 2, height), (0, 0, 255, 255)),
        ((width // 2, height // 2, width, height), (255, 255, 0, 128)),
    ):
        image.paste(colour, box)
    return image


@pytest.mark.parametrize("suffix", ["png", "webp", "tif", "tga", "bmp", "jpg"])
def test_what_blender_reads_is_taken_the_right_way_up(addon: Any, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"corners.{suffix}"
    image = corners((80, 40))
    if suffix in {"jpg", "bmp"}:
        image.convert("RGB").save(path, **({"quality": 100} if suffix == "jpg" else {}))
    else:
        image.save(path, **({"lossless": True} if suffix == "webp" else {}))
    found = load(path)
    assert (found.width, found.height) == (80, 40)
    array = pixels(found).astype(int)
    assert array[5, 5] == pytest.approx([255, 0, 0, 255], abs=12)
    assert array[5, 75] == pytest.approx([0, 255, 0, 255], abs=12)
    assert array[35, 5] == pytest.approx([0, 0, 255, 255], abs=12)
    if suffix not in {"jpg", "bmp"}:
        assert array[35, 75] == pytest.approx([255, 255, 0, 128], abs=2)


def test_grey_and_sixteen_bit(addon: Any, tmp_path: Path) -> None:
    Image.new("L", (10, 10), 128).save(tmp_path / "grey.png")
    assert pixels(load(tmp_path / "grey.png"))[0, 0].astype(int) == pytest.approx([128, 128, 128, 255], abs=1)
    Image.fromarray(np.full((10, 10), 32896, np.uint16)).save(tmp_path / "deep.png")
    assert pixels(load(tmp_path / "deep.png"))[0, 0].astype(int) == pytest.approx([128, 128, 128, 255], abs=2)


@pytest.mark.parametrize("size", [(1025, 10), (3000, 2000), (6000, 5000), (1024, 1024), (300, 2048)])
def test_the_longer_side_is_at_most_1024(addon: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    corners(size).save(tmp_path / "large.png")
    found = load(tmp_path / "large.png")
    factor = max(1, max(size) / 1024)
    assert (found.width, found.height) == (max(1, round(size[0] / factor)), max(1, round(size[1] / factor)))
    array = pixels(found).astype(int)
    assert array[found.height // 4, found.width // 4] == pytest.approx([255, 0, 0, 255], abs=1)
    assert array[-1 - found.height // 4, -1 - found.width // 4] == pytest.approx([255, 255, 0, 128], abs=2)


def test_shrinking_does_not_bleed_the_colour_of_what_is_transparent(addon: Any, tmp_path: Path) -> None:
    array = np.zeros((2048, 2048, 4), np.uint8)
    array[..., 1] = 255
    array[:, ::2] = (200, 0, 0, 255)
    Image.fromarray(array).save(tmp_path / "stripes.png")
    assert pixels(load(tmp_path / "stripes.png"))[500, 500].astype(int) == pytest.approx([200, 0, 0, 128], abs=2)


def huge_png(tmp_path: Path) -> Path:
    path = tmp_path / "huge.png"
    content = picture_png(1, 1)
    path.write_bytes(content[:16] + struct.pack(">II", 30_000, 20_000) + content[24:])
    return path


def huge_jpeg(tmp_path: Path) -> Path:
    path = tmp_path / "huge.jpg"
    Image.new("L", (30_000, 2)).save(path)
    return path


def huge_webp(tmp_path: Path) -> Path:
    path = tmp_path / "huge.webp"
    size = (29_999).to_bytes(3, "little") + (9).to_bytes(3, "little")
    path.write_bytes(b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4 + size)
    return path


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "missing.png", "There is no file"),
        (lambda folder: folder, "There is no file"),
        (lambda folder: write(folder / "empty.png", b""), "is empty (0 bytes)"),
        (lambda folder: write(folder / "text.png", b"not an image"), "is not an image that Blender can read"),
        (lambda folder: write(folder / "cut.png", picture_png(10, 10)[:40]), "is not an image that Blender can read"),
        (lambda folder: write(folder / "film.mp4", b"\0\0\0\x18ftypmp42"), "Choose a PNG, JPEG or WebP"),
        (huge_png, "“huge.png” has 30,000 × 20,000 pixels; at most 16,384 on a side"),
        (huge_jpeg, "“huge.jpg” has 30,000 × 2 pixels"),
        (huge_webp, "“huge.webp” has 30,000 × 10 pixels"),
    ],
)
def test_what_cannot_be_sent_ends_in_a_sentence(addon: Any, tmp_path: Path, make: Any, sentence: str) -> None:
    from trellis_blender.scene.picture import PictureUnusable

    with pytest.raises(PictureUnusable) as caught:
        load(make(tmp_path))
    assert sentence in str(caught.value)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
