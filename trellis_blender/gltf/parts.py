# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts ("primitives") of a GLB's meshes as triangles, each on its own: in glTF's axes, and not moved yet.

Source: io_scene_gltf2 of Blender 4.2 to 5.3, its module mesh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from .accessors import Accessors, Indices, pieces
from .checks import compression
from .errors import HALF_A_TRIANGLE, NO_SUCH_POINT, ModelUnusable
from .layout import table
from .model import Floats, Ints, NotRead

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags: TypeAlias = NDArray[np.bool_]
else:
    Flags = Any

SETS_MAX = 8
"""Of UV maps, and of colours: Blender's importer reads no more, and a mesh of Blender's can have no more UV maps."""
_TRIANGLES, _STRIP, _FAN = 4, 5, 6


@dataclass(frozen=True, slots=True)
class Part:
    """Triangles of one material. For mirrored places see `turned_round`."""

    positions: Floats
    """(v, 3): those that a corner uses."""
    corners: Ints
    """(3t,): into positions."""
    uv_sets: tuple[Floats, ...]
    """(3t, 2) each, in Blender's direction."""
    colours: tuple[Floats, ...]
    """(3t, 4) each."""
    bad_uvs: int
    """Coordinates of corners that are no numbers; 0 stands for them."""

    def turned_round(self) -> Part:
        """The same part with the front sides of its triangles behind."""

        def turned(values: Any) -> Any:
            thirds = values.reshape(-1, 3, *values.shape[1:])
            return thirds[:, [0, 2, 1]].reshape(values.shape)

        uv_sets, colours = tuple(map(turned, self.uv_sets)), tuple(map(turned, self.colours))
        return Part(self.positions, turned(self.corners), uv_sets, colours, self.bad_uvs)


def check_read(part: dict[str, Any]) -> None:
    """Raises NotRead for what is not read of a part."""
    if part.get("targets"):
        raise NotRead("morph targets")
    extensions = table(part, "extensions")
    for name in (compression.DRACO, "KHR_gaussian_splatting"):
        if name in extensions:
            raise NotRead(name)


def read_part(accessors: Accessors, part: dict[str, Any], go_on: Callable[[], object]) -> Part | int:
    """A part as triangles; where it has none, of how many points and ends of lines it is."""
    import numpy as np

    attributes = part["attributes"]
    position = attributes.get("POSITION")
    if position is None:
        return 0
    mode = part.get("mode")
    mode = _TRIANGLES if mode is None else mode
    count = accessors.count(position)
    listed: Indices
    if part.get("indices") is None:
        listed = np.arange(count, dtype=np.int32)
    else:
        listed = accessors.rows(part["indices"], "SCALAR")[:, 0]
    if mode < _TRIANGLES or not len(listed):
        return len(listed)
    corners = _triangles(mode, listed, go_on)
    if int(corners.max()) >= count or int(corners.min()) < 0:
        raise ModelUnusable(NO_SUCH_POINT)
    used, own = _used(corners, count, go_on)
    uvs = [_uvs(accessors, attributes[name], corners, go_on) for name in _names(attributes, "TEXCOORD")]
    return Part(
        accessors.floats(position, "VEC3", taken=used),
        own,
        tuple(each for each, _ in uvs),
        tuple(_colours(accessors, attributes[name], corners, go_on) for name in _names(attributes, "COLOR")),
        sum(bad for _, bad in uvs),
    )


def _triangles(mode: int, listed: Indices, go_on: Callable[[], object]) -> Ints:
    """(3t,) corners out of what is listed for triangles, a strip or a fan of them."""
    import numpy as np

    if mode == _TRIANGLES:
        whole = np.empty(len(listed) // 3 * 3, np.int32)
        for piece in pieces(len(whole), go_on):
            whole[piece] = listed[piece]
        return whole
    if len(listed) < 3:
        raise ModelUnusable(HALF_A_TRIANGLE)
    found = np.empty((len(listed) - 2, 3), np.int32)
    for piece in pieces(len(found), go_on):
        second, third = listed[piece.start + 1 : piece.stop + 1], listed[piece.start + 2 : piece.stop + 2]
        found[piece, 0] = listed[piece] if mode == _STRIP else listed[0]
        found[piece, 1], found[piece, 2] = second, third
        if mode == _STRIP:
            # Every second one would show its other side; pieces begin at even numbers.
            found[piece][1::2, 1], found[piece][1::2, 2] = third[1::2], second[1::2]
    return found.reshape(-1)


def _used(corners: Ints, count: int, go_on: Callable[[], object]) -> tuple[Ints, Ints]:
    """The vertices that the corners use, and the corners by their place among them."""
    import numpy as np

    uses: Flags = np.zeros(count, np.bool_)
    for piece in pieces(len(corners), go_on):
        uses[corners[piece]] = True
    used = np.flatnonzero(uses).astype(np.int32)
    if len(used) == count:
        return used, corners
    go_on()
    place = np.cumsum(uses, dtype=np.int32)
    place -= 1
    own = np.empty_like(corners)
    for piece in pieces(len(corners), go_on):
        own[piece] = place[corners[piece]]
    return used, own


def _names(attributes: dict[str, Any], kind: str) -> list[str]:
    """Those without a gap."""
    names: list[str] = []
    while len(names) < SETS_MAX and attributes.get(f"{kind}_{len(names)}") is not None:
        names.append(f"{kind}_{len(names)}")
    return names


def _uvs(accessors: Accessors, number: int, corners: Ints, go_on: Callable[[], object]) -> tuple[Floats, int]:
    import numpy as np

    uvs = accessors.floats(number, "VEC2", taken=corners)
    bad = 0
    for piece in pieces(len(uvs), go_on):
        some = uvs[piece]
        is_number = np.isfinite(some)
        if not is_number.all():
            bad += int(np.count_nonzero(~is_number))
            some[~is_number] = 0.0
        np.subtract(1.0, some[:, 1], out=some[:, 1])
    return uvs, bad


def _colours(accessors: Accessors, number: int, corners: Ints, go_on: Callable[[], object]) -> Floats:
    import numpy as np

    given = accessors.floats(number, "VEC3", "VEC4", taken=corners)
    colours = given
    if given.shape[1] == 3:
        colours = np.ones((len(given), 4), np.float32)
    for piece in pieces(len(given), go_on):
        colours[piece, : given.shape[1]] = np.nan_to_num(given[piece])
    return colours
