# SPDX-License-Identifier: GPL-3.0-or-later
"""Saves a thumbnail of a model as a file. Runs in a thread, without bpy."""

import logging
from pathlib import Path

from ...generation.files import THUMBNAIL_NAME, write_whole
from ...generation.problems import GenerationProblem
from ...imaging.mesh_thumbnail import Snapshot, draw
from ...imaging.png import encode_png

LOG = logging.getLogger(__name__)


def keep(snapshot: Snapshot, folder: Path) -> None:
    """Draws the thumbnail and writes it into `folder`. Never raises: without one the list shows an icon."""
    try:
        write_whole(folder / THUMBNAIL_NAME, encode_png(draw(snapshot)))
    except (GenerationProblem, ValueError) as problem:
        LOG.info("no thumbnail in %s: %s", folder.name, problem)
