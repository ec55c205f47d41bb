"""Pictures whose bytes show that a decoder may refuse them."""

import io
import struct
import time
import zlib
from typing import Any

import pytest
from models import picture_png
from PIL import Image

from trellis_blender.imaging.damage import has_its_pixels, may_be_damaged, nothing

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


def png_with(pixels: bytes, side: int = 4) -> bytes:
    """So many pixels across and down, RGBA, by the header; its checksums are right."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    return picture_png(side, side)[:33] + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("pixels", [zlib.compress(bytes(17 * 3)), b"no zlib", zlib.compress(bytes(17 * 4))[:-9], b""])
def test_a_png_whose_pixels_are_missing_behind_right_checksums(pixels: bytes) -> None:
    assert not has_its_pixels(png_with(pixels), nothing)


def test_a_png_that_decompresss_to_its_pixels() -> None:
    assert has_its_pixels(png_with(zlib.compress(bytes(17 * 4))), nothing)


MEGABYTES = 6


def jpeg(before: bytes, pixels: bytes) -> bytes:
    """A JPEG of 64 × 64 pixels with this before its scan, and in it."""
    tables = segment(0xDB, b"\0" + bytes([1]) * 64) + segment(0xC4, b"\0\1" + bytes(16) + b"\x10\1" + bytes(16))
    frame = segment(0xC0, struct.pack(">BHHB", 8, 64, 64, 1) + b"\1\x11\0")
    return b"\xff\xd8" + tables + frame + before + segment(0xDA, b"\1\1\0\0\x3f\0") + pixels + b"\xff\xd9"


def segment(kind: int, body: bytes) -> bytes:
    return bytes((0xFF, kind)) + struct.pack(">H", len(body) + 2) + body


def large_webp() -> bytes:
    frame = b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\x3f\0\0\x3f\0\0"
    body = b"WEBP" + frame + b"ABCD\0\0\0\0" * (MEGABYTES * 2**17)
    return b"RIFF" + struct.pack("<I", len(body)) + body


LARGE = {
    "pixels of one kind": lambda: jpeg(b"", b"\xff\0" * (MEGABYTES * 2**19)),
    "tables of codes": lambda: jpeg(segment(0xC4, bytes(17) * 3850) * MEGABYTES * 16, b""),
    "tables of steps": lambda: jpeg(segment(0xDB, (b"\0" + bytes([1]) * 64) * 1000) * MEGABYTES * 16, b""),
    "chunks of nothing": large_webp,
    "pixels that are not asked for": lambda: png_with(zlib.compress(bytes(17 * 4)) + bytes(MEGABYTES * 2**20)),
}


@pytest.mark.parametrize("kind", LARGE)
def test_whatever_it_is_full_of_it_is_looked_through_at_once_and_can_be_stopped(kind: str) -> None:
    """60 MB of such took up to 48 s, in which nobody could end it."""
    content = LARGE[kind]()
    begun = time.process_time()
    may_be_damaged(content)
    assert time.process_time() - begun < 0.05 * MEGABYTES

    class Stop(Exception):
        pass

    def stop() -> None:
        raise Stop

    with pytest.raises(Stop):
        may_be_damaged(content, stop)


def test_what_lies_behind_a_pngs_pixels_is_not_copied_again_and_again() -> None:
    """64 MB of pixels come out of 64 KB, a megabyte at a time, with 90 MB behind them."""
    side = 4096
    packed = zlib.compress(bytes((1 + 4 * side) * side), 9) + bytes(90 * 2**20)
    content = png_with(packed, side)
    begun = time.process_time()
    assert has_its_pixels(content, nothing)
    took_s = time.process_time() - begun
    begun = time.process_time()
    assert has_its_pixels(png_with(packed[: -90 * 2**20], side), nothing)
    assert took_s < time.process_time() - begun + 0.25
