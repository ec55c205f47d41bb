# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image files are decoded at all, by what their headers tell. No Blender: a thread looks, and a file from a
stranger may unfold to gigabytes.
"""

from pathlib import Path
from typing import BinaryIO

from ...imaging.headers import Header, is_deep, read_header
from ...imaging.kinds import kind_of
from ...piapi.models import IMAGE_SIDE_LIMIT_PX

SIDE_LIMIT_PX = 16_384
AREA_LIMIT_PX = 100_000_000
"""Decoded, that is 400 MB; beyond it an artist's Blender would stand still for many seconds."""
DEEP_AREA_LIMIT_PX = 40_000_000
"""With more than 8 bits a channel: 640 MB."""
_KIND_BYTES = 16
SIDE_LEAST_PX = 16
"""Below it there is nothing to be seen that a model could be made of, and it would be paid for all the same."""


class PictureUnusable(ValueError):
    """The image cannot be sent. `str(error)` is a sentence for the artist."""


def check_file(path: Path) -> Header:
    """The header of the image at `path`; PictureUnusable where it is not to be decoded."""
    try:
        if not path.is_file():
            raise PictureUnusable(f"There is no file “{path}”. Choose the image again.")
        if path.stat().st_size == 0:
            raise PictureUnusable(f"“{path.name}” is empty (0 bytes). Choose another image.")
        with path.open("rb") as file:
            return check_header(path.name, file)
    except OSError as error:
        raise PictureUnusable(f"“{path}” cannot be read ({error.strerror}). Choose another image.") from None


def check_header(name: str, file: BinaryIO) -> Header:
    """The header of an image that is called so; PictureUnusable where it is not to be decoded, and OSError."""
    kind = kind_of(file.read(_KIND_BYTES))
    file.seek(0)
    header = read_header(file)
    file.seek(0)
    if header.size is None:
        which = f" ({kind})" if kind else ""
        raise PictureUnusable(f"“{name}” is not an image that is read here{which}. Choose a PNG, JPEG or WebP.")
    check_size(name, *header.size, deep=is_deep(file))
    if header.is_animated:
        raise PictureUnusable(f"“{name}” is animated. Choose a single still image.")
    if header.is_cut:
        raise PictureUnusable(f"“{name}” is cut off: its end is missing. Copy or download it again.")
    return header


def check_size(name: str, width: int, height: int, *, deep: bool = False) -> None:
    """Raises PictureUnusable where an image has too many pixels, or too few; `deep` as `image_header.is_deep`."""
    limit = DEEP_AREA_LIMIT_PX if deep else AREA_LIMIT_PX
    if max(width, height) > SIDE_LIMIT_PX or width * height > limit:
        raise PictureUnusable(
            f"“{name}” has {width:,} × {height:,} pixels; at most {SIDE_LIMIT_PX:,} on a side and "
            f"{limit // 1_000_000} million in all are read. Make it smaller: {IMAGE_SIDE_LIMIT_PX} are sent."
        )
    if min(width, height) < SIDE_LEAST_PX:
        raise PictureUnusable(
            f"“{name}” has {width} × {height} pixels; at least {SIDE_LEAST_PX} on each side are needed. "
            "Choose a larger image."
        )
