# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator "Finish" asks for: its properties, and how they are drawn."""

from dataclasses import fields
from math import pi, radians
from typing import Any

import bpy

from ...scene.finish.options import PRESET_ITEMS, PRESETS, Finish, Preset
from ...scene.units import shown_length
from ..state import configuration

LENGTH = "In world space, in metres for scripts. 0 keeps the size"
TRIANGLES_MAX = 10_000_000
CHOICES = [field.name for field in fields(Finish) if field.name not in {"size_m", "sharp_angle", "loose_share"}]
"""The properties that a preset sets, by the names of the finish."""


def _values_of(preset: str) -> dict[str, Any]:
    """The operator's properties as a preset has them."""
    known = PRESETS[Preset(preset)]
    values = {name: getattr(known, name) for name in CHOICES}
    plain = {name: getattr(value, "value", value) for name, value in values.items()}
    return {**plain, "loose_percent": known.loose_share * 100}


def _take_preset(properties: Any, _: bpy.types.Context) -> None:
    """Another preset was chosen in Adjust Last Operation."""
    for name, value in _values_of(properties.preset).items():
        setattr(properties, name, value)


def finish_of(properties: Any) -> Finish:
    """What the operator's properties say."""
    from ...scene.finish.options import Origin, Shading, Size, Textures

    return Finish(
        size=Size(properties.size),
        size_m=properties.size_m,
        origin=Origin(properties.origin),
        shading=Shading(properties.shading),
        sharp_angle=properties.sharp_angle,
        triangles=properties.triangles,
        keeps_modifier=properties.keeps_modifier,
        loose_share=round(properties.loose_percent / 100, 6),
        textures=Textures(properties.textures),
    )


class FinishOperator(bpy.types.Operator):
    """An operator with the properties of a finish."""

    model: bpy.props.StringProperty(options={'SKIP_SAVE', 'HIDDEN'}, description="The object's name; else the active")
    preset: bpy.props.EnumProperty(
        name="Preset",
        description="What the rest is set to at first",
        items=PRESET_ITEMS,
        default=Preset.SCENE.value,
        update=_take_preset,
    )
    size: bpy.props.EnumProperty(
        name="Size",
        items=[
            ('KEEP', "As It Is", ""),
            ('LONGEST', "Longest Side", "The longest side has this length"),
            ('HEIGHT', "Height", "It is this high, along its own Z axis"),
        ],
        default='LONGEST',
    )
    size_m: bpy.props.FloatProperty(
        name="Length",
        description=LENGTH,
        min=0,
        soft_max=100,
    )
    size_shown: shown_length("size_m", LENGTH)
    origin: bpy.props.EnumProperty(
        name="Origin",
        items=[
            ('KEEP', "As It Is", ""),
            ('BOTTOM', "Bottom Centre", "The middle of its underside"),
            ('CENTRE', "Centre", "The middle of its box"),
            ('WORLD', "World", "The origin of the world"),
        ],
        default='BOTTOM',
    )
    shading: bpy.props.EnumProperty(
        name="Shading",
        items=[
            ('KEEP', "As It Is", ""),
            ('ANGLE', "Smooth by Angle", "Smooth, sharp where faces meet at a larger angle"),
            ('FLAT', "Flat", "Every face for itself"),
        ],
        default='ANGLE',
    )
    sharp_angle: bpy.props.FloatProperty(name="Angle", subtype='ANGLE', default=radians(30), min=0, max=pi)
    triangles: bpy.props.IntProperty(
        name="Triangles",
        description="The most that it shall have. 0 for as many as there are",
        min=0,
        max=TRIANGLES_MAX,
        step=1000,
    )
    keeps_modifier: bpy.props.BoolProperty(
        name="Keep as Modifier",
        description="Have a Decimate modifier do it, which can be changed and removed, rather than the mesh itself. "
        "Blender computes it anew at every change, seconds for a large model",
    )
    loose_percent: bpy.props.FloatProperty(
        name="Remove Loose Bits",
        description="Pieces that hang together with nothing else and have less than this share of the surface",
        subtype='PERCENTAGE',
        min=0,
        max=50,
    )
    textures: bpy.props.EnumProperty(
        name="Textures",
        items=[
            ('KEEP', "As They Are", ""),
            ('PACK', "Pack", "Into the .blend"),
            ('SAVE', "Save", "As files in the folder “textures” beside the .blend"),
        ],
        default='PACK',
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "preset")
        column = layout.column()
        column.prop(self, "size")
        if self.size != 'KEEP':
            column.prop(self, "size_shown")
        layout.prop(self, "origin")
        column = layout.column()
        column.prop(self, "shading")
        if self.shading == 'ANGLE':
            column.prop(self, "sharp_angle")
        column = layout.column()
        column.prop(self, "triangles")
        row = column.row()
        row.active = self.triangles > 0
        row.prop(self, "keeps_modifier")
        layout.prop(self, "loose_percent")
        layout.prop(self, "textures")

    def fill(self) -> None:
        """What was not given comes from the preset, the angle from the preferences; what was given for another model
        counts as not given.
        """
        for name, value in _values_of(self.preset).items():
            if not self.properties.is_property_set(name):
                setattr(self, name, value)
        if not self.properties.is_property_set("sharp_angle"):
            self.sharp_angle = configuration.smooth_up_to()
