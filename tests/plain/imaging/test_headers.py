"""What is read from the headers of pictures, against what another library says of the same files."""

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import picture_png
from PIL import Image

from trellis_blender.imaging import headers_simple, headers_tiff
from trellis_blender.imaging.headers import Header, read_header

WAYS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "PNG": ("RGBA", "PNG", {}),
    "JPEG": ("RGB", "JPEG", {}),
    "progressive JPEG": ("RGB", "JPEG", {"progressive": True}),
    "grey JPEG": ("L", "JPEG", {}),
    "WebP": ("RGB", "WEBP", {}),
    "lossless WebP": ("RGB", "WEBP", {"lossless": True}),
    "WebP with alpha": ("RGBA", "WEBP", {}),
    "TIFF": ("RGB", "TIFF", {}),
    "packed TIFF": ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    "BMP": ("RGB", "BMP", {}),
    "TGA": ("RGB", "TGA", {}),
    "packed TGA": ("RGBA", "TGA", {"compression": "tga_rle"}),
    "grey TGA": ("L", "TGA", {}),
}
"""Mode, format and options of Pillow."""


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    bands = [Image.effect_noise(size, 90) for _ in mode]
    return Image.merge(mode, bands) if len(bands) > 1 else bands[0]


def written(way: str, size: tuple[int, int] = (80, 40), **options: Any) -> bytes:
    mode, kind, its_options = WAYS[way]
    file = io.BytesIO()
    noise(size, mode).save(file, kind, **its_options, **options)
    return file.getvalue()


def header(content: bytes) -> Header:
    return read_header(io.BytesIO(content))


@pytest.mark.parametrize("size", [(1, 1), (80, 40), (17, 300), (257, 513), (16_383, 2), (3, 16_383)])
@pytest.mark.parametrize("way", WAYS)
def test_the_size_is_what_is_stored(way: str, size: tuple[int, int]) -> None:
    content = written(way, size)
    assert header(content) == Header(size)


def exif_of(order: str, orientation: int) -> bytes:
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return start + struct.pack(f"{order}H", 1) + entry + struct.pack(f"{order}I", 0)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("way", ["PNG", "JPEG", "progressive JPEG", "WebP", "lossless WebP", "WebP with alpha"])
def test_the_camera_tells_how_it_was_held(way: str, order: str) -> None:
    told = {turn: header(written(way, exif=b"Exif\0\0" + exif_of(order, turn))) for turn in range(10)}
    assert {turn: found.orientation for turn, found in told.items()} == {
        **{turn: turn for turn in range(1, 9)},
        0: 1,
        9: 1,
    }
    assert {found.size for found in told.values()} == {(80, 40)}
    assert not any(found.is_animated or found.is_cut for found in told.values())


@pytest.mark.parametrize("way", ["TIFF", "packed TIFF"])
def test_a_tiff_tells_how_it_is_to_be_turned(way: str) -> None:
    for turn in range(1, 9):
        assert header(written(way, tiffinfo={0x0112: turn})) == Header((80, 40), turn)


@pytest.mark.parametrize("way", ["JPEG", "progressive JPEG", "WebP", "lossless WebP", "WebP with alpha", "TIFF"])
def test_a_file_that_ends_early_is_cut_off(way: str) -> None:
    content = written(way)
    for left in (len(content) - 1, len(content) // 2, len(content) * 2 // 3):
        found = header(content[:left])
        assert found.is_cut
        assert found.size == (80, 40)


@pytest.mark.parametrize("way", WAYS)
def test_no_beginning_of_a_file_is_too_short(way: str) -> None:
    content = written(way, (20, 12))
    for left in range(len(content)):
        assert header(content[:left]).size in {None, (20, 12)}


def test_what_comes_after_the_picture_is_no_part_of_it() -> None:
    for way in WAYS:
        assert header(written(way) + b"\0" * 200_000) == Header((80, 40))
    assert header(written("JPEG")[:-2] + b"\0" * 200_000).is_cut


def test_the_end_of_a_photograph_is_found_wherever_it_is() -> None:
    whole = written("JPEG")
    for after in (0, 1, 65_533, 65_534, 65_535, 65_536, 65_537):
        assert not header(whole + b"\0" * after).is_cut


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_more_than_one_frame_is_an_animation(kind: str) -> None:
    frames = [noise((64, 32)) for _ in range(2)]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=100)
    assert header(file.getvalue()) == Header((64, 32), is_animated=True)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_chunks_of_a_png_count_where_they_belong() -> None:
    content = picture_png(20, 30)
    moves, turned = chunk(b"acTL", struct.pack(">II", 2, 0)), chunk(b"eXIf", exif_of("<", 6))
    begun, end = content[:33], content[33:]
    before_end = content[:-12]
    assert header(begun + moves + end) == Header((20, 30), is_animated=True)
    assert header(begun + chunk(b"acTL", struct.pack(">II", 1, 0)) + end) == Header((20, 30))
    assert header(before_end + moves + content[-12:]) == Header((20, 30)), "frames are told before the picture"
    assert header(before_end + turned + content[-12:]) == Header((20, 30), 6), "Exif may come after it"
    assert header(content + turned) == Header((20, 30)), "nothing counts after the end"
    assert header(begun + chunk(b"tEXt", b"acTL" * 9) + end) == Header((20, 30))
    assert header(begun + chunk(b"eXIf", b"\0" * 2_000_000) + turned + end) == Header((20, 30), 6)


