"""Pictures from the network: what is taken for one, how large it may be, and how soon that shows."""

import struct
import zlib
from collections.abc import Iterator

import pytest
from models import picture_png

from trellis_blender.generation.problems import NoPicture
from trellis_blender.generation.worker.picture_file import SIGNATURE_BYTES, SIZE_LIMIT_BYTES, ending_of, read_picture

PNG = picture_png(4, 4)
WEB_PAGE = b"<!DOCTYPE html>".ljust(SIGNATURE_BYTES)


@pytest.mark.parametrize(
    ("beginning", "ending"),
    [(PNG, ".png"), (b"\xff\xd8\xff\xe0", ".jpg"), (b"RIFF\x00\x00\x00\x00WEBP", ".webp")],
)
def test_a_picture_is_known_by_its_first_bytes(beginning: bytes, ending: str) -> None:
    assert ending_of(beginning) == ending


@pytest.mark.parametrize(
    ("beginning", "reason"),
    [
        (b"\xef\xbb\xbf \n<HTML lang=x>", "it is a web page"),
        (b"GIF89a", "it is no PNG, JPEG or WebP"),
        (b"RIFF\x00\x00\x00\x00AVI ", "it is no PNG, JPEG or WebP"),
        (b"", "it is empty"),
    ],
)
def test_what_is_none_says_what_it_is(beginning: bytes, reason: str) -> None:
    with pytest.raises(NoPicture) as caught:
        ending_of(beginning)
    assert caught.value.reason == reason


@pytest.mark.parametrize("announced", [None, len(PNG)])
def test_one_of_just_the_limit_is_taken(announced: int | None) -> None:
    assert read_picture([PNG[:5], PNG[5:]], announced, len(PNG)) == (PNG, ".png")


@pytest.mark.parametrize("announced", [None, len(PNG) + 1])
def test_a_byte_more_is_refused(announced: int | None) -> None:
    with pytest.raises(NoPicture) as caught:
        read_picture([PNG, b"x"], announced, len(PNG))
    assert caught.value.reason == "it is larger than 0 MB"
    with pytest.raises(NoPicture) as caught:
        read_picture([], SIZE_LIMIT_BYTES + 1)
    assert caught.value.reason == "it is larger than 64 MB"


def test_a_web_page_is_refused_before_the_rest_of_it_comes() -> None:
    def chunks() -> Iterator[bytes]:
        yield WEB_PAGE
        pytest.fail("the rest was asked for")

    with pytest.raises(NoPicture, match="a web page"):
        read_picture(chunks(), None)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def claiming(width: int, height: int, bits: int = 8, more: bytes = b"") -> bytes:
    """A PNG of some hundred bytes that says that it has so many pixels, of one channel."""
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    return PNG[:8] + chunk(b"IHDR", header) + more + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (claiming(60_000, 60_000), "it is 60,000 × 60,000 pixels large, and at most 16,384"),
        (claiming(16_384, 6_104), "it is 16,384 × 6,104 pixels large, and at most 16,384 on each side and 100 million"),
        (claiming(16_384, 2_442, 16), "it is 16,384 × 2,442 pixels large, and at most 16,384 on each side and 40 mill"),
        (claiming(4, 4, more=chunk(b"zTXt", bytes(9)) * 20), "it is a picture that contains far more data than it"),
        (PNG[:8] + bytes(99), "it is a picture that does not tell its size"),
        (b"\xff\xd8\xff\xe0" + bytes(99), "it is a picture that does not tell its size"),
        (b"RIFF\x63\0\0\0WEBPVP8X" + struct.pack("<I4x", 10) + b"\xff" * 6 + bytes(79), "it is 16,777,216 × 16,777,"),
    ],
)
def test_what_would_unfold_to_gigabytes_is_not_kept(content: bytes, reason: str) -> None:
    """Blender decodes the pictures of the list whole, for their thumbnails."""
    with pytest.raises(NoPicture) as caught:
        read_picture([content], None)
    assert caught.value.reason.startswith(reason)


def test_as_large_as_can_be_read_is_taken() -> None:
    for content in (claiming(16_384, 6_103), claiming(16_384, 2_441, 16)):
        assert read_picture([content], None) == (content, ".png")
