# SPDX-License-Identifier: GPL-3.0-or-later
"""Drawn over each placeholder: a box that fills from below as its generation advances, name, stage, time left.

The texts are made once, when the monitor asks for them; drawing only puts them where the Empties are now. The draw
handlers are there only while there is a placeholder in the file.
"""

import time
from typing import Any

import bpy
from mathutils import Matrix, Vector

from ...generation.states import State
from ...scene import versions
from ...scene.placement import placeholder
from ..state import session
from ..text import captions, formats
from ..text.captions import Caption
from . import labels, progress_boxes
from .labels import Place
from .progress_boxes import Box

CALM = (0.32, 0.56, 0.86)
ALERT = (0.90, 0.58, 0.18)
NAME_SHOWN = 40
OUTSIDE = 1.01

CORNERS = [Vector((x, y, z, 1.0)) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]


class _Drawn:
    """What is drawn, and the handlers while there is something."""

    shown: list[tuple[bpy.types.Object, Caption]] = []
    handlers: list[Any] = []
    visible: list[tuple[bpy.types.Object, Caption]] | None = None
    """What the boxes of a viewport were drawn for, until its captions are drawn, right after them."""


def update() -> bool:
    """Updates the texts and the draw handlers; True where something else is to be drawn than before."""
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


def orphans() -> list[tuple[bpy.types.Object, Caption]]:
    """The placeholders in which nothing will ever arrive, as they were last drawn."""
    return [(item, said) for item, said in _Drawn.shown if said.is_orphan and placeholder.is_alive(item)]


def unregister() -> None:
    """Removes the handlers, then what they drew with."""
    _Drawn.shown, _Drawn.visible = [], None
    _remove_handlers()


def captions_now() -> list[tuple[bpy.types.Object, Caption]]:
    """Every placeholder of the open file with what is said over it."""
    found, now = session.current(), time.time()
    shown: list[tuple[bpy.types.Object, Caption]] = []
    for number, item in placeholder.all_here():
        generation = found.generations.get(number)
        in_scene = generation is not None and generation.state is State.PLACED and found.file.is_in_scene(generation)
        name = formats.shorten(item.name, NAME_SHOWN)
        shown.append((item, captions.caption(name, generation, now, in_scene=in_scene, waits_for=found.waits_for)))
    copies = placeholder.copies_here()
    return shown + [(item, captions.copy_caption(formats.shorten(item.name, NAME_SHOWN))) for item in copies]


def _add_handlers() -> None:
    for draw, when in ((draw_boxes, 'POST_VIEW'), (draw_captions, 'POST_PIXEL')):
        _Drawn.handlers.append(bpy.types.SpaceView3D.draw_handler_add(draw, (), 'WINDOW', when))


def _remove_handlers() -> None:
    while _Drawn.handlers:
        bpy.types.SpaceView3D.draw_handler_remove(_Drawn.handlers.pop(), 'WINDOW')
    progress_boxes.forget()
    labels.forget()


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


def draw_boxes() -> None:
    """In the scene: each box as full as its generation is far."""
    _Drawn.visible = shown = _visible()
    progress_boxes.draw(boxes(shown))


def boxes(shown: list[tuple[bpy.types.Object, Caption]]) -> list[Box]:
    """Those that fill; none where Blender's preferences ask for less motion: the caption says as much."""
    if versions.wants_less_motion():
        return []
    return [Box(_volume(item), said.share, ALERT if said.is_alert else CALM) for item, said in shown if said.share]


def _volume(item: bpy.types.Object) -> Matrix:
    """A little more than the sides of a mesh, which would hide what is drawn inside."""
    volume = placeholder.box_matrix(item)
    return volume if item.type == 'EMPTY' else volume @ Matrix.Scale(OUTSIDE, 4)


def draw_captions() -> None:
    """Over the scene: name and stage above each box."""
    context = bpy.context
    region, to_view = context.region, context.region_data.perspective_matrix
    visible, _Drawn.visible = _Drawn.visible, None
    shown = _visible() if visible is None else visible
    places = [(place, said) for item, said in shown if (place := place_above(item, to_view, region))]
    labels.draw(places, context.preferences.system.ui_scale)


def place_above(item: bpy.types.Object, to_view: Matrix, region: bpy.types.Region) -> Place | None:
    """Depth, and the middle of the upper edge of the box in pixels; None behind the camera and outside of the view."""
    to_clip = to_view @ placeholder.box_matrix(item)
    corners = [to_clip @ corner for corner in CORNERS]
    if any(corner.w <= 0 for corner in corners):
        return None
    across = [corner.x / corner.w for corner in corners]
    up = [corner.y / corner.w for corner in corners]
    if max(across) < -1 or min(across) > 1 or max(up) < -1 or min(up) > 1:
        return None
    x = (min(across) + max(across)) / 2
    depth = sum(corner.w for corner in corners)
    return Place(depth, (x + 1) / 2 * region.width, (max(up) + 1) / 2 * region.height)