def test_bytes_ff_may_stand_before_any_marker_of_a_jpeg() -> None:
    content = written("JPEG")
    for marker in (b"\xff\xdb", b"\xff\xc0", b"\xff\xda"):
        before, _, rest = content.partition(marker)
        assert header(before + b"\xff" * 5 + marker + rest) == Header((80, 40))
    assert header(content[:2] + b"\xff\x01" + b"\xff\xd0" + content[2:]) == Header((80, 40)), "these have no length"
    assert header(content[:2] + b"\0" + content[2:]) == Header()
    long = b"\xff\xfe" + struct.pack(">H", 60_000) + b"\0" * 59_998
    assert header(content[:2] + long + content[2:]) == Header((80, 40)), "a segment may be as long as 64 KB"


def test_tables_of_a_jpeg_are_no_frame() -> None:
    content = written("JPEG")
    for kind in (0xC4, 0xC8, 0xCC):
        table = b"\xff" + bytes([kind]) + struct.pack(">H", 9) + b"\x08\0\7\0\7\1\1"
        assert header(content[:2] + table + content[2:]) == Header((80, 40))


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(kind + struct.pack("<I", len(one)) + one + b"\0" * (len(one) % 2) for kind, one in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def test_the_largest_webp_and_chunks_of_odd_length() -> None:
    size = (2**24 - 1).to_bytes(3, "little") + (2**24 - 2).to_bytes(3, "little")
    largest = (b"VP8X", b"\0" * 4 + size)
    assert header(webp(largest)).size == (2**24, 2**24 - 1)
    assert header(webp((b"ICCP", b"abc"), largest)).size == (2**24, 2**24 - 1)
    assert header(webp((b"VP8 ", b"\0\0\0none" + b"\xff" * 4))).size is None, "without its signature"
    for before in (b"", b"Exif\0\0"):
        assert header(webp(largest, (b"EXIF", before + exif_of(">", 8)))).orientation == 8


def directory(order: str, *entries: tuple[int, int, int, bytes]) -> io.BytesIO:
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}IH", 8, len(entries))
    return io.BytesIO(start + b"".join(struct.pack(f"{order}HHI4s", *entry) for entry in entries) + b"\0" * 40)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_directory_has_the_numbers_of_its_entries(order: str) -> None:
    file = directory(
        order,
        (headers_tiff.WIDTH, 3, 1, struct.pack(f"{order}HH", 70, 9)),
        (headers_tiff.HEIGHT, 4, 1, struct.pack(f"{order}I", 70_000)),
        (headers_tiff.ORIENTATION, 1, 1, b"\6\0\0\0"),
        (headers_tiff.STRIPS, 3, 2, struct.pack(f"{order}HH", 5, 6)),
        (headers_tiff.STRIP_SIZES, 4, 2, struct.pack(f"{order}I", 8 + 2 + 5 * 12)),
    )
    file.seek(8 + 2 + 5 * 12)
    file.write(struct.pack(f"{order}II", 11, 12))
    file.seek(0)
    found = headers_tiff.read_directory(file)
    assert found == {
        headers_tiff.WIDTH: (70,),
        headers_tiff.HEIGHT: (70_000,),
        headers_tiff.ORIENTATION: (6,),
        headers_tiff.STRIPS: (5, 6),
        headers_tiff.STRIP_SIZES: (11, 12),
    }
    assert (headers_tiff.orientation(found), headers_tiff.is_cut(found, 18), headers_tiff.is_cut(found, 17)) == (
        6,
        False,
        True,
    )
    tiles = {headers_tiff.TILES: (100, 300), headers_tiff.TILE_SIZES: (200, 50)}
    assert [headers_tiff.is_cut(tiles, size) for size in (299, 349, 350)] == [True, True, False]


