# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures in a GLB, judged by their headers: what a decoder would make of them has to be known before."""

from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO

from ...imaging.headers import is_deep, read_header
from ...imaging.kinds import WITHIN_MODELS, kind_of
from ..errors import NO_PICTURE, ModelUnusable

PIXELS_MAX = 8192 * 8192
"""Of a picture; decoded, so many take 256 MB, however small their file is."""
PIXELS_IN_ALL_MAX = 2 * PIXELS_MAX
"""Of all pictures: five of 4096² have 84 million."""
PICTURES_MAX = 100
TAKEN_TIMES, TAKEN_LEAST_BYTES = 2, 1_000_000
"""How often the file's size all pictures together may be: each is read, and copied out of the file."""
HEADER_BYTES = 4 * 1024 * 1024
"""Within so much of a picture its size has to be found."""
JPEG_BYTES = 64 * 1024 * 1024
"""A JPEG is looked through to its end, for how often a decoder would have to go over it."""
IN_BASE64 = ";base64,"


def check_pictures(gltf: dict[str, Any], file: BinaryIO, begins: int, size: int, go_on: Callable[[], object]) -> None:
    """Raises ModelUnusable where one is no PNG, JPEG or WebP or decompresses to too much, or all of them are more than
    a file of `size` bytes should have.

    `begins` is where the binary chunk does in the `file`; views have been checked. `go_on` is called before each.
    """
    images = gltf.get("images", [])
    if len(images) > PICTURES_MAX:
        raise ModelUnusable(f"it claims to have {len(images):,} pictures")
    in_all = taken = 0
    for image in images:
        go_on()
        if "uri" in image:
            # As the importer does it, which passes over what is no base64.
            start = b64decode(image["uri"].partition(IN_BASE64)[2])[:HEADER_BYTES]
        elif "bufferView" in image:
            view = gltf["bufferViews"][image["bufferView"]]
            taken += view["byteLength"]
            if taken > TAKEN_LEAST_BYTES + TAKEN_TIMES * size:
                raise ModelUnusable("the pictures in it overlap")
            start = _start_of(gltf, view, file, begins)
        else:
            raise ModelUnusable(NO_PICTURE)
        in_all += _checked_pixels(start)
        if in_all > PIXELS_IN_ALL_MAX:
            raise ModelUnusable(f"the pictures in it claim to have {in_all:,} pixels")


def _start_of(gltf: dict[str, Any], view: dict[str, Any], file: BinaryIO, begins: int) -> bytes:
    length, offset = view["byteLength"], view.get("byteOffset", 0)
    buffer = gltf["buffers"][view["buffer"]]
    if "uri" in buffer:
        return b64decode(buffer["uri"].partition(IN_BASE64)[2])[offset : offset + min(length, HEADER_BYTES)]
    file.seek(begins + offset)
    start = file.read(min(length, HEADER_BYTES))
    if kind_of(start[:16]) == "JPEG":
        start += file.read(min(length, JPEG_BYTES) - len(start))
    return start


def _checked_pixels(start: bytes) -> int:
    """How many pixels it has decoded, as many as would take its room with 8 bits each."""
    kind = kind_of(start[:16])
    if kind not in WITHIN_MODELS:
        raise ModelUnusable(f"a picture in it is {kind or 'of an unknown kind'}, not PNG, JPEG or WebP")
    header, deep = read_header(BytesIO(start)), is_deep(BytesIO(start))
    if header.size is None:
        raise ModelUnusable(f"a picture in it, a {kind}, does not tell its size")
    if header.is_loaded:
        raise ModelUnusable("a picture in it contains far more data than it shows")
    width, height = header.size
    pixels = width * height * (4 if deep else 1)
    if pixels > PIXELS_MAX:
        more = " of 16 bits" if deep else ""
        raise ModelUnusable(f"a picture in it claims to have {width:,} × {height:,} pixels{more}")
    return pixels
