# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of a GLB: accessors as the glTF 2.0 specification lays them out, checked against what is there."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from .checks import compression
from .checks.pictures import IN_BASE64
from .errors import DAMAGED, OUTSIDE, ModelUnusable
from .glb_file import Glb
from .layout import COMPONENTS, at
from .model import Floats, NotRead

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows: TypeAlias = NDArray[Any]
    Indices: TypeAlias = NDArray[np.integer[Any]]
else:
    Rows = Indices = Any

PIECE = 1 << 16
"""Rows that are computed in one go, some 10 ms at most. Nothing stops these; Python's lock is free meanwhile."""
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_LARGEST = {5120: 127.0, 5121: 255.0, 5122: 32767.0, 5123: 65535.0}
"""What stands for 1 in normalised integers."""


def pieces(count: int, go_on: Callable[[], object]) -> Iterator[slice]:
    """Slices of at most PIECE rows that make up `count`; asks `go_on` before each."""
    for begins in range(0, count, PIECE):
        go_on()
        yield slice(begins, min(begins + PIECE, count))


class Accessors:
    """Those of one file. What needs no decoding is a view of its binary chunk."""

    def __init__(self, glb: Glb, go_on: Callable[[], object]) -> None:
        self._glb, self._gltf, self._go_on = glb, glb.gltf, go_on
        self._buffers: dict[int, memoryview] = {}
        self._found: dict[int, Rows] = {}

    def count(self, number: int) -> int:
        """How many elements an accessor has."""
        return int(at(self._gltf["accessors"], number)["count"])

    def rows(self, number: int, *kinds: str) -> Rows:
        """(count, components) as the file has them, read-only. ModelUnusable where its type is none of `kinds`."""
        accessor = at(self._gltf["accessors"], number)
        if accessor["type"] not in kinds:
            raise ModelUnusable(DAMAGED)
        if number not in self._found:
            self._found[number] = self._decoded(accessor)
        return self._found[number]

    def floats(self, number: int, *kinds: str, taken: Indices | None = None) -> Floats:
        """(count, components), a copy of one's own; of the rows `taken` alone, in their order. Normalised integers are
        between -1 or 0 and 1. IndexError where a row is not there.
        """
        import numpy as np

        rows = self.rows(number, *kinds)
        accessor = self._gltf["accessors"][number]
        largest = _LARGEST.get(accessor["componentType"]) if accessor.get("normalized") else None
        found = np.empty((len(rows) if taken is None else len(taken), rows.shape[1]), np.float32)
        for piece in pieces(len(found), self._go_on):
            some = rows[piece] if taken is None else rows[taken[piece]]
            found[piece] = some if largest is None else np.maximum(some.astype(np.float64) / largest, -1.0)
        return found

    def copied(self, number: int) -> bytes:
        """The bytes of a buffer view, a copy that can be kept."""
        view = at(self._gltf["bufferViews"], number)
        begins, length = view.get("byteOffset") or 0, view["byteLength"]
        if "uri" in at(self._gltf["buffers"], view["buffer"]):
            return bytes(self._buffer(view["buffer"])[begins : begins + length])
        return self._glb.copied(begins, length)

    def _view(self, number: int) -> memoryview:
        """The bytes of a buffer view. NotRead where they are compressed."""
        view = at(self._gltf["bufferViews"], number)
        if compression.of_view(view) is not None:
            raise NotRead(next(name for name in compression.MESHOPT if name in view["extensions"]))
        begins = view.get("byteOffset") or 0
        return self._buffer(view["buffer"])[begins : begins + view["byteLength"]]

    def _buffer(self, number: int) -> memoryview:
        if number not in self._buffers:
            uri = at(self._gltf["buffers"], number).get("uri")
            decoded = None if uri is None else memoryview(b64decode(uri.partition(IN_BASE64)[2]))
            self._buffers[number] = self._glb.binary if decoded is None else decoded
        return self._buffers[number]

    def _decoded(self, accessor: dict[str, Any]) -> Rows:
        import numpy as np

        count, code = accessor["count"], _TYPES[accessor["componentType"]]
        shape = (count, COMPONENTS[accessor["type"]])
        if "bufferView" in accessor:
            stride = self._gltf["bufferViews"][accessor["bufferView"]].get("byteStride")
            rows = self._laid_out(accessor, code, shape, stride)
        else:
            rows = np.zeros(shape, code)
        if accessor.get("sparse"):
            rows = self._with_others(rows, accessor["sparse"], code)
        rows.flags.writeable = False
        return rows

    def _with_others(self, rows: Rows, sparse: dict[str, Any], code: str) -> Rows:
        count = sparse["count"]
        changed = self._laid_out(sparse["indices"], _TYPES[sparse["indices"]["componentType"]], (count, 1), None)[:, 0]
        if changed.dtype.kind == "f" or changed.min() < 0 or changed.max() >= len(rows):
            raise ModelUnusable(OUTSIDE)
        rows = rows.copy()
        rows[changed] = self._laid_out(sparse["values"], code, (count, rows.shape[1]), None)
        return rows

    def _laid_out(self, place: dict[str, Any], code: str, shape: tuple[int, int], stride: int | None) -> Rows:
        """A view of the file; numpy raises where it would reach beyond what is there."""
        import numpy as np

        kind = np.dtype(code)
        strides = (stride or kind.itemsize * shape[1], kind.itemsize)
        view = self._view(place["bufferView"])
        return np.ndarray(shape, kind, view, place.get("byteOffset") or 0, strides)
