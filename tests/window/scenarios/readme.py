"""The three pictures of README: what is asked for, what goes on meanwhile, what has come."""

import os
from math import radians
from pathlib import Path

import bpy
import drive
from mathutils import Euler

PICTURES = Path(os.environ["TEST_PICTURES"])


def make(picture: str, x: float) -> drive.Steps:
    settings = bpy.context.scene.trellis
    settings.source, settings.image = 'IMAGE', str(PICTURES / picture)
    bpy.context.scene.cursor.location = (x, 0, 0)
    yield 1.5
    yield from drive.press("trellis.try_offline")
    yield from drive.until(lambda: drive.state() == "placed", picture)
    yield 1.0


def scenario() -> drive.Steps:
    bpy.context.preferences.system.viewport_aa = '8'
    settings = bpy.context.scene.trellis
    for name in ("Cube", "Camera", "Light"):
        bpy.data.objects.remove(bpy.data.objects[name])
    area, _, _ = drive.viewport()
    space = area.spaces.active
    space.shading.color_type = 'TEXTURE'
    space.region_3d.view_distance, space.region_3d.view_location = 4.6, (0.5, 0, 0.4)
    space.region_3d.view_rotation = Euler((radians(72), 0, radians(22))).to_quaternion()  # from the models' front
    yield from drive.open_sidebar()
    yield from make("toadstool.png", 0.0)
    yield from make("fish.png", 1.4)
    settings.source, settings.prompt = 'TEXT', "a small wooden chair"
    yield from drive.over_viewport()
    yield 3.0
    drive.shot("done")

    settings.variations = 2
    bpy.context.scene.cursor.location = (-1.4, 0.3, 0)
    bpy.ops.object.select_all(action='DESELECT')
    yield from drive.over_viewport()
    yield 1.5
    drive.shot("before")
    settings.variations = 1
    yield 0.5
    yield from drive.press("trellis.generate_from_panel")
    yield from drive.until(lambda: (drive.generations()[0].progress or 0) > 0.55, "more than half of the chair", 60)
    yield from drive.over_viewport()
    yield 1.3
    drive.shot("meanwhile")
