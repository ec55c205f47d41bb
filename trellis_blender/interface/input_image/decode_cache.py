# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures that were decoded last, as many as one model is made from, or all of several, so that Blender decodes
each once, and not at the press."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import bpy

from ...piapi.models import VIEWS_LIMIT
from ..state import logs

if TYPE_CHECKING:
    from ...imaging.picture import Picture


class _Memory:
    kept: "ClassVar[dict[tuple[Any, ...], Picture]]" = {}
    keeps_all = False


def decode(path: Path, changed_ns: int, scene: bpy.types.Scene) -> "Picture":
    """The image file as it is sent; PictureUnusable where it cannot be. `changed_ns` is when it was last changed, 0
    where that is unknown. Main thread only.
    """
    from ...scene.images.load import load_picture

    wanted = (str(path), changed_ns, *_look(scene))
    if changed_ns and (known := _Memory.kept.get(wanted)) is not None:
        return known
    begun = time.perf_counter()
    picture = load_picture(path, scene)
    logs.logger(__name__).info("decoded and scaled in %.0f ms", (time.perf_counter() - begun) * 1000)
    while not _Memory.keeps_all and len(_Memory.kept) >= VIEWS_LIMIT:
        _Memory.kept.pop(next(iter(_Memory.kept)))
    _Memory.kept[wanted] = picture
    return picture


def keep_all() -> None:
    """What is decoded from now on is kept beside what was before, until `keep_last`."""
    _Memory.keeps_all = True


def keep_last() -> None:
    """Only the last one stays."""
    _Memory.keeps_all = False
    while len(_Memory.kept) > 1:
        _Memory.kept.pop(next(iter(_Memory.kept)))


def _look(scene: bpy.types.Scene) -> tuple[Any, ...]:
    """What high dynamic range is seen through."""
    view: Any = scene.view_settings
    curves = scene.name if view.use_curve_mapping else ""
    return scene.display_settings.display_device, view.view_transform, view.look, view.exposure, view.gamma, curves
