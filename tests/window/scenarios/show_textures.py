"""A new model is grey in Solid mode; Show Textures, in its row and in This Model, shows its texture. A texture of the
next one is damaged, which only its decoder finds.
"""

from typing import Any

import bpy
import drive


def scenario() -> drive.Steps:
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    space = viewport()
    shading, space.region_3d.view_distance = space.shading, 3.0
    yield from drive.open_sidebar()
    yield from drive.enter("trellis.prompt", "a bear")
    yield from drive.press("trellis.generate_from_panel")
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
    drive.shot("03-in-the-row-alone")
    with drive.in_viewport():
        bpy.ops.trellis.remove(generation=drive.generations()[0].id)
    yield 1.0
    yield from drive.find("trellis.show_textures")
    drive.shot("04-in-this-model")
    yield from drive.click(*drive.mouse, 1.0)
    assert shading.color_type == 'TEXTURE'
    drive.shot("05-textures-again")
    yield from drive.tell("damaged")
    yield from drive.enter("trellis.prompt", "a box")
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: "a box" in drive.models() and not pictures_of("a box"), "the texture to go", 40)
    yield 0.5
    assert [image.name for image in bpy.data.images if image.size[0] == 0 and image.source == 'FILE'] == []
    drive.shot("06-a-texture-left-out")
    yield from drive.over_viewport()
    yield from drive.key("ctrl+z")
    yield from drive.until(lambda: pictures_of("a box"), "the texture after Ctrl-Z")


def pictures_of(name: str) -> list[str]:
    """The nodes with pictures in an object's material."""
    (material,) = bpy.data.objects[name].data.materials
    nodes = material.node_tree.nodes if material is not None else ()
    return [node.name for node in nodes if node.bl_idname == 'ShaderNodeTexImage']


def open_this_model() -> drive.Steps:
    """Its header is below the button in the row."""
    yield from drive.find("trellis.show_textures")
    x, y = drive.mouse
    for header in (39, 46, 32):
        yield from drive.click(x, y - header, 0.6)
        for below in range(20, 260, 9):
            drive.move(x, y - header - below)
            yield 0.1
            if "trellis.generate_again" in drive.hovered():
                return
    raise AssertionError("the panel “This Model” was not opened")


def viewport() -> Any:
    return next(area.spaces.active for area in bpy.context.screen.areas if area.type == 'VIEW_3D')
