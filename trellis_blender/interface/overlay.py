# SPDX-License-Identifier: GPL-3.0-or-later
"""Drawn over each placeholder: a box that fills from below as its generation advances, name, stage, time left.

The texts are made once, when the monitor asks for them; drawing only puts them where the Empties are now. The draw
handlers are there only while there is a placeholder in the file.
"""

import time
from typing import Any, NamedTuple

import blf
import bpy
import gpu
from mathutils import Matrix, Vector

from ..scene import placeholder
from . import captions, session
from .captions import Caption

CALM = (0.32, 0.56, 0.86)
ALERT = (0.90, 0.58, 0.18)
FACES_ALPHA = 0.17
LEVEL_ALPHA = 0.55
TEXT = (1.0, 1.0, 1.0, 1.0)
QUIET_TEXT = (1.0, 1.0, 1.0, 0.72)
ALERT_TEXT = (1.0, 0.78, 0.45, 1.0)
BACKGROUND = (0.08, 0.08, 0.08, 0.62)
NAME_SIZE = 13
SAID_SIZE = 11
NAME_SHOWN = 40
MARGIN = 6
GAP = 4
STEPS_UP = 2
"""So many heights of its own a caption may move up before it is left out."""

CORNERS = [Vector((x, y, z, 1.0)) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
_FLOOR = ((-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0))
_CEILING = tuple((x, y, 1) for x, y, _ in _FLOOR)


class _Text(NamedTuple):
    text: str
    size: float
    colour: tuple[float, float, float, float]
    width: float


class _Plate(NamedTuple):
    """The dark ground that makes a caption readable before anything, in pixels of the region."""

    left: float
    bottom: float
    width: float
    height: float
    lines: tuple[_Text, ...]

    def covers(self, other: "_Plate") -> bool:
        """True where the two overlap."""
        is_beside = self.left >= other.left + other.width or other.left >= self.left + self.width
        is_above = self.bottom >= other.bottom + other.height or other.bottom >= self.bottom + self.height
        return not is_beside and not is_above


class _Drawn:
    """What is drawn, with handlers and GPU batches while there is something. A batch that is left when Blender ends
    makes it crash.
    """

    shown: list[tuple[bpy.types.Object, Caption]] = []
    handlers: list[Any] = []
    shader: Any = None
    batches: dict[str, Any] = {}


def update() -> bool:
    """Makes the texts anew and sees to the handlers; True where something else is to be drawn than before."""
    if _Drawn.handlers:
        placeholder.forget_if_changed()
    before = [said for _, said in _Drawn.shown]
    _Drawn.shown = captions_now()
    if _Drawn.shown and not _Drawn.handlers:
        _add_handlers()
    elif not _Drawn.shown and _Drawn.handlers:
        _remove_handlers()
    return before != [said for _, said in _Drawn.shown]


def is_in_use() -> bool:
    """True while there was something to draw the last time that was looked at."""
    return bool(_Drawn.handlers)


def strays() -> list[tuple[bpy.types.Object, Caption]]:
    """The placeholders in which nothing will ever arrive, as they were last drawn."""
    return [(item, said) for item, said in _Drawn.shown if said.is_stray and placeholder.is_alive(item)]


def unregister() -> None:
    """Removes the handlers, then what they drew with."""
    _Drawn.shown = []
    _remove_handlers()


def captions_now() -> list[tuple[bpy.types.Object, Caption]]:
    """Every placeholder of the open file with what is said over it."""
    found, now = session.current(), time.time()
    shown: list[tuple[bpy.types.Object, Caption]] = []
    for number, item in placeholder.all_here().items():
        generation = found.generations.get(number)
        in_scene = generation is not None and generation.state.value == "placed" and found.file.is_in_scene(generation)
        name = _short(item.name)
        shown.append((item, captions.caption(name, generation, now, in_scene=in_scene, waits_for=found.waits_for)))
    return shown + [(item, captions.copy_caption(_short(item.name))) for item in placeholder.copies_here()]


def _short(name: str) -> str:
    return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 1].rstrip()}…"


def _add_handlers() -> None:
    for draw, when in ((draw_boxes, 'POST_VIEW'), (draw_captions, 'POST_PIXEL')):
        _Drawn.handlers.append(bpy.types.SpaceView3D.draw_handler_add(draw, (), 'WINDOW', when))


def _remove_handlers() -> None:
    while _Drawn.handlers:
        bpy.types.SpaceView3D.draw_handler_remove(_Drawn.handlers.pop(), 'WINDOW')
    _Drawn.batches = {}
    _Drawn.shader = None


def _visible() -> list[tuple[bpy.types.Object, Caption]]:
    """What the viewport that is drawn now shows of it: neither hidden nor outside of its local view."""
    space, layer = bpy.context.space_data, bpy.context.view_layer
    if not space.overlay.show_overlays:
        return []
    return [
        (item, said)
        for item, said in _Drawn.shown
        if placeholder.is_alive(item) and item.visible_get(view_layer=layer, viewport=space)
    ]


