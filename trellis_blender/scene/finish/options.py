# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of Finish, and its presets."""

from dataclasses import dataclass
from enum import Enum
from math import radians


class Size(str, Enum):
    """Which length of the model is set. In all enums here the values are the items of the Blender property."""

    KEEP = "KEEP"
    LONGEST = "LONGEST"
    HEIGHT = "HEIGHT"


class Origin(str, Enum):
    """Where the object's origin is moved. The model itself stays where it is."""

    KEEP = "KEEP"
    BOTTOM = "BOTTOM"
    CENTRE = "CENTRE"
    WORLD = "WORLD"


class Shading(str, Enum):
    """Smooth up to an angle, or flat."""

    KEEP = "KEEP"
    ANGLE = "ANGLE"
    FLAT = "FLAT"


class Textures(str, Enum):
    """Packed into the .blend file, or saved as files beside it."""

    KEEP = "KEEP"
    PACK = "PACK"
    SAVE = "SAVE"


@dataclass(frozen=True, slots=True)
class Finish:
    """How a model is finished. `size_m` in metres, world space; `sharp_angle` in radians.

    `triangles` is the most triangles that it may have, 0 for no limit. With `keeps_modifier` a Decimate modifier
    reduces them, else the mesh itself is reduced. Loose parts are removed if their surface is less than `loose_share`
    of the whole.
    """

    size: Size = Size.LONGEST
    size_m: float = 0.0
    origin: Origin = Origin.BOTTOM
    shading: Shading = Shading.ANGLE
    sharp_angle: float = radians(30)
    triangles: int = 0
    keeps_modifier: bool = False
    loose_share: float = 0.0
    textures: Textures = Textures.PACK


class Preset(str, Enum):
    """Names of presets."""

    AS_DELIVERED = "AS_DELIVERED"
    SCENE = "SCENE"
    GAME_ASSET = "GAME_ASSET"


PRESETS = {
    Preset.AS_DELIVERED: Finish(Size.KEEP, origin=Origin.KEEP, shading=Shading.KEEP, textures=Textures.KEEP),
    Preset.SCENE: Finish(),
    Preset.GAME_ASSET: Finish(triangles=10_000, loose_share=0.01),
}


class CannotFinish(ValueError):
    """The model cannot be finished with these options. Nothing was changed. `str(error)` is for the artist."""


PRESET_ITEMS = [
    (Preset.AS_DELIVERED.value, "As Delivered", "Size, origin and shading as in the file"),
    (Preset.SCENE.value, "Scene", "Scaled to size, its origin at the bottom, smooth by angle"),
    (Preset.GAME_ASSET.value, "Game Asset", "As for a scene, with at most 10,000 triangles and without loose parts"),
]