def test_entries_that_say_nothing_here_are_passed_over() -> None:
    wide = (headers_tiff.WIDTH, 3, 1, b"\7\0\0\0")
    far = (headers_tiff.STRIPS, 4, 100_001, b"\0\0\0\0")
    none = (headers_tiff.STRIPS, 4, 0, b"\0\0\0\0")
    assert headers_tiff.read_directory(directory("<", (9999, 3, 1, b"\1\0\0\0"), far, none, wide)) == {
        headers_tiff.WIDTH: (7,)
    }
    assert headers_tiff.read_directory(directory("<", (headers_tiff.HEIGHT, 5, 1, b"\1\0\0\0"), wide)) == {
        headers_tiff.WIDTH: (7,)
    }
    assert headers_tiff.read_directory(directory("<", wide, (headers_tiff.STRIPS, 4, 99_999, b"\0\0\0\0"))) == {
        headers_tiff.WIDTH: (7,)
    }
    assert headers_tiff.read_directory(io.BytesIO(b"II+\0" + b"\0" * 40)) == {}
    assert header(directory("<", wide).getvalue()) == Header(), "a width alone is no size"


def test_a_tiff_of_either_byte_order() -> None:
    for order in "<>":
        file = directory(
            order, (headers_tiff.WIDTH, 4, 1, struct.pack(f"{order}I", 700)), (headers_tiff.HEIGHT, 4, 1, b"\0\0\0\0")
        )
        assert header(file.getvalue()) == Header((700, 0))


def test_of_a_tag_that_stands_there_twice_the_larger_counts() -> None:
    narrow, wide = ((headers_tiff.WIDTH, 4, 1, struct.pack("<I", width)) for width in (16, 60_000))
    for entries in ((narrow, wide), (wide, narrow)):
        assert headers_tiff.read_directory(directory("<", *entries)) == {headers_tiff.WIDTH: (60_000,)}


@pytest.mark.parametrize(("samples", "size"), [(1, (7, 9)), (5, (7, 9)), (6, None), (60_000, None)])
def test_a_tiff_of_more_values_a_pixel_than_pictures_have_is_refused(
    samples: int, size: tuple[int, int] | None
) -> None:
    """Its width and height would not tell how much it decompresss to."""
    numbers = ((headers_tiff.WIDTH, 7), (headers_tiff.HEIGHT, 9), (headers_tiff.SAMPLES, samples))
    file = directory("<", *((tag, 4, 1, struct.pack("<I", number)) for tag, number in numbers))
    assert read_header(file).size == size


@pytest.mark.parametrize(("kind", "letter"), [(6, "b"), (8, "h"), (9, "i"), (13, "I")])
def test_a_size_of_any_kind_of_integer_counts_in_a_tiff(kind: int, letter: str) -> None:
    """Decoders believe the first of two widths, whatever its kind."""
    wide = (headers_tiff.WIDTH, kind, 1, struct.pack(f"<{letter}", 100).ljust(4, b"\0"))
    small = [(tag, 4, 1, struct.pack("<I", 20)) for tag in (headers_tiff.WIDTH, headers_tiff.HEIGHT)]
    assert read_header(directory("<", wide, *small)).size == (100, 20)


def test_no_segment_of_a_jpeg_hides_another_picture() -> None:
    """Decoders pass over FF 00 and its length, and find the picture that would be skipped here."""
    hidden, shown = written("JPEG", (900, 700)), written("JPEG")
    content = b"\xff\xd8\xff\0" + struct.pack(">H", len(hidden[2:60_000]) + 2) + hidden[2:60_000] + shown[2:]
    assert header(content).size is None


def bmp(header_bytes: int, form: str, width: int, height: int) -> bytes:
    return b"BM" + b"\0" * 12 + struct.pack(f"<I{form}", header_bytes, width, height) + b"\0" * 30


def test_a_bmp_of_either_age_and_with_its_top_first() -> None:
    assert headers_simple.size_of(bmp(40, "ii", 70_000, -30)) == (70_000, 30)
    assert headers_simple.size_of(bmp(12, "HH", 60_000, 50_000)) == (60_000, 50_000)


