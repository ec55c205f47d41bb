# SPDX-License-Identifier: GPL-3.0-or-later
"""Icons of pictures on the disk. Blender reads and decodes them in a thread of its own."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..state import background, session
from ..viewport import redraw

if TYPE_CHECKING:
    from ...generation.record.generation import Generation


class Previews:
    """At most `limit` of them; the collection is Blender's, made when it is first needed."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._collection: Any = None

    @property
    def is_full(self) -> bool:
        """True where there is no room for another one: `clear` them then, and ask again for what is shown."""
        return self._collection is not None and len(self._collection) >= self.limit

    def icon(self, name: str, path: Path) -> int:
        """The icon's number. `name` is another one where the file has changed."""
        if self._collection is None:
            import bpy.utils.previews

            self._collection = bpy.utils.previews.new()
            background.at_end(self.clear)
        if name not in self._collection:
            self._collection.load(name, str(path), 'IMAGE')
        return self._collection[name].icon_id

    def clear(self) -> None:
        """Gives them all back."""
        collection, self._collection = self._collection, None
        if collection is not None:
            import bpy.utils.previews

            bpy.utils.previews.remove(collection)


class GenerationIcons:
    """Icons of pictures in the folders of generations, at most `limit`. `files_in` names those of a folder, and looks
    at the disk: that is done by a timer, so that a draw function never does.
    """

    def __init__(self, limit: int, files_in: Callable[[Path], list[Path]]) -> None:
        self._files_in = files_in
        self._previews = Previews(limit)
        self._known: dict[str, list[tuple[Path, int]]] = {}
        self._asked: set[str] = set()

    def of(self, generation: "Generation") -> list[tuple[Path, int]]:
        """The pictures and the numbers of their icons; none as long as they were not looked for."""
        number = generation.id
        if number not in self._known and number not in self._asked and not bpy.app.background:
            self._asked.add(number)
            background.later(partial(self.look, number))
        return self._known.get(number, [])

    def look(self, generation_id: str) -> None:
        """Looks for the pictures of a generation, again where they were looked for."""
        found = session.current()
        generation = found.generations.get(generation_id)
        self._asked.discard(generation_id)
        if generation is None:
            return
        if self._previews.is_full:
            self._previews.clear()
            self._known.clear()
        paths = self._files_in(found.queue.folder / generation.folder_name)
        self._known[generation_id] = [
            (path, self._previews.icon(f"{generation_id} {path.name}", path)) for path in paths
        ]
        if paths:
            redraw.sidebars()
