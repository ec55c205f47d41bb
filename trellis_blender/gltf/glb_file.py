# SPDX-License-Identifier: GPL-3.0-or-later
"""A GLB that has been checked, open for reading. Apart from `container`, which needs no numpy."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .container import checked
from .errors import INCOMPLETE, ModelUnusable

_READ_BYTES = 16 * 1024 * 1024
"""Read in one go; from a disk's cache that takes some 10 ms."""


@dataclass(frozen=True, slots=True)
class Glb:
    """One that has been checked, while its file is open."""

    gltf: dict[str, Any]
    """The description."""
    binary: memoryview
    """The binary chunk, read-only."""
    _file: BinaryIO
    _begins: int

    def copied(self, begins: int, length: int) -> bytes:
        """Bytes of the binary chunk, from the file once more: a copy in memory would be made under Python's lock."""
        self._file.seek(self._begins + begins)
        return self._file.read(length)


@contextmanager
def opened_glb(path: Path, go_on: Callable[[], object]) -> Generator[Glb]:
    """Checks a GLB as `check_glb` does and reads it, for the length of a `with` block. It loads numpy."""
    import numpy as np

    with path.open("rb") as file:
        gltf, binary = checked(file, path.stat().st_size, go_on)
        # Without zeros, which would be written under Python's lock.
        content = np.empty(binary.length, np.uint8).data
        file.seek(binary.begins)
        for begins in range(0, binary.length, _READ_BYTES):
            go_on()
            piece = content[begins : begins + _READ_BYTES]
            if file.readinto(piece) != len(piece):
                raise ModelUnusable(INCOMPLETE)
        yield Glb(gltf, content.toreadonly(), file, binary.begins)
