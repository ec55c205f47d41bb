# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as the service needs them: decoded by Blender, upright, sRGB, at most 1024 pixels on the longer side.

Main thread only: Blender decodes. Alpha is kept. 10–50 ms for 1024 × 1024.
"""

from io import BytesIO
from pathlib import Path

import bpy

from ...imaging.headers import UPRIGHT
from ...imaging.picture import WHOLE, Box, Picture
from ...piapi.models import IMAGE_SIDE_LIMIT_PX
from .limits import PictureUnusable, check_file, check_header, check_size

PRESHRINK_AREA_PX = 16_000_000
"""Larger images are first scaled down by Blender, as bytes: as floats they would take four times the memory."""
PRESHRINK_SIDE_PX = 4 * IMAGE_SIDE_LIMIT_PX
DATABLOCK_AREA_LIMIT_PX = 40_000_000
"""The artist's own image must not be scaled, so all of it is copied as floats: 640 MB."""


def load_picture(path: Path, scene: bpy.types.Scene, box: Box = WHOLE) -> Picture:
    """Reads the image at `path`, or the part of it inside `box`. Leaves no data-block behind.

    High dynamic range goes through the `scene`'s view transform. Raises PictureUnusable.
    """
    from . import colour

    orientation = check_file(path).orientation
    try:
        image = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError:
        raise PictureUnusable(f"“{path.name}” cannot be read. Choose another image.") from None
    try:
        if image.source != 'FILE':
            raise PictureUnusable(f"“{path.name}” is not a still image. Choose a PNG, JPEG or WebP.")
        if not image.size[0] or not image.size[1]:
            raise PictureUnusable(f"“{path.name}” is not an image that Blender can read. Choose a PNG, JPEG or WebP.")
        check_size(path.name, image.size[0], image.size[1])
        with colour.as_stored(image, is_ours=True) as stored:
            _preshrink(stored)
            return _picture(stored, scene, orientation, box)
    finally:
        bpy.data.images.remove(image)


def picture_of(image: bpy.types.Image, scene: bpy.types.Scene) -> Picture:
    """An image of the .blend as it is now, with strokes that are not saved. The image is not changed.

    Raises PictureUnusable for movies, UDIM tiles and images without pixels. For a render result use
    `capture.of_render_result`.
    """
    if image.source in {'MOVIE', 'SEQUENCE', 'TILED'}:
        what = {'MOVIE': "a movie", 'SEQUENCE': "an image sequence", 'TILED': "an image of UDIM tiles"}[image.source]
        raise PictureUnusable(f"“{image.name}” is {what}. Choose a still image.")
    from . import colour

    _check_undecoded(image)
    width, height = image.size[0], image.size[1]
    if not width or not height:
        raise PictureUnusable(f"“{image.name}” has no pixels; its file may be gone. Choose another image.")
    check_size(image.name, width, height)
    if width * height > DATABLOCK_AREA_LIMIT_PX:
        raise PictureUnusable(
            f"“{image.name}” has {width * height / 1e6:,.0f} million pixels; an image in the .blend file may have "
            f"{DATABLOCK_AREA_LIMIT_PX // 1_000_000} million at most. Make a smaller copy: {IMAGE_SIDE_LIMIT_PX} on a "
            "side are sent."
        )
    with colour.as_stored(image, is_ours=False) as stored:
        return _picture(stored, scene, UPRIGHT, WHOLE)


def _check_undecoded(image: bpy.types.Image) -> None:
    """Checks the image before Blender decodes or generates it: the .blend file may be untrusted."""
    if image.has_data:
        return
    if image.source == 'GENERATED':
        is_deep = image.use_generated_float
        check_size(image.name, image.generated_width, image.generated_height, deep=is_deep)
    if image.source != 'FILE':
        return
    if image.packed_file is not None:
        check_header(image.name, BytesIO(image.packed_file.data))
        return
    path = Path(bpy.path.abspath(image.filepath, library=image.library))
    # A folder or a pipe in its place is not to be opened.
    if path.exists():
        check_file(path)


def _picture(image: bpy.types.Image, scene: bpy.types.Scene, orientation: int, box: Box) -> Picture:
    from ...imaging import pixels
    from .. import arrays
    from . import colour

    array = pixels.with_four_channels(arrays.pixels(image))
    if image.alpha_mode == 'NONE':
        array = pixels.opaque(array)
    elif image.is_float and image.alpha_mode != 'CHANNEL_PACKED':
        array = pixels.unmultiplied(array)
    array = pixels.cropped(pixels.turned(array, orientation), box)
    array = pixels.shrunk(array, IMAGE_SIDE_LIMIT_PX)
    if image.is_float:
        array = colour.as_seen(array, image, scene)
    return Picture(width=array.shape[1], height=array.shape[0], rgba=pixels.as_bytes(array))


def _preshrink(image: bpy.types.Image) -> None:
    width, height = image.size[0], image.size[1]
    if width * height > PRESHRINK_AREA_PX:
        factor = PRESHRINK_SIDE_PX / max(width, height)
        image.scale(max(1, round(width * factor)), max(1, round(height * factor)))
