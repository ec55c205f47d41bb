# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours of images with high dynamic range as the artist sees them: through the scene's view transform, as sRGB.

Names of colour spaces are the configuration's own, so none is asked for: what a space does tells what it is.
"""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...imaging import pixels
from ...imaging.png import grey_png

PROBED = (16_384, 32_768)
"""Two values of 16 bits, of which one is twice the other: so they are in light where the space is linear."""
LINEAR = 0.01


@contextmanager
def as_stored(image: bpy.types.Image, *, is_ours: bool) -> Generator[bpy.types.Image]:
    """Where Blender has made light of values that are meant to be shown as they are, as it does with 16 bits: the image
    with the values that its file has, which is a copy where the image is the artist's. Else the image itself.
    """
    settings = image.colorspace_settings
    if not image.is_float or settings.is_data or image.is_dirty or _is_linear(settings.name):
        yield image
        return
    stored: Any = image if is_ours else image.copy()
    try:
        stored.colorspace_settings.is_data = True
        if stored.alpha_mode != 'NONE':
            stored.alpha_mode = 'CHANNEL_PACKED'  # else Blender multiplies by it in one version and not in another
        yield stored
    finally:
        if not is_ours:
            bpy.data.images.remove(stored)


def as_seen(array: pixels.Pixels, image: bpy.types.Image, scene: bpy.types.Scene) -> pixels.Pixels:
    """The float pixels of `image` (height × width × 4, straight alpha, scene linear) as sRGB."""
    settings = image.colorspace_settings
    if settings.is_data:
        return array
    # Painted on in 16 bits: no file has these values.
    return _through_view(array, scene) if _is_linear(settings.name) else pixels.as_srgb(array)


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


def _is_linear(space: str) -> bool:
    """Whether values in the colour space are light: found out with two greys, which Blender decodes."""
    probe = bpy.data.images.new("Trellis probe", 8, 8)
    try:
        content = grey_png(PROBED)
        probe.pack(data=content, data_len=len(content))  # pyright: ignore[reportArgumentType]
        probe.source = 'FILE'
        settings: Any = probe.colorspace_settings
        settings.name = space
        values = np.empty(len(PROBED) * probe.channels, np.float32)
        probe.pixels.foreach_get(values)
        dark, light = values[0], values[probe.channels]
        return abs(light - 2 * dark) < LINEAR * abs(light)
    finally:
        bpy.data.images.remove(probe)


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
