# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be chosen for a finished model, and the presets."""

from dataclasses import dataclass
from enum import Enum
from math import radians


class Size(str, Enum):
    """What of the model is as long as wished; the value is Blender's item, as it is of the others here."""

    KEEP = "KEEP"
    LONGEST = "LONGEST"
    HEIGHT = "HEIGHT"


class Origin(str, Enum):
    """Where the object's origin goes. The model itself stays where it is."""

    KEEP = "KEEP"
    BOTTOM = "BOTTOM"
    CENTRE = "CENTRE"
    WORLD = "WORLD"


class Shading(str, Enum):
    """Smooth with sharp edges from an angle on, or flat."""

    KEEP = "KEEP"
    ANGLE = "ANGLE"
    FLAT = "FLAT"


class Textures(str, Enum):
    """Into the .blend, or into files beside it."""

    KEEP = "KEEP"
    PACK = "PACK"
    SAVE = "SAVE"


@dataclass(frozen=True, slots=True)
class Finish:
    """How a model shall be. `size_m` in metres, world space; `sharp_angle` in radians.

    `triangles` is the budget, 0 for as many as there are; with `keeps_modifier` it is a Decimate modifier, else the
    mesh itself is reduced. Bits that hang together with nothing else go where their surface is less than `loose_share`
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
    """Finishes with a name."""

    AS_DELIVERED = "AS_DELIVERED"
    SCENE = "SCENE"
    GAME_ASSET = "GAME_ASSET"


PRESETS = {
    Preset.AS_DELIVERED: Finish(Size.KEEP, origin=Origin.KEEP, shading=Shading.KEEP, textures=Textures.KEEP),
    Preset.SCENE: Finish(),
    Preset.GAME_ASSET: Finish(triangles=10_000, loose_share=0.01),
}


class CannotFinish(ValueError):
    """The model cannot be finished like this, and nothing was changed. `str(error)` is a sentence for the artist."""


PRESET_ITEMS = [
    (Preset.AS_DELIVERED.value, "As Delivered", "Size, origin and shading of the file"),
    (Preset.SCENE.value, "Scene", "To size, standing on its origin, smooth up to an angle"),
    (Preset.GAME_ASSET.value, "Game Asset", "As for a scene, with 10,000 triangles and without loose bits"),
]
