"""The add-on drops its modules when it is disabled, so each test loads 280 of them again. Their code is kept here.

To find a module's file, to ask pytest whether it is a test, and to read its code takes as long as running it.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType
from typing import Any

PACKAGE = "trellis_blender."
_code: dict[tuple[str, str], CodeType | None] = {}


class _Loader(SourceFileLoader):
    """Loads a module whose code is read once."""

    def get_code(self, fullname: str) -> Any:
        key = (fullname, self.path)
        if key not in _code:
            _code[key] = super().get_code(fullname)
        return _code[key]


class Finder:
    """Finds the add-on's modules where they were found before. Stands before pytest's own."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, tuple[str, ...]], ModuleSpec] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What Python asks for at each import; None for all that is not the add-on's."""
        if not name.startswith(PACKAGE):
            return None
        key = (name, tuple(path or ()))
        spec = self._found.get(key) or PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin is None:
            return spec
        self._found[key] = spec
        folders = spec.submodule_search_locations
        return spec_from_file_location(
            name,
            spec.origin,
            loader=_Loader(name, spec.origin),
            submodule_search_locations=None if folders is None else list(folders),
        )


def keep() -> None:
    """From now on."""
    sys.meta_path.insert(0, Finder())
