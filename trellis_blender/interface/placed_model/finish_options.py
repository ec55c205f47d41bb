# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator "Finish" asks for: its properties, made from the choices of a finish, and how they are drawn."""

from enum import Enum
from math import pi, radians
from typing import Any

import bpy

from ...scene.finish.options import CHOICES, PRESET_ITEMS, PRESETS, Finish, Preset
from ...scene.units import shown_length
from ..state import configuration

LENGTH = "In world space, in metres for scripts. 0 keeps the size"
_DEFAULTS = Finish()
OF_QUADS = ("texture_px", "margin_px", "keep_sharp", "symmetry")
"""What can be chosen of new quads."""
OF_ENGINES = ("lods", "lod_share", "collision", "collision_shape", "collision_faces")
ARRANGED = {"size", "origin", "shading", "faces", *OF_QUADS, "triangles", "keeps_modifier", "textures", *OF_ENGINES}
"""The choices that are drawn in an order of their own, or together with another property."""


def _property_of(name: str) -> Any:
    default = getattr(_DEFAULTS, name)
    if isinstance(default, Enum):
        return bpy.props.EnumProperty(**CHOICES[name], default=default.value)
    kinds = {bool: bpy.props.BoolProperty, int: bpy.props.IntProperty, float: bpy.props.FloatProperty}
    return kinds[type(default)](**CHOICES[name], default=default)


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
    chosen: dict[str, Any] = {name: type(getattr(_DEFAULTS, name))(getattr(properties, name)) for name in CHOICES}
    return Finish(
        **chosen,
        size_m=properties.size_m,
        sharp_angle=properties.sharp_angle,
        loose_share=round(properties.loose_percent / 100, 6),
    )


_PRESET = bpy.props.EnumProperty(
    name="Preset",
    description="What the rest is set to at first",
    items=PRESET_ITEMS,
    default=Preset.SCENE.value,
    update=_take_preset,
)
# Blender sets what a script gives in this order: the preset first, which sets the choices, and then single values.
_Choices = type(
    "_Choices",
    (),
    {"__annotations__": {"preset": _PRESET, **{name: _property_of(name) for name in CHOICES}}},
)


class FinishOperator(_Choices, bpy.types.Operator):
    """An operator with the properties of a finish."""

    model: bpy.props.StringProperty(options={'SKIP_SAVE', 'HIDDEN'}, description="The object's name; else the active")
    size_m: bpy.props.FloatProperty(name="Length", description=LENGTH, min=0, soft_max=100)
    size_shown: shown_length("size_m", LENGTH)
    sharp_angle: bpy.props.FloatProperty(name="Angle", subtype='ANGLE', default=radians(30), min=0, max=pi)
    loose_percent: bpy.props.FloatProperty(
        name="Remove Loose Bits",
        description="Pieces that are connected to nothing else and have less than this share of the surface",
        subtype='PERCENTAGE',
        min=0,
        max=50,
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        chosen: Any = self
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "preset")
        column = layout.column()
        column.prop(self, "size")
        if chosen.size != 'KEEP':
            column.prop(self, "size_shown")
        layout.prop(self, "origin")
        column = layout.column()
        column.prop(self, "shading")
        if chosen.shading == 'ANGLE':
            column.prop(self, "sharp_angle")
        column = layout.column()
        column.prop(self, "faces")
        for name in OF_QUADS if chosen.faces else ():
            column.prop(self, name)
        column = layout.column()
        column.prop(self, "triangles")
        row = column.row()
        row.active = chosen.triangles > 0
        row.prop(self, "keeps_modifier")
        layout.prop(self, "loose_percent")
        layout.prop(self, "textures")
        column = layout.column()
        column.prop(self, "lods")
        if chosen.lods:
            column.prop(self, "lod_share")
        column = layout.column()
        column.prop(self, "collision")
        if chosen.collision != 'NONE':
            column.prop(self, "collision_shape")
            if chosen.collision_shape == 'HULL':
                column.prop(self, "collision_faces")
        for name in CHOICES:
            if name not in ARRANGED:
                layout.prop(self, name)

    def fill(self) -> None:
        """What was not given comes from the preset, the angle from the preferences; what was given for another model
        counts as not given.
        """
        chosen: Any = self
        known = _values_of(chosen.preset)
        for name, value in known.items():
            if not self.properties.is_property_set(name):
                setattr(self, name, value)
        if chosen.triangles and chosen.faces == known["faces"]:
            # Who names a budget of triangles wants its triangles reduced, even where the preset makes quads.
            chosen.faces = 0
        if not self.properties.is_property_set("sharp_angle"):
            self.sharp_angle = configuration.smooth_up_to()
