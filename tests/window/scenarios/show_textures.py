"""A new model is grey in Solid mode; Show Textures, in its row and in This Model, shows its texture."""

from typing import Any

import bpy
import drive


def scenario() -> drive.Steps:
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    space = viewport()
    shading, space.region_3d.view_distance = space.shading, 3.0
    yield from drive.open_sidebar()
    yield from drive.enter("trellis.prompt", "a bear")
    yield from drive.press("trellis.generate")
    yield from drive.until(lambda: drive.state() == "placed", "the model")
    yield from drive.over_viewport()
    yield 1.0
    drive.shot("01-grey")
    assert shading.color_type == 'MATERIAL'
    yield from drive.press("trellis.show_textures")
    yield 2.0
    assert (shading.type, shading.color_type) == ('SOLID', 'TEXTURE')
    drive.shot("02-textures")
    shading.color_type = 'MATERIAL'
    yield from open_this_model()
    drive.shot("03-in-this-model")
    yield from drive.click(*drive.mouse, 1.0)
    assert shading.color_type == 'TEXTURE'
    drive.shot("04-textures-again")


def open_this_model() -> drive.Steps:
    """Its header is below the button in the row; goes on with the mouse on the button in the panel."""
    yield from drive.find("trellis.show_textures")
    x, y = drive.mouse
    for header in (39, 46, 32):
        yield from drive.click(x, y - header, 0.6)
        for below in range(20, 70, 7):
            drive.move(x, y - header - below)
            yield 0.1
            if "trellis.show_textures" in drive.hovered():
                return
    raise AssertionError("the panel “This Model” was not opened")


def viewport() -> Any:
    return next(area.spaces.active for area in bpy.context.screen.areas if area.type == 'VIEW_3D')