def _prepare() -> None:
    if _Drawn.shader is not None:
        return
    from gpu_extras.batch import batch_for_shader

    _Drawn.shader = shader = gpu.shader.from_builtin('UNIFORM_COLOR')
    sides = [(n, (n + 1) % 4) for n in range(4)]
    corners = (*_FLOOR, *_CEILING)
    triangles = [(0, 1, 2), (0, 2, 3), (4, 5, 6), (4, 6, 7)]
    for a, b in sides:
        triangles += [(a, b, b + 4), (a, b + 4, a + 4)]
    _Drawn.batches = {
        "box": batch_for_shader(shader, 'TRIS', {"pos": corners}, indices=triangles),
        "edge": batch_for_shader(shader, 'LINES', {"pos": _CEILING}, indices=sides),
        "plate": batch_for_shader(
            shader, 'TRIS', {"pos": [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]}, indices=[(0, 1, 2), (0, 2, 3)]
        ),
    }


def draw_boxes() -> None:
    """In the scene: each box as full as its generation is far."""
    visible = [(item, said, said.share) for item, said in _visible() if said.share]
    if not visible:
        return
    _prepare()
    shader, batches = _Drawn.shader, _Drawn.batches
    gpu.state.blend_set('ALPHA')
    gpu.state.depth_test_set('LESS_EQUAL')
    gpu.state.depth_mask_set(False)  # noqa: FBT003 (takes no keyword)
    shader.bind()
    for item, said, share in visible:
        half = item.empty_display_size
        colour = ALERT if said.is_alert else CALM
        box = Matrix.Translation((0, 0, -half)) @ Matrix.Diagonal((half, half, 2 * half * share, 1))
        gpu.matrix.push()
        gpu.matrix.multiply_matrix(item.matrix_world @ box)
        shader.uniform_float("color", (*colour, FACES_ALPHA))
        batches["box"].draw(shader)
        shader.uniform_float("color", (*colour, LEVEL_ALPHA))
        batches["edge"].draw(shader)
        gpu.matrix.pop()
    gpu.state.depth_mask_set(True)  # noqa: FBT003
    gpu.state.depth_test_set('NONE')
    gpu.state.blend_set('NONE')


def draw_captions() -> None:
    """Over the scene: name and stage above each box.

    They never cover each other: the nearest box has the first choice, another one moves up, or has none.
    """
    visible = _visible()
    if not visible:
        return
    _prepare()
    context = bpy.context
    region, to_view = context.region, context.region_data.perspective_matrix
    scale = context.preferences.system.ui_scale
    places = [(place, said) for item, said in visible if (place := place_above(item, to_view, region))]
    plates: list[_Plate] = []
    for (_, x, y), said in sorted(places, key=lambda found: found[0][0]):
        plate = _plate_for(said, x, y + MARGIN * scale, scale)
        steps = (plate._replace(bottom=plate.bottom + step * (plate.height + scale)) for step in range(STEPS_UP))
        free = next((step for step in steps if not any(step.covers(other) for other in plates)), None)
        if free is not None:
            plates.append(free)
    gpu.state.blend_set('ALPHA')
    for plate in plates:
        _draw_plate(plate)
    for plate in plates:
        _write(plate, scale)
    gpu.state.blend_set('NONE')


def place_above(item: bpy.types.Object, to_view: Matrix, region: bpy.types.Region) -> tuple[float, float, float] | None:
    """Depth, and the middle of the upper edge of the box in pixels; None behind the camera and outside of the view."""
    to_clip = to_view @ item.matrix_world @ Matrix.Diagonal((*[item.empty_display_size] * 3, 1))
    corners = [to_clip @ corner for corner in CORNERS]
    if any(corner.w <= 0 for corner in corners):
        return None
    across = [corner.x / corner.w for corner in corners]
    up = [corner.y / corner.w for corner in corners]
    if max(across) < -1 or min(across) > 1 or max(up) < -1 or min(up) > 1:
        return None
    x = (min(across) + max(across)) / 2
    depth = sum(corner.w for corner in corners)
    return depth, (x + 1) / 2 * region.width, (max(up) + 1) / 2 * region.height


def _plate_for(said: Caption, x: float, bottom: float, scale: float) -> _Plate:
    """The ground for a caption whose middle is at `x`, in pixels."""
    lines: list[_Text] = []
    for text, size, colour in (
        (said.said, SAID_SIZE, ALERT_TEXT if said.is_alert else QUIET_TEXT),
        (said.name, NAME_SIZE, TEXT),
    ):
        blf.size(0, size * scale)
        lines.append(_Text(text, size * scale, colour, blf.dimensions(0, text)[0]))
    width = max(line.width for line in lines) + 2 * MARGIN * scale
    height = sum(line.size for line in lines) + (GAP + 2 * MARGIN) * scale
    return _Plate(round(x - width / 2), round(bottom), width, height, tuple(lines))


def _draw_plate(plate: _Plate) -> None:
    place = Matrix.Translation((plate.left, plate.bottom, 0)) @ Matrix.Diagonal((plate.width, plate.height, 1, 1))
    gpu.matrix.push()
    gpu.matrix.multiply_matrix(place)
    _Drawn.shader.bind()
    _Drawn.shader.uniform_float("color", BACKGROUND)
    _Drawn.batches["plate"].draw(_Drawn.shader)
    gpu.matrix.pop()


def _write(plate: _Plate, scale: float) -> None:
    baseline = plate.bottom + (MARGIN + 1) * scale
    for line in plate.lines:
        blf.size(0, line.size)
        blf.color(0, *line.colour)
        blf.position(0, round(plate.left + (plate.width - line.width) / 2), round(baseline), 0)
        blf.draw(0, line.text)
        baseline += line.size + GAP * scale
