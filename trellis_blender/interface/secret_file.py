# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in files that only their owner can read: not in Blender's preferences, which people copy and share."""

import os
from collections.abc import Callable
from pathlib import Path


class SecretFile:
    """One secret. Read once and remembered: preferences are drawn many times a second."""

    def __init__(self, folder: Callable[[], Path], name: str) -> None:
        self._folder = folder
        self._name = name
        self._remembered: str | None = None

    def read(self) -> str:
        """The secret, "" where there is none."""
        if self._remembered is None:
            try:
                self._remembered = (self._folder() / self._name).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                self._remembered = ""
        return self._remembered

    def write(self, secret: str) -> None:
        """Keeps the secret; an empty one removes the file. Raises OSError."""
        secret = secret.strip()
        path = self._folder() / self._name
        if secret:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{self._name}.part")
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(secret)
            part.replace(path)
        else:
            path.unlink(missing_ok=True)
        self._remembered = secret

    def forget(self) -> None:
        """Lets the next `read` look into the file again."""
        self._remembered = None
