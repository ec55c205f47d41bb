# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to become of a batch's models, as it is set in the panel while Blender runs."""

from pathlib import Path
from typing import Any

import bpy

from ..state import background

FORMATS = (
    ('ASSETS', "Assets", "An asset library with previews, catalogs and tags"),
    ('GLB', "GLB", "A finished .glb file for each model"),
    ('BLEND', "Blend", "A .blend file for each model"),
)


class TRELLIS_PG_batch(bpy.types.PropertyGroup):
    """Where the models go, and as what."""

    folder: bpy.props.StringProperty(
        name="Folder", description="Where the models and the report are saved", subtype='DIR_PATH'
    )
    formats: bpy.props.EnumProperty(
        name="Save As", description="What each model is saved as", items=FORMATS, options={'ENUM_FLAG'},
        default={'ASSETS'},
    )  # fmt: skip
    in_scene: bpy.props.BoolProperty(
        name="Place at the End", default=False,
        description="Put the models into this scene at the end, beside each other, starting at the 3D cursor",
    )  # fmt: skip

    def output_folder(self) -> Path:
        """The folder as Blender understands it."""
        return Path(bpy.path.abspath(self.folder))


def options_of(context: bpy.types.Context) -> Any:
    """The window manager's."""
    manager: Any = context.window_manager
    return manager.trellis_batch


def register() -> None:
    """Adds it to the window manager: it is of no file."""
    manager: Any = bpy.types.WindowManager
    manager.trellis_batch = bpy.props.PointerProperty(type=TRELLIS_PG_batch)
    background.at_end(delattr, manager, "trellis_batch")
