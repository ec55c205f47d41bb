# SPDX-License-Identifier: GPL-3.0-or-later
"""Images with high dynamic range as the artist sees them: through the scene's view transform, as sRGB.

A colour configuration may name its spaces as it likes, so no name is compared: a test image shows what a space does.
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
from .. import arrays

PROBED = (16_384, 32_768)
"""Two 16-bit values, one twice the other. In a linear colour space the decoded values have the same ratio."""
LINEAR = 0.01


@contextmanager
def as_stored(image: bpy.types.Image, *, is_ours: bool) -> Generator[bpy.types.Image]:
    """An image whose pixels are the values in its file. Blender converts files with 16 bits per channel to linear
    light, though their values are meant for display. For these it is the image set to Non-Color, in a copy if the image
    is the artist's (not `is_ours`); for others it is the image itself.
    """
    settings = image.colorspace_settings
    if not image.is_float or settings.is_data or image.is_dirty or _is_linear(settings.name):
        yield image
        return
    stored: Any = image if is_ours else image.copy()
    try:
        stored.colorspace_settings.is_data = True
        if stored.alpha_mode != 'NONE':
            stored.alpha_mode = 'CHANNEL_PACKED'  # else some versions of Blender multiply by alpha and others do not
        yield stored
    finally:
        if not is_ours:
            bpy.data.images.remove(stored)


def as_seen(array: pixels.Pixels, image: bpy.types.Image, scene: bpy.types.Scene) -> pixels.Pixels:
    """The float pixels of `image` (height × width × 4, straight alpha, scene linear) as sRGB."""
    settings = image.colorspace_settings
    if settings.is_data:
        return array
    # Not linear: an image with 16 bits that was painted on. No file has its values, but Blender knows them.
    return _through_view(array, scene) if _is_linear(settings.name) else _as_written(array, settings.name)


@contextmanager
def saving_scene(scene: bpy.types.Scene) -> Generator[bpy.types.Scene]:
    """A temporary scene that saves PNGs with the view transform, look, exposure and gamma of `scene`."""
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
                # It belongs to another display than sRGB, which the service needs.
                continue
        yield saving
    finally:
        bpy.data.scenes.remove(saving)


def _is_linear(space: str) -> bool:
    """Whether the colour space is linear: tested with an image of two greys, which Blender decodes."""
    probe = bpy.data.images.new("Trellis probe", 8, 8)
    try:
        content = grey_png(PROBED)
        probe.pack(data=content, data_len=len(content))  # pyright: ignore[reportArgumentType]
        probe.source = 'FILE'
        settings: Any = probe.colorspace_settings
        settings.name = space
        dark, light = arrays.pixels(probe)[0, :, 0]
        return abs(light - 2 * dark) < LINEAR * abs(light)
    finally:
        bpy.data.images.remove(probe)


def _as_written(array: pixels.Pixels, space: str) -> pixels.Pixels:
    """Scene-linear colours in a colour space, as a file in it has them; alpha unchanged."""
    with saving_scene(bpy.context.scene) as saving:
        settings: Any = saving.render.image_settings
        settings.file_format = 'OPEN_EXR'
        settings.color_depth = '32'
        settings.color_management = 'OVERRIDE'
        settings.linear_colorspace_settings.name = space
        written = _saved(pixels.opaque(array), saving, "picture.exr")
    return np.concatenate([written[..., :3], array[..., 3:]], axis=-1)


def _through_view(array: pixels.Pixels, scene: bpy.types.Scene) -> pixels.Pixels:
    multiplied = array.copy()
    multiplied[..., :3] *= multiplied[..., 3:]
    with saving_scene(scene) as saving:
        return _saved(multiplied, saving, "picture.png")


def _saved(array: pixels.Pixels, saving: bpy.types.Scene, name: str) -> pixels.Pixels:
    """The values that a file has in which Blender saves scene-linear pixels as the scene says."""
    height, width = array.shape[:2]
    linear = bpy.data.images.new("Trellis picture", width, height, alpha=True, float_buffer=True)
    seen = None
    try:
        linear.pixels.foreach_set(np.nan_to_num(array).astype(np.float32).ravel())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            linear.save_render(str(path), scene=saving)
            seen = bpy.data.images.load(str(path), check_existing=False)
            seen.colorspace_settings.is_data = True
            return pixels.with_four_channels(arrays.pixels(seen))
    finally:
        bpy.data.images.remove(linear)
        if seen is not None:
            bpy.data.images.remove(seen)
