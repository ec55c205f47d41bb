# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rows of a table are equal: the one question behind welded vertices, edges and doubled triangles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from .accessors import PIECE, pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys: TypeAlias = NDArray[np.uint64]
    Columns: TypeAlias = Sequence[NDArray[np.uint32]]
    Numbers: TypeAlias = NDArray[np.int32]
else:
    Keys = Columns = Numbers = Any

_ODD = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
"""Multiplied with these, numbers that are alike become numbers that are not."""
_BUCKETS_FOR_A_CALL = 16


def first_equals(columns: Columns, go_on: Callable[[], object]) -> Numbers:
    """(n,): for each row the first one that is equal to it. `columns` has n numbers each; n below 2**31.

    Sorts hashes that carry the number of their row in their lower bits, which takes n log n; rows that share a hash
    are compared, so that the answer does not depend on chance.
    """
    import numpy as np

    count = len(columns[0])
    number_bits = max(count - 1, 1).bit_length()
    keys = mixed(columns, go_on)
    low = np.uint64((1 << number_bits) - 1)
    for piece in pieces(count, go_on):
        keys[piece] &= ~low
        keys[piece] |= np.arange(piece.start, piece.stop, dtype=np.uint64)
    keys = in_order(keys, go_on)

    order = np.empty(count, np.int32)
    begins = np.ones(count, np.bool_)
    differs = np.zeros(count, np.bool_)
    for piece in pieces(count, go_on):
        order[piece] = keys[piece] & low
        hashes = keys[max(piece.start - 1, 0) : piece.stop] & ~low
        rows = slice(max(piece.start, 1), piece.stop)
        begins[rows] = hashes[1:] != hashes[:-1]
    del keys
    alike = np.flatnonzero(~begins)
    for piece in pieces(len(alike), go_on):
        here, before = order[alike[piece]], order[alike[piece] - 1]
        for column in columns:
            differs[alike[piece]] |= column[here] != column[before]

    firsts = np.empty(count, np.int32)
    group = np.cumsum(begins, dtype=np.int32)
    group -= 1
    leaders = order[begins]
    for piece in pieces(count, go_on):
        firsts[order[piece]] = leaders[group[piece]]
    if differs.any():
        chance = np.zeros(len(leaders), np.bool_)
        chance[group[differs]] = True
        _compare(columns, np.sort(order[chance[group]]), firsts, go_on)
    return firsts


def mixed(columns: Columns, go_on: Callable[[], object]) -> Keys:
    """(n,): a hash of each row, alike for equal rows; in all of its bits."""
    import numpy as np

    keys = np.empty(len(columns[0]), np.uint64)
    for piece in pieces(len(keys), go_on):
        some = columns[0][piece].astype(np.uint64) * np.uint64(_ODD[0])
        for column, odd in zip(columns[1:], _ODD[1:], strict=False):
            some += column[piece].astype(np.uint64) * np.uint64(odd)
        some ^= some >> np.uint64(29)
        some *= np.uint64(_ODD[3])
        some ^= some >> np.uint64(32)
        some *= np.uint64(_ODD[0])
        keys[piece] = some
    return keys


def in_order(keys: Keys, go_on: Callable[[], object]) -> Keys:
    """The keys sorted, which may be the same array; in buckets by their highest byte, so that it can be stopped."""
    import numpy as np

    if len(keys) <= PIECE:
        go_on()
        keys.sort()
        return keys
    highest = np.empty(len(keys), np.uint8)
    counts = np.zeros(256, np.intp)
    for piece in pieces(len(keys), go_on):
        highest[piece] = keys[piece] >> np.uint64(56)
        counts += np.bincount(highest[piece], minlength=256)
    ends = np.cumsum(counts)
    free = ends - counts
    sorted_keys = np.empty_like(keys)
    for piece in pieces(len(keys), go_on):
        order = np.argsort(highest[piece], kind="stable")
        counts = np.bincount(highest[piece], minlength=256)
        # What of the piece goes into a bucket goes there in one run, behind what earlier pieces have put there.
        places = np.repeat(free - (np.cumsum(counts) - counts), counts) + np.arange(len(order))
        sorted_keys[places] = keys[piece][order]
        free += counts
    begins = 0
    for number, end in enumerate(ends.tolist()):
        if not number % _BUCKETS_FOR_A_CALL:
            go_on()
        sorted_keys[begins:end].sort()
        begins = end
    return sorted_keys


def _compare(columns: Columns, rows: Numbers, firsts: Numbers, go_on: Callable[[], object]) -> None:
    """Sets `firsts` of these rows, in whose hashes chance had a part, by the rows themselves."""
    import numpy as np

    go_on()
    order = rows[np.lexsort([column[rows] for column in columns])]
    begins = np.zeros(len(order), np.bool_)
    begins[0] = True
    for column in columns:
        values = column[order]
        begins[1:] |= values[1:] != values[:-1]
    firsts[order] = order[begins][np.cumsum(begins) - 1]
