# SPDX-License-Identifier: GPL-3.0-or-later
"""Saves a thumbnail of a model as a file. Runs in a thread, without bpy."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ...generation.files import THUMBNAIL_NAME, write_whole
from ...generation.problems import GenerationProblem
from ...imaging.mesh_thumbnail import Snapshot, draw
from ...imaging.png import encode_png
from .decoding import decode

LOG = logging.getLogger(__name__)


def keep(
    snapshot: Snapshot, folder: Path, blender: Sequence[str] = (), go_on: Callable[[], object] = lambda: None
) -> None:
    """Draws the thumbnail and writes it into `folder`. A large texture is decoded by a second Blender,
    see `second_blender.this_blender`.

    Raises what `go_on` raises, which is called while that works, and nothing else: without a thumbnail the list shows
    an icon.
    """
    if snapshot.picture and blender:
        (texture,) = decode([snapshot.picture], blender, go_on)
        snapshot = replace(snapshot, texture=texture if texture is not None and texture.size else None)
    try:
        write_whole(folder / THUMBNAIL_NAME, encode_png(draw(snapshot)))
    except (GenerationProblem, ValueError) as problem:
        LOG.info("no thumbnail in %s: %s", folder.name, problem)
