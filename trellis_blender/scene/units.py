# SPDX-License-Identifier: GPL-3.0-or-later
"""Metres and Blender units. A scene sets the length of its unit. Settings and texts are in metres; matrices, points and
meshes are in Blender units.
"""

from typing import Any

import bpy


def metres_per_unit(scene: bpy.types.Scene) -> float:
    """The length of one Blender unit in the scene, as Blender displays lengths there; 1 m where the unit system is
    None.
    """
    settings = scene.unit_settings
    # A script may set no number, too.
    return settings.scale_length if settings.system != 'NONE' and settings.scale_length > 0 else 1.0


def shown_length(name: str, description: str) -> Any:
    """A field in the interface for the property `name`, which is in metres. Blender assumes that such a field holds
    Blender units, and displays it in the units of the scene.
    """

    def get(properties: Any) -> float:
        return getattr(properties, name) / metres_per_unit(bpy.context.scene)

    def put(properties: Any, value: float) -> None:
        setattr(properties, name, value * metres_per_unit(bpy.context.scene))

    return bpy.props.FloatProperty(
        name="Length", description=description, min=0, subtype='DISTANCE', get=get, set=put, options={'SKIP_SAVE'}
    )


def metres_per_unit_of(item: bpy.types.Object) -> float:
    """The same for an object: in the scene that is shown if the object is there, else in its first scene."""
    scenes = item.users_scene
    shown = bpy.context.scene
    scene = shown if shown in scenes or not scenes else scenes[0]
    return metres_per_unit(scene)  # pyright: ignore[reportArgumentType]
