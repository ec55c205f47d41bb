# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be chosen for a finished model, as Finish shows it; the steps that use it, and the presets."""

from collections.abc import Mapping
from enum import Enum
from math import radians
from typing import Any, NamedTuple

STEPS = ("size", "quads", "origin", "shading", "decimate", "textures", "engine")
"""The modules of the steps in their order, see `steps.Step`. What takes long comes before them, see `heavy`."""
TRIANGLES_MAX = 10_000_000
FACES_MAX = 100_000
TEXTURE_MIN_PX, TEXTURE_MAX_PX = 128, 4096
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


class Symmetry(str, Enum):
    """Whether the new faces are the same on both sides."""

    NONE = "NONE"
    X = "X"


class Collision(str, Enum):
    """For which engine the collision shape is named."""

    NONE = "NONE"
    UNREAL = "UNREAL"
    GODOT = "GODOT"
    PLAIN = "PLAIN"


class CollisionShape(str, Enum):
    """What it is."""

    HULL = "HULL"
    BOX = "BOX"


class Finish(NamedTuple):
    """How a model is to be. `size_m` in metres, world space; `sharp_angle` in radians.

    `faces` is about how many quads the model is rebuilt from, with new UVs and baked textures; 0 leaves its faces. The
    four choices after it are about those.

    `triangles` is the budget, 0 for as many as there are; with `keeps_modifier` it is a Decimate modifier, else the
    mesh itself is reduced. Loose bits whose surface is less than `loose_share` of the whole are removed.

    What is among `CHOICES` the operator has as a property of that name, and a preset sets it.
    """

    size: Size = Size.LONGEST
    size_m: float = 0.0
    origin: Origin = Origin.BOTTOM
    shading: Shading = Shading.ANGLE
    sharp_angle: float = radians(30)
    faces: int = 0
    texture_px: int = 1024
    margin_px: int = 8
    keep_sharp: bool = False
    symmetry: Symmetry = Symmetry.NONE
    triangles: int = 0
    keeps_modifier: bool = False
    loose_share: float = 0.0
    textures: Textures = Textures.PACK
    lods: int = 0
    lod_share: float = 0.5
    collision: Collision = Collision.NONE
    collision_shape: CollisionShape = CollisionShape.HULL
    collision_faces: int = 64


CHOICES: dict[str, dict[str, Any]] = {
    "size": {
        "name": "Size",
        "items": [
            AS_IT_IS,
            ("LONGEST", "Longest Side", "The longest side has this length"),
            ("HEIGHT", "Height", "It is this high, along its own Z axis"),
        ],
    },
    "origin": {
        "name": "Origin",
        "items": [
            AS_IT_IS,
            ("BOTTOM", "Bottom Centre", "The middle of its underside"),
            ("CENTRE", "Centre", "The middle of its box"),
            ("WORLD", "World", "The origin of the world"),
        ],
    },
    "shading": {
        "name": "Shading",
        "items": [
            AS_IT_IS,
            ("ANGLE", "Smooth by Angle", "Smooth, sharp where faces meet at a larger angle"),
            ("FLAT", "Flat", "Every face for itself"),
        ],
    },
    "faces": {
        "name": "Quads",
        "description": "Make it of about so many quads, with new UVs and its look baked into new textures. "
        "0 keeps its faces",
        "min": 0,
        "max": FACES_MAX,
        "step": 100,
    },
    "texture_px": {
        "name": "Texture",
        "description": "Width and height of the new textures",
        "min": TEXTURE_MIN_PX,
        "max": TEXTURE_MAX_PX,
        "step": 512,
        "subtype": 'PIXEL',
    },
    "margin_px": {
        "name": "Margin",
        "description": "Space between the pieces of the new textures",
        "min": 1,
        "max": 64,
        "subtype": 'PIXEL',
    },
    "keep_sharp": {"name": "Keep Sharp Edges", "description": "Have edges of quads run along edges that are sharp"},
    "symmetry": {
        "name": "Symmetry",
        "items": [
            ("NONE", "None", ""),
            ("X", "X", "The quads of one side are those of the other, along its own X axis"),
        ],
    },
    "triangles": {
        "name": "Triangles",
        "description": "The largest number. 0 for as many as there are",
        "min": 0,
        "max": TRIANGLES_MAX,
        "step": 1000,
    },
    "keeps_modifier": {
        "name": "Keep as Modifier",
        "description": "Use a Decimate modifier, which can be changed and removed, instead of reducing the mesh "
        "itself. Blender computes it again at every change, which takes seconds for a large model",
    },
    "textures": {
        "name": "Textures",
        "items": [
            ("KEEP", "As They Are", ""),
            ("PACK", "Pack", "Into the .blend"),
            ("SAVE", "Save", "As files in the folder “textures” beside the .blend"),
        ],
    },
    "lods": {
        "name": "LODs",
        "description": "Smaller levels of detail beside the model itself, which is LOD0, with the same UVs and "
        "textures, in a collection of their own",
        "min": 0,
        "max": 7,
    },
    "lod_share": {
        "name": "Share of Each",
        "description": "How many triangles each level has of the one before: ½, ¼ and ⅛ of the model's with 0.5",
        "min": 0.05,
        "max": 0.95,
        "subtype": 'FACTOR',
    },
    "collision": {
        "name": "Collision",
        "description": "A simple shape to compute collisions with, shown as wire and not rendered, named as the "
        "engine wants it",
        "items": [
            ("NONE", "None", ""),
            ("UNREAL", "Unreal", "UCX_Chair_00, or UBX_Chair_00 for a box"),
            ("GODOT", "Godot", "Chair-convcolonly"),
            ("PLAIN", "Plain", "Chair_collision"),
        ],
    },
    "collision_shape": {
        "name": "Shape",
        "items": [
            ("HULL", "Convex Hull", "The shape without dents"),
            ("BOX", "Box", "Along the model's own axes"),
        ],
    },
    "collision_faces": {
        "name": "Most Faces",
        "description": "Triangles that the convex hull may have",
        "min": 12,
        "max": 255,
    },
}
"""What can be chosen, and what Blender's properties need for it."""


class Preset(str, Enum):
    """Finishes with a name."""

    AS_DELIVERED = "AS_DELIVERED"
    SCENE = "SCENE"
    GAME_ASSET = "GAME_ASSET"
    QUADS = "QUADS"


PRESETS = {
    Preset.AS_DELIVERED: Finish(Size.KEEP, origin=Origin.KEEP, shading=Shading.KEEP, textures=Textures.KEEP),
    Preset.SCENE: Finish(),
    Preset.GAME_ASSET: Finish(faces=5_000, loose_share=0.01),
    Preset.QUADS: Finish(faces=3_000),
}


def from_plain(values: Mapping[str, Any]) -> Finish:
    """A finish out of plain values by their names, as JSON and Blender's properties have them."""
    kinds: dict[str, Any] = {name: type(default) for name, default in Finish._field_defaults.items()}
    return Finish(**{name: kind(values[name]) for name, kind in kinds.items()})


class CannotFinish(ValueError):
    """The model cannot be finished like this, and nothing was changed. `str(error)` is a sentence for the artist."""


PRESET_ITEMS = [
    (Preset.AS_DELIVERED.value, "As Delivered", "Size, origin and shading of the file"),
    (Preset.SCENE.value, "Scene", "To size, standing on its origin, smooth up to an angle"),
    (
        Preset.GAME_ASSET.value,
        "Game Asset",
        "5,000 quads, which are 10,000 triangles, with baked textures and without loose bits",
    ),
    (Preset.QUADS.value, "Quads", "3,000 quads with new UVs and its look baked into new textures"),
]
