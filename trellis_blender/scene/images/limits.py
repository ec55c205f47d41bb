# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image files may be decoded, judged by their headers. No bpy: it runs in a thread. A small untrusted file may
decode to gigabytes.
"""

from pathlib import Path
from typing import BinaryIO

from ...imaging.headers import SIDE_LIMIT_PX, Header, area_limit_px, is_deep, is_too_large, read_header
from ...imaging.kinds import kind_of
from ...piapi.models import IMAGE_SIDE_LIMIT_PX

_KIND_BYTES = 16
SIDE_LEAST_PX = 16
"""A smaller image shows too little to make a model from, and the task would be paid all the same."""


class PictureUnusable(ValueError):
    """The image cannot be sent. `str(error)` is a sentence for the artist."""


def check_file(path: Path) -> Header:
    """The header of the image at `path`. Raises PictureUnusable if it must not be decoded."""
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
    """The header of an image; `name` is for messages. Raises PictureUnusable if it must not be decoded, and OSError."""
    kind = kind_of(file.read(_KIND_BYTES))
    file.seek(0)
    header = read_header(file)
    file.seek(0)
    if header.size is None:
        which = f" ({kind})" if kind else ""
        raise PictureUnusable(f"“{name}” cannot be read as an image{which}. Choose a PNG, JPEG or WebP.")
    check_size(name, *header.size, deep=is_deep(file))
    if header.is_loaded:
        raise PictureUnusable(
            f"“{name}” contains far more data than the picture shows: layers, scans or texts. Save it again as a PNG, "
            "JPEG or WebP without them."
        )
    if header.is_animated:
        raise PictureUnusable(f"“{name}” is animated. Choose a still image.")
    if header.is_cut:
        raise PictureUnusable(f"“{name}” is not complete: the end of the file is missing. Copy or download it again.")
    return header


def check_size(name: str, width: int, height: int, *, deep: bool = False) -> None:
    """Raises PictureUnusable if an image has too many or too few pixels; `deep` as `headers.is_deep` returns it."""
    if is_too_large(width, height, deep=deep):
        millions = area_limit_px(deep=deep) // 1_000_000
        raise PictureUnusable(
            f"“{name}” has {width:,} × {height:,} pixels; at most {SIDE_LIMIT_PX:,} on each side and {millions} "
            f"million in all can be read. Scale it down: {IMAGE_SIDE_LIMIT_PX} on a side are sent."
        )
    if min(width, height) < SIDE_LEAST_PX:
        raise PictureUnusable(
            f"“{name}” has {width} × {height} pixels; at least {SIDE_LEAST_PX} on each side are needed. "
            "Choose a larger image."
        )
