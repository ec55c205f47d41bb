# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture that was decoded last: it is looked at before it is sent, and Blender shall decode it once."""

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from ..generation.request import Picture

LOG = logging.getLogger(__name__)


class _Memory:
    last: "tuple[tuple[Any, ...], Picture] | None" = None


def decode(path: Path, changed_ns: int, scene: bpy.types.Scene) -> "Picture":
    """The image file as it is sent; PictureUnusable where it cannot be. `changed_ns` is when it was last changed, 0
    where that is unknown. Main thread only.
    """
    from ..scene.picture import load_picture

    wanted = (str(path), changed_ns, *_look(scene))
    if _Memory.last is not None and changed_ns and _Memory.last[0] == wanted:
        return _Memory.last[1]
    begun = time.perf_counter()
    picture = load_picture(path, scene)
    LOG.info("decoded and scaled in %.0f ms", (time.perf_counter() - begun) * 1000)
    _Memory.last = (wanted, picture)
    return picture


def forget() -> None:
    """Lets go of the picture."""
    _Memory.last = None


def _look(scene: bpy.types.Scene) -> tuple[Any, ...]:
    """What high dynamic range is seen through."""
    view: Any = scene.view_settings
    curves = scene.name if view.use_curve_mapping else ""
    return scene.display_settings.display_device, view.view_transform, view.look, view.exposure, view.gamma, curves
