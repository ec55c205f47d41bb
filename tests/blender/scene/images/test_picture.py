import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from blender_helpers import counts
from models import picture_png
from PIL import Image, ImageOps


def load(path: Path) -> Any:
    from trellis_blender.scene.images.load import load_picture

    before = counts()
    try:
        return load_picture(path, bpy.context.scene)
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
    Image.new("L", (20, 20), 128).save(tmp_path / "grey.png")
    assert pixels(load(tmp_path / "grey.png"))[0, 0].astype(int) == pytest.approx([128, 128, 128, 255], abs=1)
    Image.fromarray(np.full((20, 20), 32896, np.uint16)).save(tmp_path / "deep.png")
    assert pixels(load(tmp_path / "deep.png"))[0, 0].astype(int) == pytest.approx([128, 128, 128, 255], abs=2)


@pytest.mark.parametrize("size", [(1025, 16), (3000, 2000), (6000, 5000), (1024, 1024), (300, 2048)])
def test_the_longer_side_is_at_most_1024(addon: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    corners(size).save(tmp_path / "large.png", compress_level=1)
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


OPTIONS: dict[str, Any] = {"webp": {"lossless": True}, "jpg": {"quality": 100}}


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_as_its_camera_says(addon: Any, tmp_path: Path, suffix: str, orientation: int) -> None:
    image = corners((80, 40)).convert("RGB")
    exif = image.getexif()
    exif[0x0112] = orientation
    path = tmp_path / f"photo.{suffix}"
    image.save(path, exif=exif, **OPTIONS.get(suffix, {}))
    upright = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    found = load(path)
    assert (found.width, found.height) == upright.size
    # Two decoders: JPEG's colours differ a little between them.
    assert np.abs(pixels(found).astype(int) - np.asarray(upright).astype(int)).mean() < 3


def test_sixteen_bit_with_alpha_keeps_its_colour(addon: Any, tmp_path: Path) -> None:
    content = picture_png(16, 16)
    row = b"\0" + struct.pack(">HHHH", 51400, 25700, 257, 32896) * 16
    body = zlib.compress(row * 16)
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", 16, 16, 16, 6, 0, 0, 0)
    chunks = [ihdr, b"IDAT" + body, b"IEND"]
    path = tmp_path / "deep alpha.png"
    path.write_bytes(
        content[:8]
        + b"".join(struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks)
    )
    assert pixels(load(path))[0, 0].astype(int) == pytest.approx([200, 100, 1, 128], abs=1)


def of_datablock(image: bpy.types.Image) -> Any:
    from trellis_blender.scene.images.load import picture_of

    kept = [
        (each.name, each.users, tuple(each.size), each.is_dirty, each.packed_file, each.filepath, each.source)
        for each in bpy.data.images
    ]
    before = counts(), kept, list(image.pixels[:64])
    try:
        return picture_of(image, bpy.context.scene)
    finally:
        kept = [
            (each.name, each.users, tuple(each.size), each.is_dirty, each.packed_file, each.filepath, each.source)
            for each in bpy.data.images
        ]
        assert (counts(), kept, list(image.pixels[:64])) == before


def test_high_dynamic_range_is_seen_through_the_scenes_view_transform(addon: Any) -> None:
    image = bpy.data.images.new("sun", 32, 16, alpha=True, float_buffer=True)
    # Float pixels are multiplied by their alpha.
    image.pixels.foreach_set([4.0, 0.0, 0.0, 1.0, 0.25, 0.25, 0.25, 0.5] * 256)
    view = bpy.context.scene.view_settings
    seen = {}
    for view.view_transform in ("Standard", "AgX"):
        seen[view.view_transform] = pixels(of_datablock(image))[0].astype(int)
    assert seen["Standard"][0] == pytest.approx([255, 0, 0, 255], abs=1)
    assert seen["Standard"][1] == pytest.approx([188, 188, 188, 128], abs=1)
    assert seen["AgX"][0][1] > 100, "AgX lets bright colours fade to white"
    view.exposure = -1
    assert pixels(of_datablock(image))[0, 1, 0] < seen["AgX"][1][0]


@pytest.mark.parametrize("is_float", [True, False])
@pytest.mark.parametrize(
    ("mode", "seen"),
    [
        ('STRAIGHT', [128, 64, 0, 128]),
        ('PREMUL', [128, 64, 0, 128]),
        ('CHANNEL_PACKED', [128, 64, 0, 128]),
        ('NONE', [128, 64, 0, 255]),
    ],
)
def test_alpha_is_read_as_the_image_says(addon: Any, mode: str, seen: list[int], is_float: bool) -> None:
    image = bpy.data.images.new("alpha", 16, 16, alpha=True, float_buffer=is_float)
    image.colorspace_settings.name = "Non-Color"
    image.alpha_mode = mode
    is_multiplied = is_float and mode in {'STRAIGHT', 'PREMUL'}
    colour = (0.25, 0.125, 0.0, 0.5) if is_multiplied else (0.5, 0.25, 0.0, 0.5)
    image.pixels.foreach_set(np.tile(np.array(colour, np.float32), 256))
    assert pixels(of_datablock(image))[0, 0].astype(int) == pytest.approx(seen, abs=1)


def test_unsaved_strokes_are_in_the_picture(addon: Any, tmp_path: Path) -> None:
    corners((80, 40)).save(tmp_path / "base.png")
    image = bpy.data.images.load(str(tmp_path / "base.png"))
    assert pixels(of_datablock(image))[5, 5].tolist() == [255, 0, 0, 255]
    image.pixels.foreach_set(np.tile(np.array([0, 0, 1, 1], np.float32), 80 * 40))
    assert pixels(of_datablock(image))[5, 5].tolist() == [0, 0, 255, 255]
    image.pack()
    assert pixels(of_datablock(image))[5, 5].tolist() == [0, 0, 255, 255]
    made = bpy.data.images.new("made", 3000, 20)
    assert (of_datablock(made).width, of_datablock(made).height) == (1024, 7)


def test_an_image_without_pixels_is_refused(addon: Any, tmp_path: Path) -> None:
    from trellis_blender.scene.images.load import PictureUnusable

    corners((80, 40)).save(tmp_path / "gone.png")
    image = bpy.data.images.load(str(tmp_path / "gone.png"))
    (tmp_path / "gone.png").unlink()
    image.reload()
    with pytest.raises(PictureUnusable, match="has no pixels"):
        of_datablock(image)
    film = bpy.data.images.new("film", 4, 4)
    film.source = 'SEQUENCE'
    with pytest.raises(PictureUnusable, match="is an image sequence"):
        of_datablock(film)


def huge_png(tmp_path: Path) -> Path:
    path = tmp_path / "huge.png"
    content = picture_png(1, 1)
    path.write_bytes(content[:16] + struct.pack(">II", 30_000, 20_000) + content[24:])
    return path


def huge_jpeg(tmp_path: Path) -> Path:
    path = tmp_path / "huge.jpg"
    Image.new("L", (30_000, 20)).save(path)
    return path


def huge_webp(tmp_path: Path) -> Path:
    path = tmp_path / "huge.webp"
    size = (29_999).to_bytes(3, "little") + (9).to_bytes(3, "little")
    path.write_bytes(b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4 + size)
    return path


def huge_bmp(folder: Path) -> Path:
    header = b"BM" + struct.pack("<IHHI", 0, 0, 0, 54) + struct.pack("<Iii", 40, 30_000, -20_000)
    return write(folder / "huge.bmp", header + b"\0" * 100)


def huge_tga(folder: Path) -> Path:
    return write(folder / "huge.tga", struct.pack("<BBB9xHHBB", 0, 0, 2, 30_000, 20_000, 24, 0) + b"\0" * 100)


def huge_tiff(folder: Path) -> Path:
    entries = struct.pack("<HHII", 256, 3, 1, 30_000) + struct.pack("<HHII", 257, 4, 1, 20_000)
    return write(folder / "huge.tif", b"II*\0" + struct.pack("<IH", 8, 2) + entries + b"\0" * 100)


def huge_exr(folder: Path) -> Path:
    window = b"dataWindow\0box2i\0" + struct.pack("<I4i", 16, 0, 0, 29_999, 19_999)
    return write(folder / "huge.exr", b"\x76\x2f\x31\x01\2\0\0\0" + window + b"\0")


def huge_hdr(folder: Path) -> Path:
    return write(folder / "huge.hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 20000 +X 30000\n")


def filled_jpeg(folder: Path) -> Path:
    """With bytes FF before the frame's header, which may stand there."""
    before, frame, rest = huge_jpeg(folder).read_bytes().partition(b"\xff\xc0")
    return write(folder / "filled.jpg", before + b"\xff" * 3 + frame + rest)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "missing.png", "There is no file"),
        (lambda folder: folder, "There is no file"),
        (lambda folder: write(folder / "empty.png", b""), "is empty (0 bytes)"),
        (lambda folder: write(folder / "text.png", b"not an image"), "cannot be read as an image"),
        (lambda folder: write(folder / "cut.png", picture_png(20, 20)[:40]), "is not an image that Blender can read"),
        (lambda folder: write(folder / "film.mp4", b"\0\0\0\x18ftypmp42"), "Choose a PNG, JPEG or WebP"),
        (huge_png, "“huge.png” has 30,000 × 20,000 pixels; at most 16,384 on each side"),
        (huge_jpeg, "“huge.jpg” has 30,000 × 20 pixels"),
        (huge_webp, "“huge.webp” has 30,000 × 10 pixels"),
        (huge_bmp, "“huge.bmp” has 30,000 × 20,000 pixels"),
        (huge_tga, "“huge.tga” has 30,000 × 20,000 pixels"),
        (huge_tiff, "“huge.tif” has 30,000 × 20,000 pixels"),
        (huge_exr, "“huge.exr” has 30,000 × 20,000 pixels"),
        (huge_hdr, "“huge.hdr” has 30,000 × 20,000 pixels"),
        (filled_jpeg, "“filled.jpg” has 30,000 × 20 pixels"),
        (lambda folder: write(folder / "odd.tif", b"II*\0" + b"\0" * 200), "cannot be read as an image"),
        (lambda folder: write(folder / "dot.png", picture_png(1, 1)), "“dot.png” has 1 × 1 pixels; at least 16"),
        (lambda folder: write(folder / "none.png", picture_png(0, 0)), "“none.png” has 0 × 0 pixels"),
        (lambda folder: moving(folder / "moving.webp"), "“moving.webp” is animated"),
        (lambda folder: moving(folder / "moving.png"), "“moving.png” is animated"),
        (lambda folder: cut(folder / "cut.webp"), "“cut.webp” is not complete"),
        (lambda folder: cut(folder / "cut.jpg"), "“cut.jpg” is not complete"),
        (lambda folder: cut(folder / "cut.tif"), "“cut.tif” is not complete"),
    ],
)
def test_what_cannot_be_sent_ends_in_a_sentence(addon: Any, tmp_path: Path, make: Any, sentence: str) -> None:
    from trellis_blender.scene.images.load import PictureUnusable

    with pytest.raises(PictureUnusable) as caught:
        load(make(tmp_path))
    assert sentence in str(caught.value)


