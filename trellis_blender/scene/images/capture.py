# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of what the artist sees: the 3D Viewport, the camera's view, the render result.

Main thread only. The viewport and the camera need a window, because the graphics card draws them. Settings that have to
change for that are restored.
"""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix

from ...imaging.picture import Picture
from ...piapi.models import IMAGE_SIDE_LIMIT_PX
from .load import PictureUnusable, load_picture

RENDER_RESULT = 'RENDER_RESULT'


def of_viewport(context: bpy.types.Context, area: bpy.types.Area | None) -> Picture:
    """A 3D Viewport as it is seen, without overlays. Raises PictureUnusable without one."""
    space, region = view_of(area)
    view = space.region_3d
    size = _size(region.width, region.height)
    place = (space, region)
    return drawn((context.scene, context.view_layer), place, size, view.view_matrix, view.window_matrix)


def of_camera(context: bpy.types.Context, area: bpy.types.Area | None) -> Picture:
    """What the scene's camera sees, drawn as in the viewport. Raises PictureUnusable without a camera."""
    place = view_of(area)
    camera, render = context.scene.camera, context.scene.render
    if camera is None:
        raise PictureUnusable("The scene has no camera. Add one, or take a picture of the 3D Viewport.")
    width, height = _size(render.resolution_x * render.pixel_aspect_x, render.resolution_y * render.pixel_aspect_y)
    depsgraph = context.evaluated_depsgraph_get()
    seen: Any = camera.evaluated_get(depsgraph)
    projection = seen.calc_matrix_camera(depsgraph, x=width, y=height)
    view = seen.matrix_world.normalized().inverted()
    return drawn((context.scene, context.view_layer), place, (width, height), view, projection)


def of_render_result(scene: bpy.types.Scene) -> Picture:
    """The last render, through the scene's view transform. Raises PictureUnusable if nothing was rendered."""
    result = next((image for image in bpy.data.images if image.type == RENDER_RESULT), None)
    if result is not None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "Render.png")
            with _saved_as_png(scene.render.image_settings):
                try:
                    result.save_render(str(path), scene=scene)
                except RuntimeError:
                    path.unlink(missing_ok=True)
            if path.is_file():
                return load_picture(path, scene)
    raise PictureUnusable("There is no render result. Render the scene first.")


@contextmanager
def _saved_as_png(settings: Any) -> Generator[None]:
    """Makes the settings those of an RGBA PNG for a while. Blender finds a render result by its scene, so it has to be
    the artist's scene and its settings."""
    names = [each.identifier for each in settings.bl_rna.properties if not each.is_readonly]
    # These come first: which other settings can be set depends on them.
    names.sort(key=lambda name: (name != "media_type", name != "file_format"))
    before = {name: getattr(settings, name) for name in names}
    wanted = {"media_type": 'IMAGE', "file_format": 'PNG', "color_mode": 'RGBA', "color_depth": '8'}
    wanted["color_management"] = 'FOLLOW_SCENE'
    try:
        for name in names:
            if name in wanted:
                setattr(settings, name, wanted[name])
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


def view_of(area: bpy.types.Area | None) -> tuple[Any, Any]:
    """The space and the region of a 3D Viewport. Raises PictureUnusable without one."""
    # Without a window there may be an area of a file, and nothing to draw with.
    if bpy.app.background or area is None or area.type != 'VIEW_3D':
        raise PictureUnusable("There is no 3D Viewport to take a picture of. Open one, then try again.")
    return area.spaces.active, next(region for region in area.regions if region.type == 'WINDOW')


def _size(width: float, height: float) -> tuple[int, int]:
    factor = IMAGE_SIDE_LIMIT_PX / max(width, height)
    return max(1, round(width * factor)), max(1, round(height * factor))


def drawn(
    seen: tuple[bpy.types.Scene, bpy.types.ViewLayer],
    place: tuple[Any, Any],
    size: tuple[int, int],
    view: Matrix,
    projection: Matrix,
    *,
    has_background: bool = True,
) -> Picture:
    """A scene as the viewport at `place` shades it, seen through these matrices. Raises PictureUnusable."""
    import gpu
    import numpy as np

    space, region = place
    width, height = size
    try:
        offscreen: Any = gpu.types.GPUOffScreen(width, height, format='RGBA8')
    except RuntimeError as error:
        raise PictureUnusable(f"The graphics card cannot draw {width} × {height} pixels ({error}).") from None
    shown = space.overlay.show_overlays
    space.overlay.show_overlays = False
    try:
        with offscreen.bind():
            buffer: Any = gpu.state.active_framebuffer_get()
            buffer.clear(color=(0, 0, 0, 0), depth=1.0)
            offscreen.draw_view3d(
                *seen,
                space,
                region,
                view,
                projection,
                do_color_management=True,
                draw_background=has_background,
            )
            drawn = buffer.read_color(0, 0, width, height, 4, 0, 'UBYTE')
    finally:
        space.overlay.show_overlays = shown
        offscreen.free()
    drawn.dimensions = width * height * 4
    rows = np.array(drawn, dtype=np.uint8).reshape(height, width, 4)
    return Picture(width, height, rows[::-1].tobytes())
