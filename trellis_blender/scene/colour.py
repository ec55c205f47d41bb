# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours of images with high dynamic range as the artist sees them: through the scene's view transform, as sRGB."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np

from . import pixels

DISPLAY_REFERRED = frozenset({"sRGB", "Non-Color"})
"""Colour spaces whose values are meant to be shown as they are: a PNG with 16 bits is float in Blender as well."""


def as_seen(array: pixels.Pixels, image: bpy.types.Image, scene: bpy.types.Scene) -> pixels.Pixels:
    """The float pixels of `image` (height × width × 4, straight alpha, scene linear) as sRGB."""
    space = image.colorspace_settings.name
    if space == "Non-Color":
        return array
    if space in DISPLAY_REFERRED:
        return pixels.as_srgb(array)
    return _through_view(array, scene)


@contextmanager
def saving_scene(scene: bpy.types.Scene) -> Generator[bpy.types.Scene]:
    """A scene that saves PNGs with the view transform, look, exposure and gamma of `scene`; it is gone afterwards."""
    saving = bpy.data.scenes.new("Trellis picture")
    try:
        saving.render.image_settings.file_format = 'PNG'
        saving.render.image_settings.color_mode = 'RGBA'
        saving.render.image_settings.color_depth = '8'
        seen, wanted = scene.view_settings, saving.view_settings
        for name in ("view_transform", "look", "exposure", "gamma"):
            try:
                setattr(wanted, name, getattr(seen, name))
            except TypeError:
                # A look or a transform of another display than sRGB, which the service wants.
                continue
        yield saving
    finally:
        bpy.data.scenes.remove(saving)


def _through_view(array: pixels.Pixels, scene: bpy.types.Scene) -> pixels.Pixels:
    height, width = array.shape[:2]
    linear = bpy.data.images.new("Trellis picture", width, height, alpha=True, float_buffer=True)
    seen = None
    try:
        multiplied = np.nan_to_num(array).astype(np.float32)
        multiplied[..., :3] *= multiplied[..., 3:]
        linear.pixels.foreach_set(multiplied.ravel())
        with tempfile.TemporaryDirectory() as folder, saving_scene(scene) as saving:
            path = Path(folder, "picture.png")
            linear.save_render(str(path), scene=saving)
            seen = bpy.data.images.load(str(path), check_existing=False)
            values = np.empty(width * height * seen.channels, np.float32)
            seen.pixels.foreach_get(values)
            return pixels.with_four_channels(values, width, height, seen.channels)
    finally:
        bpy.data.images.remove(linear)
        if seen is not None:
            bpy.data.images.remove(seen)
