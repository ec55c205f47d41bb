# SPDX-License-Identifier: GPL-3.0-or-later
"""Picture files that come from the network: known by what is in them, not by what they are called."""

import re
from collections.abc import Iterable
from io import BytesIO

from ...imaging.headers import SIDE_LIMIT_PX, area_limit_px, is_deep, is_too_large, read_header
from ...imaging.kinds import kind_of
from ..problems import NoPicture

SIZE_LIMIT_BYTES = 64 * 2**20
SIGNATURE_BYTES = 512
"""So much of the beginning tells a picture from a web page."""

_ENDINGS = {"PNG": ".png", "JPEG": ".jpg", "WebP": ".webp"}
"""Blender reads other kinds as well, but these tell in their header how large they are: a few megabytes
from an untrusted server that decompress to gigabytes must not reach the decoder.
"""
_WEB_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body|script)\b", re.IGNORECASE)


def ending_of(beginning: bytes) -> str:
    """The ending of a picture's file by its first bytes. Raises NoPicture for what is none."""
    if ending := _ENDINGS.get(kind_of(beginning[:16])):
        return ending
    if _WEB_PAGE.match(beginning):
        raise NoPicture("a web page")
    raise NoPicture("no PNG, JPEG or WebP" if beginning else "empty")


def read_picture(chunks: Iterable[bytes], size: int | None, limit: int = SIZE_LIMIT_BYTES) -> tuple[bytes, str]:
    """A picture's bytes and the ending of its file. `size` is what was announced, None for nothing.

    Raises NoPicture, as soon as it shows, also for what must not be decoded: Blender decodes what lies in a
    generation's folder for the list. And whatever the chunks raise.
    """
    content, ending = bytearray(), ""
    if (size or 0) > limit:
        raise _too_large(limit)
    for chunk in chunks:
        content += chunk
        if len(content) > limit:
            raise _too_large(limit)
        if not ending and len(content) >= SIGNATURE_BYTES:
            ending = ending_of(bytes(content[:SIGNATURE_BYTES]))
    whole = bytes(content)
    ending = ending or ending_of(whole[:SIGNATURE_BYTES])
    _check_header(whole)
    return whole, ending


def _check_header(content: bytes) -> None:
    header, deep = read_header(BytesIO(content)), is_deep(BytesIO(content))
    if header.size is None:
        raise NoPicture("a picture that does not tell its size")
    width, height = header.size
    if is_too_large(width, height, deep=deep):
        raise NoPicture(
            f"{width:,} × {height:,} pixels large, and at most {SIDE_LIMIT_PX:,} on each side and "
            f"{area_limit_px(deep=deep) // 1_000_000} million in all can be read"
        )
    if header.is_loaded:
        raise NoPicture("a picture that contains far more data than it shows")


def _too_large(limit: int) -> NoPicture:
    return NoPicture(f"larger than {limit // 2**20:,} MB")
