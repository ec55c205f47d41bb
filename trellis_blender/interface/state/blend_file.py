# SPDX-License-Identifier: GPL-3.0-or-later
"""Which generations belong to the .blend that is open, and where in it they are. For the main thread only.

Looking an object up takes milliseconds in a large file, so all are looked up at once and kept. Undo, redo and opening a
file make other objects of the same ones: `look_again` must be called after them.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...generation.states import State

if TYPE_CHECKING:
    from collections.abc import Collection

    from ...generation.record.generation import Generation
    from ...generation.record.request import Placement

_PROCESS = os.urandom(16).hex()


class OpenFile:
    """The open .blend as the generations see it."""

    def __init__(self) -> None:
        self._loads = 0
        self._models: dict[str, list[bpy.types.Object]] | None = None

    @property
    def blend_load(self) -> str:
        """Names the file that is open now among all that were ever open."""
        return f"{_PROCESS}-{self._loads}"

    def belongs_here(self, generation: "Generation") -> bool:
        """True where the .blend that is open is the one the generation was made for: the one with its placeholder.

        Where it never had one, or the model has replaced it, the file is known by its path or by not having been left.
        """
        placement = generation.request.placement
        if placement.has_placeholder and self._placeholder(generation) is not None:
            return True
        is_replaced = generation.state is State.PLACED
        return self._is_its_file(placement) and (is_replaced or not placement.has_placeholder)

    def arrives_here(self, generation: "Generation") -> bool:
        """True for a model that goes into the open file by itself as soon as the artist's hands are free."""
        is_ready = generation.state is State.READY and generation.wanted and not generation.parked
        return is_ready and not generation.request.makes_pictures and self.belongs_here(generation)

    def misses_placeholder(self, generation: "Generation") -> bool:
        """True where the file is the right one, but the artist deleted the placeholder or undid it."""
        placement = generation.request.placement
        if not placement.has_placeholder or not self._is_its_file(placement):
            return False
        return self._placeholder(generation) is None

    def _placeholder(self, generation: "Generation") -> bpy.types.Object | None:
        from ...scene.placement import placeholder

        return placeholder.find(generation.id)

    def _is_its_file(self, placement: "Placement") -> bool:
        from ...generation.file_names import path_key

        if placement.blend_load == self.blend_load:
            return True
        return bool(placement.blend_file) and path_key(placement.blend_file) == path_key(bpy.data.filepath)

    def ids(self) -> "Collection[str]":
        """Of the generations that had an object in the file when it was last looked through."""
        return self._all_models().keys()

    def is_in_scene(self, generation: "Generation") -> bool:
        """True where a placed generation's object is still there. Cheap enough for a draw function."""
        return self._model(generation) is not None

    def object_of(self, generation: "Generation") -> "bpy.types.Object | None":
        """The object that a placed generation made, in any scene; looks again where it is not known."""
        found = self._model(generation)
        if found is None:
            self._models = None
            found = self._model(generation)
        return found

    def _model(self, generation: "Generation") -> "bpy.types.Object | None":
        from ...scene.arrival import place

        alive = [item for item in self._all_models().get(generation.id, ()) if place.is_alive(item)]
        # An artist's copy has the same property; the one that was made is known by its name until it is renamed.
        return next((item for item in alive if item.name == generation.object_name), alive[0] if alive else None)

    def _all_models(self) -> "dict[str, list[bpy.types.Object]]":
        from ...scene.arrival import place

        if self._models is None:
            self._models = place.models_here()
        return self._models

    def look_again(self) -> None:
        """After undo and redo: objects that were gone may be back."""
        from ...scene.placement import placeholder

        placeholder.forget()
        self._models = None

    def another_file(self) -> None:
        """After File > Open and File > New."""
        self._loads += 1
        self.look_again()


PATH_LIMIT = 32_767
"""Characters: Windows has no longer path, nor has any other system."""


def path_of(image: str) -> Path:
    """The file of an image as it was entered, which may be relative to the .blend. Asked at each redraw, of whatever a
    file has in it."""
    return Path(bpy.path.abspath(image[:PATH_LIMIT]))
