# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that a decoder may refuse, found without decoding them: a millisecond for a megabyte. No bpy, no numpy.

Sources: the PNG specification, ITU-T T.81 for JPEG, RFC 9649 and RFC 6386 for WebP.
"""

import re
import zlib
from collections.abc import Callable
from itertools import accumulate

from . import png
from .kinds import kind_of

_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive: libjpeg reads the others only in part."""
_JPEG_PASSED_OVER = frozenset({*range(0xE0, 0xF0), 0xDC, 0xDD, 0xFE})
"""What programs add, comments, numbers of lines and of restarts: libjpeg ends with any other that it does not know."""
_JPEG_TABLES_MAX = 4
_JPEG_TABLES_IN_ALL_MAX = 2_000
"""Programs write up to eight for each scan, and not a hundred scans."""
_SEGMENTS_MAX = 10_000
_END = 0xD9
_PIECE_BYTES = 2**20
_SAME_AT_END = 32
"""So many bytes of one kind at the end of a WebP are hardly pixels."""
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]")
"""0 and marks to restart at stand behind FF within pixels."""


def nothing() -> None:
    """Nobody waits for anything else."""


def may_be_damaged(content: bytes, go_on: Callable[[], object] = nothing) -> bool:
    """False for a PNG, JPEG or WebP that is consistent: a PNG by its checksums, the others by their headers, tables
    and lengths. A decoder may still take what this does not trust; what is within the coded pixels of a WebP is not
    looked at. `go_on` is called every few milliseconds.
    """
    checks = {"PNG": _is_whole_png, "JPEG": _is_whole_jpeg, "WebP": _is_whole_webp}
    check = checks.get(kind_of(content[:16]))
    try:
        return check is None or not check(content, go_on)
    except (IndexError, KeyError, ValueError):
        return True


def has_its_pixels(content: bytes, go_on: Callable[[], object]) -> bool:
    """Whether what is packed in a PNG decompresses to as much as its header says; True for other kinds.

    For a thread: 4096 × 4096 pixels take 0.2 s. `go_on` is called every few milliseconds.
    """
    if kind_of(content[:16]) != "PNG" or may_be_damaged(content, go_on) or content[28]:  # the last one: interlaced
        return True
    left, unpacking = _png_bytes(content), zlib.decompressobj()
    try:
        for kind, body, _ in png.chunks(content):
            # In pieces: what is not needed yet is copied each time.
            for begins in range(0, len(body) if kind == b"IDAT" else 0, _PIECE_BYTES):
                rest: bytes | memoryview = body[begins : begins + _PIECE_BYTES]
                while rest and left > 0:
                    go_on()
                    left -= len(unpacking.decompress(rest, _PIECE_BYTES))
                    rest = unpacking.unconsumed_tail
    except zlib.error:
        return False
    return left <= 0


