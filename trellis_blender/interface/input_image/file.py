# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at an image's file. No bpy: a thread does it, because a network drive that is gone answers after minutes."""

from pathlib import Path
from typing import NamedTuple


class Seen(NamedTuple):
    """When the file was last changed, 0 where there is none; and, as a sentence, why it cannot be used."""

    changed_ns: int = 0
    problem: str = ""


def look(path: Path) -> Seen:
    """What the disk and the file's header say of it; may take as long as the disk does."""
    from ...scene.images.limits import PictureUnusable, check_file

    changed_ns = changed_at_ns(path)
    try:
        check_file(path)
    except (PictureUnusable, OSError) as reason:
        return Seen(changed_ns, str(reason))
    return Seen(changed_ns)


def changed_at_ns(path: Path) -> int:
    """When the file was last changed; 0 where that is not known."""
    try:
        return path.stat().st_mtime_ns
    except (OSError, ValueError):
        return 0
