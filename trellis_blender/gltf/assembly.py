# SPDX-License-Identifier: GPL-3.0-or-later
"""All parts of a GLB in all places where they stand, put together to one mesh in Blender's axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .accessors import Accessors, pieces
from .checks.contents import FARTHEST
from .errors import NO_SURFACE, NOT_FINITE, ModelUnusable
from .layout import at
from .materials import Materials
from .mesh import find_edges, taken, weld
from .model import Floats, LeftOut, MeshArrays
from .nodes import Matrix, Place
from .parts import Part, read_part

TRIANGLES_MAX = 6_000_000
"""In all places; the largest models of such services have 1,000,000."""


class _Placed(NamedTuple):
    """A part in one of its places."""

    part: Part
    positions: Floats
    slot: int


class Assembly:
    """One file's. What stands in several places is read once."""

    def __init__(
        self, gltf: dict[str, Any], accessors: Accessors, materials: Materials, go_on: Callable[[], object]
    ) -> None:
        self._gltf, self._accessors, self._materials, self._go_on = gltf, accessors, materials, go_on
        self._read: dict[tuple[int, int], Part | int] = {}
        self._triangles = self._loose = 0

    def mesh(self, places: list[Place]) -> tuple[MeshArrays, LeftOut]:
        """Raises ModelUnusable where there is no triangle, or one has no place."""
        import numpy as np

        placed = [each for place in places for each in self._placed(place)]
        if not placed:
            if self._loose:
                raise ModelUnusable("there are only points or lines in it, no surface")
            raise ModelUnusable(NO_SURFACE)
        firsts = np.cumsum([0, *(len(each.positions) for each in placed)]).tolist()
        surface = weld(
            self._joined([each.positions for each in placed]),
            self._joined([each.part.corners + np.int32(first) for each, first in zip(placed, firsts, strict=False)]),
            self._go_on,
        )

        def kept(values: list[Any]) -> Any:
            whole = self._joined(values)
            return whole if surface.kept is None else taken(whole, surface.kept)

        parts = [each.part for each in placed]
        uv_sets = tuple(
            kept([_set_of(part.uv_sets, number, np.zeros((len(part.corners), 2), np.float32)) for part in parts])
            for number in range(max(len(part.uv_sets) for part in parts))
        )
        colours = tuple(
            kept([_set_of(part.colours, number, np.ones((len(part.corners), 4), np.float32)) for part in parts])
            for number in range(max(len(part.colours) for part in parts))
        )
        slots = self._joined([np.full(len(each.part.corners) // 3, each.slot, np.int32) for each in placed])
        slots = slots if surface.kept is None else slots[surface.kept]
        bad_uvs = sum(part.bad_uvs for part in parts)
        del placed, parts
        self._read.clear()
        edges = find_edges(surface.positions, surface.corners, self._go_on)
        named = tuple((f"Color.{number:03d}" if number else "Color", each) for number, each in enumerate(colours))
        arrays = MeshArrays(surface.positions, surface.corners, *edges, uv_sets, named, slots)
        return arrays, LeftOut(surface.degenerate, surface.doubled, self._loose, bad_uvs)

    def _placed(self, place: Place) -> Iterator[_Placed]:
        mesh = at(self._gltf["meshes"], place.mesh)
        for number, given in enumerate(mesh["primitives"]):
            wanted = (place.mesh, number)
            if wanted not in self._read:
                self._read[wanted] = read_part(self._accessors, given, self._go_on)
            part = self._read[wanted]
            if isinstance(part, int):
                self._loose += part
                continue
            self._triangles += len(part.corners) // 3
            if self._triangles > TRIANGLES_MAX:
                raise ModelUnusable(f"it claims to have more than {TRIANGLES_MAX:,} triangles")
            slot = self._materials.slot(given.get("material"), has_colours="COLOR_0" in given["attributes"])
            positions = _moved(part.positions, place.matrix, self._go_on)
            yield _Placed(part.turned_round() if _is_mirrored(place.matrix) else part, positions, slot)

    def _joined(self, arrays: list[Any]) -> Any:
        import numpy as np

        self._go_on()
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _set_of(sets: tuple[Floats, ...], number: int, otherwise: Floats) -> Floats:
    return sets[number] if number < len(sets) else otherwise


def _is_mirrored(matrix: Matrix) -> bool:
    import numpy as np

    return float(np.linalg.det(matrix[:3, :3])) < 0


def _moved(positions: Floats, matrix: Matrix, go_on: Callable[[], object]) -> Floats:
    """In its place, and in Blender's axes."""
    import numpy as np

    # What comes to be x, y and z there.
    x, y, z = matrix[0], -matrix[2], matrix[1]
    moved = np.empty_like(positions)
    for piece in pieces(len(positions), go_on):
        given = positions[piece].astype(np.float64)
        for axis, row in enumerate((x, y, z)):
            moved[piece, axis] = given[:, 0] * row[0] + given[:, 1] * row[1] + given[:, 2] * row[2] + row[3]
        if not float(np.abs(moved[piece]).max()) <= FARTHEST:
            raise ModelUnusable(NOT_FINITE)
    return moved
