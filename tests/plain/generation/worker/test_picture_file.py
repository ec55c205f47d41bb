"""Pictures from the network: what is taken for one, how large it may be, and how soon that shows."""

from collections.abc import Iterator

import pytest

from trellis_blender.generation.problems import NoPicture
from trellis_blender.generation.worker.picture_file import SIGNATURE_BYTES, SIZE_LIMIT_BYTES, ending_of, read_picture

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
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
