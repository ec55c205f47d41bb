# SPDX-License-Identifier: GPL-3.0-or-later
"""Picture files that come from the network: known by what is in them, not by what they are called."""

import re
from collections.abc import Iterable
from zlib import crc32

from ..problems import NoPicture

SIZE_LIMIT_BYTES = 64 * 2**20
JPEG_END_BYTES = 65_536
SIGNATURE_BYTES = 512
"""So much of the beginning tells a picture from a web page."""

_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), ".png"),
    (re.compile(rb"\xff\xd8\xff"), ".jpg"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), ".webp"),
)
"""Blender reads other kinds as well, but these tell in their header how large they are: from a stranger's server a few
megabytes that unfold to gigabytes must not reach the decoder.
"""
_WEB_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body|script)\b", re.IGNORECASE)


def ending_of(beginning: bytes) -> str:
    """The ending of a picture's file by its first bytes. Raises NoPicture for what is none."""
    for signature, ending in _SIGNATURES:
        if signature.match(beginning):
            return ending
    if _WEB_PAGE.match(beginning):
        raise NoPicture("a web page")
    raise NoPicture("no PNG, JPEG or WebP" if beginning else "empty")


def is_whole(content: bytes) -> bool:
    """Whether a picture's bytes are as they were written, as far as it tells: a PNG by its checksums, a millisecond for
    a megabyte; a JPEG and a WebP by where they end.
    """
    if content.startswith(b"\xff\xd8"):
        return b"\xff\xd9" in content[-JPEG_END_BYTES:]
    if content.startswith(b"RIFF"):
        return len(content) >= int.from_bytes(content[4:8], "little") + 8
    return _is_whole_png(content)


def _is_whole_png(content: bytes) -> bool:
    place, kind = 8, b""
    view = memoryview(content)
    while place + 12 <= len(content) and kind != b"IEND":
        end = place + 8 + int.from_bytes(content[place : place + 4], "big")
        kind = content[place + 4 : place + 8]
        if crc32(view[place + 4 : end]) != int.from_bytes(content[end : end + 4], "big"):
            return False
        place = end + 4
    return kind == b"IEND"


def read_picture(chunks: Iterable[bytes], size: int | None, limit: int = SIZE_LIMIT_BYTES) -> tuple[bytes, str]:
    """A picture's bytes and the ending of its file. `size` is what was announced, None for nothing.

    Raises NoPicture, as soon as it shows, and whatever the chunks raise.
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
    return bytes(content), ending or ending_of(bytes(content[:SIGNATURE_BYTES]))


def _too_large(limit: int) -> NoPicture:
    return NoPicture(f"larger than {limit // 2**20:,} MB")
