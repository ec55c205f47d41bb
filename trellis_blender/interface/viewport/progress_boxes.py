# SPDX-License-Identifier: GPL-3.0-or-later
"""The boxes that fill: all of them in one batch, made again only when one has moved or is fuller.

A batch that is left when Blender ends makes it crash, so `forget` must be called before.
"""

from typing import Any, NamedTuple

import gpu
from mathutils import Matrix, Vector

FACES_ALPHA = 0.17
LEVEL_ALPHA = 0.55

_FLOOR = ((-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0))
_CORNERS = [Vector(corner) for corner in (*_FLOOR, *((x, y, 1) for x, y, _ in _FLOOR))]
_RIM = [(n, (n + 1) % 4) for n in range(4)]
_TRIANGLES = [(0, 1, 2), (0, 2, 3), (4, 5, 6), (4, 6, 7)]
_TRIANGLES += [triangle for a, b in _RIM for triangle in ((a, b, b + 4), (a, b + 4, a + 4))]


class Box(NamedTuple):
    """What takes the cube from -1 to 1 to where it is, up to what share it is full, and its colour."""

    matrix: Matrix
    share: float
    colour: tuple[float, float, float]


class _Drawn:
    boxes: list[Box] = []
    shader: Any = None
    faces: Any = None
    levels: Any = None


def draw(boxes: list[Box]) -> None:
    """Draws them into the scene, with what the scene hides hidden."""
    if not boxes:
        return
    if boxes != _Drawn.boxes:
        _build(boxes)
    gpu.state.blend_set('ALPHA')
    gpu.state.depth_test_set('LESS_EQUAL')
    gpu.state.depth_mask_set(False)  # noqa: FBT003 (takes no keyword)
    _Drawn.faces.draw(_Drawn.shader)
    _Drawn.levels.draw(_Drawn.shader)
    gpu.state.depth_mask_set(True)  # noqa: FBT003
    gpu.state.depth_test_set('NONE')
    gpu.state.blend_set('NONE')


def forget() -> None:
    """Gives the batches back."""
    _Drawn.boxes = []
    _Drawn.shader = _Drawn.faces = _Drawn.levels = None


def _build(boxes: list[Box]) -> None:
    from gpu_extras.batch import batch_for_shader

    if _Drawn.shader is None:
        _Drawn.shader = gpu.shader.from_builtin('FLAT_COLOR')
    shader = _Drawn.shader
    corners: list[Vector] = []
    for box in boxes:
        matrix = box.matrix @ Matrix.Translation((0, 0, -1)) @ Matrix.Diagonal((1, 1, 2 * box.share, 1))
        corners += [matrix @ corner for corner in _CORNERS]
    firsts = range(0, len(corners), len(_CORNERS))
    triangles = [(first + a, first + b, first + c) for first in firsts for a, b, c in _TRIANGLES]
    edges = [(first + 4 + a, first + 4 + b) for first in firsts for a, b in _RIM]

    def in_colours(alpha: float) -> dict[str, Any]:
        return {"pos": corners, "color": [(*box.colour, alpha) for box in boxes for _ in _CORNERS]}

    _Drawn.faces = batch_for_shader(shader, 'TRIS', in_colours(FACES_ALPHA), indices=triangles)
    _Drawn.levels = batch_for_shader(shader, 'LINES', in_colours(LEVEL_ALPHA), indices=edges)
    _Drawn.boxes = boxes
