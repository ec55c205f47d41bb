# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the models of a batch that has ended into the scene, beside each other, while the artist goes on working.

One file is read in each turn of the event loop, and what comes of it stands in no scene yet. When all are there they
are put into the scene at once, which is one undo step, at a moment at which a single model may arrive, too.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...scene import user_activity
from ..state import background, logs, session
from ..viewport import redraw

if TYPE_CHECKING:
    from ...generation.record.request import Placement

NEXT_TURN_S = 0.01
"""Blender draws and takes events in between."""
LOOK_S = 0.5
PLACED_AT_ONCE = 200


class Wish:
    """Where a batch is to stand, as it was when its button was pressed. `tools` are what runs modally all the time."""

    def __init__(self, context: bpy.types.Context) -> None:
        from ...scene.arrival.place import here

        self.placement: Placement = here(context, 0.0, session.current().file.blend_load)
        self.tools = user_activity.modal_operators()


class _Work:
    """What is to be placed; `loaded` has the objects of each file by name and number, which outlive an undo."""

    def __init__(self, paths: Sequence[Path], wish: Wish) -> None:
        self.wish = wish
        self.paths = list(paths[:PLACED_AT_ONCE])
        self.left = len(paths) - len(self.paths)
        self.loaded: dict[Path, list[tuple[str, int]]] = {}
        self.gone: list[Path] = []


class _Memory:
    work: _Work | None = None
    said = ""


def said() -> str:
    """What is going on, or has come of it, as a sentence; "" for nothing."""
    return _Memory.said


def begin(paths: Sequence[Path], wish: Wish) -> None:
    """Places these files' models; those that are waiting already are given up."""
    end()
    if paths:
        _Memory.work = _Work(paths, wish)
        background.later(_turn)


def end() -> None:
    """Places nothing more, and removes what stands in no scene yet."""
    work, _Memory.work, _Memory.said = _Memory.work, None, ""
    if work is not None and _is_its_file(work):
        bpy.data.batch_remove([item for path in work.loaded for item in _objects(work, path)])


def _turn() -> float | None:
    work = _Memory.work
    if work is None or not _is_its_file(work):
        _Memory.work, _Memory.said = None, ""
        return None
    if reason := user_activity.why_wait(work.wish.tools):
        _say(f"The grid arrives when {reason}.")
        return LOOK_S
    missing = [path for path in work.paths if path not in work.gone and not _objects(work, path)]
    if missing:
        _say(f"Reading model {len(work.paths) - len(missing) + 1} of {len(work.paths)}")
        _load(work, missing[0])
        return NEXT_TURN_S
    _Memory.work = None
    _say(_put_down(work))
    return None


def _load(work: _Work, path: Path) -> None:
    from ...scene.assets.append import load

    try:
        items = load(path)
    except OSError:
        items = []
    work.loaded[path] = [(item.name, item.session_uid) for item in items]
    if not items:
        work.gone.append(path)


def _put_down(work: _Work) -> str:
    from ...scene import windows
    from ...scene.arrival.destination import destination_of
    from ...scene.assets.append import set_in_grid

    found = destination_of(work.wish.placement)
    models = [items for path in work.paths if (items := _objects(work, path))]
    for item in (item for items in models for item in items):
        found.collection.objects.link(item)
        item.select_set(state=False, view_layer=windows.view_layer_of(found.scene))
    windows.view_layer_of(found.scene).update()
    set_in_grid(models, work.wish.placement.location)
    windows.push_undo(found.scene, f"Grid of {len(models)} models")
    more = f" {work.left} more are in the folder." if work.left else ""
    lost = f" Not found any more: {', '.join(path.name for path in work.gone)[:200]}." if work.gone else ""
    return f"{len(models)} models placed.{more}{lost} {found.where}".rstrip()


def _objects(work: _Work, path: Path) -> list[bpy.types.Object]:
    """Those of a file, [] where an undo has taken any of them."""
    known = [(bpy.data.objects.get(name), number) for name, number in work.loaded.get(path, ())]
    items: list[bpy.types.Object] = [item for item, number in known if item is not None and item.session_uid == number]
    if len(items) < len(known):
        items.clear()
    return items


def _is_its_file(work: _Work) -> bool:
    return session.current().file.blend_load == work.wish.placement.blend_load


def _say(sentence: str) -> None:
    if sentence != _Memory.said:
        logs.logger(__name__).debug("%s", sentence)
        _Memory.said = sentence
        redraw.sidebars()