def test_an_image_of_the_file_may_be_too_small_as_well(addon: Any) -> None:
    from trellis_blender.scene.images.load import PictureUnusable

    with pytest.raises(PictureUnusable, match="has 300 × 15 pixels; at least 16"):
        of_datablock(bpy.data.images.new("strip", 300, 15))


def test_a_photograph_with_a_film_appended_is_whole(addon: Any, tmp_path: Path) -> None:
    corners((80, 40)).convert("RGB").save(tmp_path / "photo.jpg")
    write(tmp_path / "live.jpg", (tmp_path / "photo.jpg").read_bytes() + b"\0" * 200_000)
    assert load(tmp_path / "live.jpg").width == 80


@pytest.mark.parametrize(("kind", "suffix"), [('OPEN_EXR', "exr"), ('HDR', "hdr"), ('TARGA', "tga"), ('BMP', "bmp")])
def test_what_blender_writes_tells_its_size(addon: Any, tmp_path: Path, kind: str, suffix: str) -> None:
    image = bpy.data.images.new("written", 40, 24, float_buffer=suffix in {"exr", "hdr"})
    image.file_format = kind
    image.save(filepath=str(tmp_path / f"written.{suffix}"))
    bpy.data.images.remove(image)
    found = load(tmp_path / f"written.{suffix}")
    assert (found.width, found.height) == (40, 24)


