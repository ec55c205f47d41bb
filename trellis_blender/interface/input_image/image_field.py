# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel's image as it was when something was asked for that is to take its place later.

A scene's name and an empty field are the same in every file; Blender's number of a scene is in no other file the same,
however often one is opened, and outlives undo.
"""

from typing import NamedTuple

import bpy

from ..state.settings import TRELLIS_PG_settings, settings_of


class ImageField(NamedTuple):
    """A scene by its `session_uid`, and what was in its field."""

    scene_uid: int
    image: str

    @property
    def scene(self) -> bpy.types.Scene | None:
        """The scene, as long as its file is open and it has not been deleted."""
        return next((scene for scene in bpy.data.scenes if scene.session_uid == self.scene_uid), None)

    @property
    def is_as_it_was(self) -> bool:
        """False where another image was chosen meanwhile, or another file opened."""
        scene = self.scene
        return scene is not None and settings_of(scene).image == self.image

    def is_that_of(self, settings: TRELLIS_PG_settings) -> bool:
        """Whether these settings are the scene's, with the same image as then."""
        owner = settings.id_data
        return owner is not None and owner.session_uid == self.scene_uid and settings.image == self.image


def field_of(scene: bpy.types.Scene) -> ImageField:
    """The field of a scene as it is now."""
    return ImageField(scene.session_uid, settings_of(scene).image)