def exr(**windows: tuple[int, int, int, int]) -> bytes:
    told = b"".join(name.encode() + b"\0box2i\0" + struct.pack("<I4i", 16, *window) for name, window in windows.items())
    return b"\x76\x2f\x31\x01\2\0\0\0" + told + b"\0"


def test_an_exr_is_as_large_as_its_larger_window() -> None:
    assert headers_simple.size_of(exr(dataWindow=(-10, -20, 29, 9))) == (40, 30)
    assert headers_simple.size_of(exr(dataWindow=(0, 0, 9, 99), displayWindow=(5, 5, 104, 54))) == (100, 100)
    assert headers_simple.size_of(exr(screenWindow=(0, 0, 9, 9))) is None


def test_of_several_sizes_in_a_file_the_largest_counts() -> None:
    """A decoder may use any of them."""
    small, large = struct.pack(">II", 8, 8), struct.pack(">II", 30_000, 20_000)
    for first, second in ((small, large), (large, small)):
        chunks = [struct.pack(">I4s", 13, b"IHDR") + each + b"\x08\2\0\0\0" + bytes(4) for each in (first, second)]
        assert header(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).size == (30_000, 20_000)
        frames = [
            b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, *struct.unpack(">4xI", each), *struct.unpack(">I4x", each), 3)
            + bytes(9)
            for each in (first, second)
        ]  # fmt: skip
        assert header(b"\xff\xd8" + b"".join(frames) + b"\xff\xda\0\2").size == (30_000, 20_000)


def test_what_looks_like_a_window_within_a_text_is_none() -> None:
    """The data window of an EXR, or what is searched for in its place, may stand in an attribute of any kind."""
    fake, true = exr(dataWindow=(0, 0, 9, 9))[8:-1], exr(dataWindow=(0, 0, 29_999, 29_999))[8:]
    comment = b"comment\0string\0" + struct.pack("<I", len(fake)) + fake
    magic = b"\x76\x2f\x31\x01\2\0\0\0"
    assert headers_simple.size_of(magic + comment + true) == (30_000, 30_000)
    assert headers_simple.size_of(magic + comment + b"\0") is None
    # The true one is beyond what is read, or its place is not where it seems.
    long = b"comment\0string\0" + struct.pack("<I", headers_simple.START_BYTES) + bytes(headers_simple.START_BYTES)
    assert headers_simple.size_of((magic + fake + long + true)[: headers_simple.START_BYTES]) is None
    assert headers_simple.size_of(magic + b"x\0y\0\xff\xff\xff\xff" + true) is None


@pytest.mark.parametrize(("flags", "size"), [(0, (10, 10)), (2, (10, 10)), (8, None), (16, None)])
def test_an_exr_of_several_parts_or_many_values_a_pixel_is_refused(flags: int, size: tuple[int, int] | None) -> None:
    """Tiles (2) change nothing. Deep data (8) and further parts (16) decompress to more than the first windows tell."""
    content = bytearray(exr(dataWindow=(0, 0, 9, 9)))
    content[5] = flags
    assert headers_simple.size_of(bytes(content)) == size


def test_a_line_that_looks_like_the_size_of_a_radiance_picture_is_not_looked_for_further_on() -> None:
    false, true = b"-Y 4 +X 4\n", b"-Y 9000 +X 9000\n"
    assert headers_simple.size_of(b"#?RADIANCE\n\n" + true + b"\n\n" + false) == (9000, 9000)
    assert headers_simple.size_of(b"#?RADIANCE\n\nEXPOSURE=1\n\n" + false) is None