def _png_bytes(content: bytes) -> int:
    """How much a PNG decompresses to: rows of whole bytes, each with one before them."""
    width, height = (int.from_bytes(content[begins : begins + 4], "big") for begins in (16, 20))
    return height * (1 + (width * content[24] * png.CHANNELS[content[25]] + 7) // 8)


def _is_whole_png(content: bytes, go_on: Callable[[], object]) -> bool:
    kinds: list[bytes] = []
    for kind, body, checksum in png.chunks(content):
        go_on()
        if zlib.crc32(body, zlib.crc32(kind)) != checksum:
            return False
        kinds.append(kind)
    return kinds[-1] == b"IEND" and b"IDAT" in kinds and content[25] in png.CHANNELS


class _Jpeg:
    """What the segments of a JPEG have said until now."""

    def __init__(self) -> None:
        self.quantization: set[int] = set()
        self.huffman: set[int] = set()
        self.components: dict[int, int] = {}
        """The table of each, for quantization."""
        self.is_progressive = False
        self.has_pixels = False
        self._tables = 0

    def takes(self, kind: int, body: bytes) -> bool:
        """Whether a segment is as a decoder wants it."""
        if kind == 0xDB:
            return self._takes_quantization(body)
        if kind == 0xC4:
            return self._takes_huffman(body)
        if kind in _JPEG_FRAMES:
            return self._takes_frame(kind, body)
        if kind == 0xDA:
            return self._takes_scan(body)
        return kind in _JPEG_PASSED_OVER

    def _takes_quantization(self, body: bytes) -> bool:
        while body:
            precision, number = divmod(body[0], 16)
            length = 1 + 64 * (1 + precision)
            if precision > 1 or number >= _JPEG_TABLES_MAX or len(body) < length or self._are_too_many():
                return False
            self.quantization.add(number)
            body = body[length:]
        return True

    def _takes_huffman(self, body: bytes) -> bool:
        while body:
            counts, is_dc = body[1:17], body[0] < 16
            symbols = body[17 : 17 + sum(counts)]
            # Of each length there are twice as many codes as one shorter leaves.
            left = accumulate(counts, lambda free, taken: 2 * free - taken, initial=1)
            is_odd = body[0] % 16 >= _JPEG_TABLES_MAX or body[0] >= 32 or (is_dc and max(symbols, default=0) > 15)
            if is_odd or len(symbols) != sum(counts) or len(symbols) > 256 or min(left) < 0 or self._are_too_many():
                return False
            self.huffman.add(body[0])
            body = body[17 + len(symbols) :]
        return True

    def _are_too_many(self) -> bool:
        """Counts one more table: each costs as much as a kilobyte of pixels."""
        self._tables += 1
        return self._tables > _JPEG_TABLES_IN_ALL_MAX

    def _takes_frame(self, kind: int, body: bytes) -> bool:
        parts = [body[begins : begins + 3] for begins in range(6, len(body), 3)]
        is_odd = self.components or body[0] != 8 or body[5] not in {1, 3, 4} or len(parts) != body[5]
        self.is_progressive = kind == 0xC2
        self.components = {part[0]: part[2] for part in parts}
        sampled = [side for part in parts for side in divmod(part[1], 16)]
        return not is_odd and len(self.components) == len(parts) and all(1 <= each <= 4 for each in sampled)

    def _takes_scan(self, body: bytes) -> bool:
        count = body[0]
        parts = [body[begins : begins + 2] for begins in range(1, 1 + 2 * count, 2)]
        first, last, approximation = body[1 + 2 * count :]
        self.has_pixels = True
        if len({part[0] for part in parts}) != count or not 1 <= count <= 4:
            return False
        if not self.is_progressive:
            tables = {number for part in parts for number in (part[1] // 16, 16 + part[1] % 16)}
            is_whole = (first, last, approximation) == (0, 63, 0)
        else:
            is_dc, (before, now) = first == 0, divmod(approximation, 16)
            needed = () if is_dc and before else parts
            tables = {part[1] // 16 if is_dc else 16 + part[1] % 16 for part in needed}
            is_whole = (last == 0 if is_dc else first <= last <= 63 and count == 1) and now <= 13
            is_whole = is_whole and before in {0, now + 1}
        has_steps = all(self.components[part[0]] in self.quantization for part in parts)
        return is_whole and has_steps and tables <= self.huffman


def _is_whole_jpeg(content: bytes, go_on: Callable[[], object]) -> bool:
    found, place = _Jpeg(), 2
    for _ in range(_SEGMENTS_MAX):
        go_on()
        if content[place] != 0xFF:
            return False
        kind = content[place + 1]
        if kind == _END:
            return found.has_pixels
        if kind == 0xFF:  # fill
            place += 1
            continue
        length = int.from_bytes(content[place + 2 : place + 4], "big")
        body = content[place + 4 : place + 2 + length]
        if length < 2 or len(body) != length - 2 or not found.takes(kind, body):
            return False
        place += 2 + length
        if kind == 0xDA:
            place = _behind_pixels(content, place, go_on)
    return False


def _behind_pixels(content: bytes, place: int, go_on: Callable[[], object]) -> int:
    """Where the next segment begins."""
    for begins in range(place, len(content), _PIECE_BYTES):
        go_on()
        if found := _JPEG_MARKER.search(content, begins, begins + _PIECE_BYTES + 1):
            return found.start()
    raise IndexError


def _is_whole_webp(content: bytes, go_on: Callable[[], object]) -> bool:
    end = 8 + int.from_bytes(content[4:8], "little")
    place = 12
    for _ in range(_SEGMENTS_MAX):
        go_on()
        if place + 8 > min(end, len(content)):
            break
        kind, length = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "little")
        body = memoryview(content)[place + 8 : place + 8 + length]
        if len(body) != length or end > len(content):
            return False
        if kind == b"VP8L":
            # A signature, and three bits of a version that is 0.
            return length > 5 and body[0] == 0x2F and body[4] < 32 and _goes_on(body)
        if kind == b"VP8 ":
            return length > 10 and _is_whole_frame(body) and _goes_on(body)
        place += 8 + length + length % 2
    return False


def _goes_on(body: memoryview) -> bool:
    """Whether something is coded up to the end, or zeros, which can be decoded; a disk's empty blocks are neither."""
    return len(body) <= _SAME_AT_END or not body[-1] or len(set(body[-_SAME_AT_END:])) > 1


def _is_whole_frame(body: memoryview) -> bool:
    tag = int.from_bytes(body[:3], "little")
    is_key, version, first_bytes = not tag & 1, tag >> 1 & 7, tag >> 5
    return is_key and version <= 3 and bytes(body[3:6]) == b"\x9d\x01\x2a" and 10 + first_bytes <= len(body)