def test_one_frame_is_no_animation(addon: Any, tmp_path: Path) -> None:
    content = picture_png(20, 20)
    frames = b"acTL" + struct.pack(">II", 1, 0)
    chunk = struct.pack(">I", 8) + frames + struct.pack(">I", zlib.crc32(frames))
    assert load(write(tmp_path / "still.png", content[:33] + chunk + content[33:])).width == 20


def moving(path: Path) -> Path:
    frames = [Image.new("RGB", (64, 32), colour) for colour in ("red", "green")]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    return path


def cut(path: Path) -> Path:
    noise = np.random.default_rng(1).integers(0, 255, (128, 128, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return write(path, path.read_bytes()[: path.stat().st_size // 2])


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


ACES = "ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1"


def sixteen_bits(*pixel: int) -> bytes:
    """A PNG of 32 × 32 with 16 bits a channel, all of one colour: red, green, blue, alpha."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    row = b"\0" + struct.pack(">4H", *pixel) * 32
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 16, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(row * 32)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("configuration", ["", ACES], ids=["Blender's", "ACES"])
def test_values_of_16_bits_are_sent_as_they_are(tmp_path: Path, configuration: str) -> None:
    wanted = [[255, 255, 255, 255], [128, 128, 128, 255], [128, 128, 128, 128], [192, 48, 16, 255]]
    paths = [tmp_path / f"plain {number}.png" for number in range(len(wanted))]
    for path, colour in zip(paths, wanted, strict=True):
        path.write_bytes(sixteen_bits(*(257 * value for value in colour)))
    child = Path(__file__).with_name("colour_child.py")
    surroundings = {**os.environ, **({"OCIO": configuration} if configuration else {})}
    command = [sys.executable, child, *paths]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=120, check=True)
    found = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("sent")]
    assert [list(map(int, each)) for each in found] == [pytest.approx(colour * 3, abs=1) for colour in wanted]


@pytest.mark.parametrize("is_packed", [True, False])
def test_what_decompresss_to_gigabytes_in_a_blend_is_refused_before_it_is_decoded(
    addon: Any, tmp_path: Path, is_packed: bool
) -> None:
    from trellis_blender.scene.images.load import PictureUnusable

    jpeg_2000 = tmp_path / "bomb.png"
    jpeg_2000.write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100))
    for path, said in ((huge_png(tmp_path), "pixels; at most"), (jpeg_2000, r"read as an image \(JPEG 2000\)")):
        image = bpy.data.images.new("bomb", 4, 4)
        if is_packed:
            content = path.read_bytes()
            image.pack(data=content, data_len=len(content))
        else:
            image.filepath = str(path)
        image.source = 'FILE'
        with pytest.raises(PictureUnusable, match=said):
            of_datablock(image)
        assert not image.has_data


@pytest.mark.parametrize("is_float", [True, False])
def test_an_image_that_blender_would_make_out_of_nothing_is_judged_before(addon: Any, is_float: bool) -> None:
    from trellis_blender.scene.images.load import PictureUnusable, picture_of

    image = bpy.data.images.new("endless", 8, 8, float_buffer=is_float)
    image.generated_width = image.generated_height = 16_000
    with pytest.raises(PictureUnusable, match="pixels; at most"):
        picture_of(image, bpy.context.scene)
    assert not image.has_data


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_not_opened(addon: Any, tmp_path: Path, kind: str) -> None:
    from trellis_blender.scene.images.load import PictureUnusable, picture_of

    if kind == "pipe" and not hasattr(os, "mkfifo"):
        pytest.skip("this system has none")
    path = tmp_path / "picture.png"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    image = bpy.data.images.new("picture", 4, 4)
    image.filepath = str(path)
    image.source = 'FILE'
    with pytest.raises(PictureUnusable, match="There is no file"):
        picture_of(image, bpy.context.scene)