@pytest.mark.parametrize(
    ("line", "size"),
    [
        (b"-Y 30 +X 40", (40, 30)),
        (b"+Y 30 -X 40", (40, 30)),
        (b"+X 40 -Y 30", (40, 30)),
        (b"-X 40 +Y 30", (40, 30)),
        (b"Y 30 X 40", None),
    ],
)
def test_a_radiance_picture_may_lie_on_its_side(line: bytes, size: tuple[int, int] | None) -> None:
    assert headers_simple.size_of(b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n" + line + b"\n") == size


def tga(is_mapped: int = 0, kind: int = 2, depth: int = 24) -> bytes:
    return struct.pack("<BBB9xHHBB", 0, is_mapped, kind, 300, 200, depth, 0)


def test_a_tga_is_known_by_its_fields() -> None:
    known = [tga(), tga(1, 1, 8), tga(kind=3, depth=1), tga(kind=9), tga(kind=10, depth=32), tga(kind=11)]
    assert {headers_simple.size_of(one) for one in known} == {(300, 200)}
    other = [tga(2), tga(kind=0), tga(kind=4), tga(kind=8), tga(kind=12), tga(depth=0), tga(depth=33)]
    assert {headers_simple.size_of(one) for one in other} == {None}


WHOLE = {way: written(way, (24, 18)) for way in WAYS}


@given(st.sampled_from(sorted(WAYS)), st.integers(0, 5000), st.binary(max_size=12))
def test_no_change_of_a_file_makes_reading_it_raise(way: str, place: int, put_in: bytes) -> None:
    content = bytearray(WHOLE[way])
    place %= len(content)
    content[place : place + len(put_in)] = put_in
    found = header(bytes(content))
    assert found.orientation in range(1, 9)


# What decompresss to far more than the picture shows


def packed_png(kind: bytes, count: int, *, before: bytes = b"", behind: bool = False) -> bytes:
    """With so many chunks beside the pixels, each of which decompresss to 8 MB."""
    content = written("PNG")
    head, end = content[:33], content.rindex(b"IEND") - 4
    body = {b"zTXt": b"k\0\0", b"iTXt": b"k\0\1\0\0\0", b"iCCP": b"k\0\0"}[kind] + zlib.compress(bytes(8_000_000))
    more = before + chunk(kind, body) * count
    return content[:end] + more + content[end:] if behind else head + more + content[33:]


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_a_png_with_gigabytes_beside_its_pixels(kind: bytes, behind: bool) -> None:
    assert not header(packed_png(kind, 3, behind=behind)).is_loaded
    assert header(packed_png(kind, 17, behind=behind)).is_loaded
    hidden = packed_png(kind, 17, before=chunk(b"abCd", b"") * 2000, behind=behind)
    assert header(hidden).is_loaded


def test_a_png_in_many_pieces_is_none_of_these() -> None:
    content = written("PNG")
    end = content.rindex(b"IEND") - 4
    assert header(content[:end] + chunk(b"IDAT", b"") * 5000 + content[end:]) == Header((80, 40))


def test_a_jpeg_that_goes_over_itself_again_and_again() -> None:
    content = written("progressive JPEG")
    last = content.rindex(b"\xff\xda")
    assert header(content) == Header((80, 40))
    again = content[:last] + content[last:-2] * 200 + b"\xff\xd9"
    assert header(again) == Header((80, 40), is_loaded=True)
    few = content[:last] + content[last:-2] * 30 + b"\xff\xd9"
    assert header(few) == Header((80, 40))
    assert header(few.replace(struct.pack(">HH", 40, 80), struct.pack(">HH", 8000, 8000))).is_loaded
    photograph = written("JPEG")
    for whole in (photograph, content):
        assert header(whole + b"\xff\xda" * 200) == Header((80, 40)), "a film behind a photograph"


@pytest.mark.parametrize(("width", "height"), [(65_536, 65_536), (1_000_000, 100), (16, 16), (1024, 1024)])
def test_a_tile_of_a_tiff_that_is_larger_than_any_picture(width: int, height: int) -> None:
    tags = {256: 64, 257: 64, 258: 8, 277: 1, 322: width, 323: height}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    content = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    assert header(content) == Header((64, 64), is_loaded=width * height > 64_000_000)


def layered_exr(channels: int, size: int, tile: int = 0) -> bytes:
    names = b"".join(b"L%04d.R\0" % number + struct.pack("<iIii", 1, 0, 1, 1) for number in range(channels)) + b"\0"
    window = struct.pack("<4i", 0, 0, size - 1, size - 1)
    content = b"\x76\x2f\x31\x01\2\0\0\0channels\0chlist\0" + struct.pack("<I", len(names)) + names
    content += b"dataWindow\0box2i\0" + struct.pack("<I", 16) + window
    if tile:
        content += b"tiles\0tiledesc\0" + struct.pack("<IIIB", 9, tile, tile, 0)
    return content + b"\0"


@pytest.mark.parametrize(
    ("channels", "size", "tile", "is_loaded"),
    [(4, 2000, 0, False), (30, 2000, 0, False), (1000, 2000, 0, True), (3, 64, 64, False), (3, 64, 60_000, True)],
)
def test_an_openexr_with_more_in_it_than_a_picture(channels: int, size: int, tile: int, is_loaded: bool) -> None:
    assert header(layered_exr(channels, size, tile)) == Header((size, size), is_loaded=is_loaded)
