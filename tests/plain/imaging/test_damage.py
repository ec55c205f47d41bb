"""Pictures whose bytes show that a decoder may refuse them."""

import io
import struct
import zlib
from typing import Any

import pytest
from models import picture_png
from PIL import Image

from trellis_blender.imaging.damage import has_its_pixels, may_be_damaged

KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "PNG": ("PNG", "RGB", {}),
    "PNG, alpha": ("PNG", "RGBA", {}),
    "PNG, grey": ("PNG", "L", {}),
    "PNG, black and white": ("PNG", "1", {}),
    "PNG, palette": ("PNG", "P", {}),
    "PNG, 16 bits": ("PNG", "I;16", {}),
    "JPEG": ("JPEG", "RGB", {}),
    "JPEG, optimized": ("JPEG", "RGB", {"optimize": True}),
    "JPEG, grey": ("JPEG", "L", {}),
    "JPEG, four inks": ("JPEG", "CMYK", {}),
    "JPEG, progressive": ("JPEG", "RGB", {"progressive": True}),
    "JPEG, not thinned": ("JPEG", "RGB", {"subsampling": 0, "quality": 100}),
    "JPEG, restarts": ("JPEG", "RGB", {"restart_marker_blocks": 1}),
    "JPEG, with a profile": ("JPEG", "RGB", {"icc_profile": b"\xff\xd9\xff\x00" * 20_000}),
    "WebP": ("WEBP", "RGB", {}),
    "WebP, alpha": ("WEBP", "RGBA", {}),
    "WebP, lossless": ("WEBP", "RGB", {"lossless": True}),
    "WebP, with a profile": ("WEBP", "RGB", {"icc_profile": b"profile"}),
}


def written(name: str) -> bytes:
    kind, mode, options = KINDS[name]
    held = io.BytesIO()
    Image.effect_noise((70, 50), 60).convert("RGB").convert("L" if mode == "I;16" else mode).convert(mode).save(
        held, kind, **options
    )
    return held.getvalue()


def nothing() -> None:
    pass


@pytest.mark.parametrize("name", KINDS)
def test_a_sound_picture_is_none(name: str) -> None:
    assert not may_be_damaged(written(name))
    assert has_its_pixels(written(name), nothing)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("name", KINDS)
def test_one_that_ends_early_or_was_never_written_to_its_end_is_one(name: str, share: float) -> None:
    content = written(name)
    kept = content[: max(int(len(content) * share), 16)]
    assert may_be_damaged(kept)
    assert may_be_damaged(kept + b"\xff" * (len(content) - len(kept)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c"),  # twelve bits a sample
        (b"\xff\xc0", b"\xff\xc9"),  # arithmetic coding
        (b"\xff\xe0", b"\xff\x10"),  # a marker that no program has
        (b"\xff\xdb\x00\x43\x00", b"\xff\xdb\x00\x43\x05"),  # a table beyond the fourth
        (b"\xff\xc4\x00\x1f\x00\x00\x01", b"\xff\xc4\x00\x1f\x00\x03\x01"),  # three codes of one bit
        (b"\xff\xda\x00\x0c\x03\x01", b"\xff\xda\x00\x0c\x03\x09"),  # pixels of a part that there is not
    ],
)
def test_a_jpeg_whose_tables_make_no_sense_is_one(old: bytes, new: bytes) -> None:
    content = written("JPEG")
    assert old in content
    assert may_be_damaged(content.replace(old, new, 1))


def test_a_webp_that_is_no_whole_picture_is_one() -> None:
    content = written("WebP")
    begins = content.index(b"VP8 ") + 8
    for place, byte in ((begins, content[begins] | 1), (begins + 3, 0), (begins + 2, 0xFF)):
        changed = bytearray(content)
        changed[place] = byte
        assert may_be_damaged(bytes(changed)), place


def png_with(pixels: bytes) -> bytes:
    """4 × 4 pixels, RGBA, by the header; its checksums are right."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    return picture_png(4, 4)[:33] + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("pixels", [zlib.compress(bytes(17 * 3)), b"no zlib", zlib.compress(bytes(17 * 4))[:-9], b""])
def test_a_png_whose_pixels_are_missing_behind_right_checksums(pixels: bytes) -> None:
    assert not has_its_pixels(png_with(pixels), nothing)


def test_a_png_that_decompresss_to_its_pixels() -> None:
    assert has_its_pixels(png_with(zlib.compress(bytes(17 * 4))), nothing)
