# SPDX-License-Identifier: GPL-3.0-or-later
"""Metres, and what Blender counts in: a scene says how long its unit is. What is asked for and told is in metres,
matrices, points and meshes are in Blender's units.
"""

from typing import Any

import bpy


def metres_per_unit(scene: bpy.types.Scene) -> float:
    """How long one unit is in the scene, as Blender shows lengths there; without a unit system it takes one for 1 m."""
    settings = scene.unit_settings
    return settings.scale_length if settings.system != 'NONE' else 1.0


def shown_length(name: str, description: str) -> Any:
    """A field for the artist over the property `name`, which is in metres: Blender takes what such a field has for its
    own units, and shows it in those of the scene.
    """

    def get(properties: Any) -> float:
        return getattr(properties, name) / metres_per_unit(bpy.context.scene)

    def put(properties: Any, value: float) -> None:
        setattr(properties, name, value * metres_per_unit(bpy.context.scene))

    return bpy.props.FloatProperty(
        name="Length", description=description, min=0, subtype='DISTANCE', get=get, set=put, options={'SKIP_SAVE'}
    )


def metres_per_unit_of(item: bpy.types.Object) -> float:
    """The same for an object, in the scene that the artist has before them where it is there."""
    scenes = item.users_scene
    shown = bpy.context.scene
    scene = shown if shown in scenes or not scenes else scenes[0]
    return metres_per_unit(scene)  # pyright: ignore[reportArgumentType]
