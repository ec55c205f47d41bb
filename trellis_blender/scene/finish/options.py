# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be chosen for a finished model, as Finish shows it; the steps that heed it, and the presets."""

from dataclasses import dataclass, field
from enum import Enum
from math import radians

STEPS = ("size", "origin", "shading", "decimate", "textures")
"""The modules of the steps in their order, see `steps.Step`. What takes long comes before them, see `steps.reduce`."""
TRIANGLES_MAX = 10_000_000
AS_IT_IS = ("KEEP", "As It Is", "")


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
    mesh itself is reduced. Loose bits whose surface is less than `loose_share` of the whole are removed.

    A field with metadata is a choice: the operator has a property of that name, made from the metadata, and a preset
    sets it.
    """

    size: Size = field(
        default=Size.LONGEST,
        metadata={
            "name": "Size",
            "items": [
                AS_IT_IS,
                ("LONGEST", "Longest Side", "The longest side has this length"),
                ("HEIGHT", "Height", "It is this high, along its own Z axis"),
            ],
        },
    )
    size_m: float = 0.0
    origin: Origin = field(
        default=Origin.BOTTOM,
        metadata={
            "name": "Origin",
            "items": [
                AS_IT_IS,
                ("BOTTOM", "Bottom Centre", "The middle of its underside"),
                ("CENTRE", "Centre", "The middle of its box"),
                ("WORLD", "World", "The origin of the world"),
            ],
        },
    )
    shading: Shading = field(
        default=Shading.ANGLE,
        metadata={
            "name": "Shading",
            "items": [
                AS_IT_IS,
                ("ANGLE", "Smooth by Angle", "Smooth, sharp where faces meet at a larger angle"),
                ("FLAT", "Flat", "Every face for itself"),
            ],
        },
    )
    sharp_angle: float = radians(30)
    triangles: int = field(
        default=0,
        metadata={
            "name": "Triangles",
            "description": "The most that it shall have. 0 for as many as there are",
            "min": 0,
            "max": TRIANGLES_MAX,
            "step": 1000,
        },
    )
    keeps_modifier: bool = field(
        default=False,
        metadata={
            "name": "Keep as Modifier",
            "description": "Have a Decimate modifier do it, which can be changed and removed, rather than the mesh "
            "itself. Blender computes it anew at every change, seconds for a large model",
        },
    )
    loose_share: float = 0.0
    textures: Textures = field(
        default=Textures.PACK,
        metadata={
            "name": "Textures",
            "items": [
                ("KEEP", "As They Are", ""),
                ("PACK", "Pack", "Into the .blend"),
                ("SAVE", "Save", "As files in the folder “textures” beside the .blend"),
            ],
        },
    )


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
