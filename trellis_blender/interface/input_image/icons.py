# SPDX-License-Identifier: GPL-3.0-or-later
"""Icons of pictures on the disk. Blender reads and decodes them in a thread of its own."""

from pathlib import Path
from typing import Any

from ..state import background


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
