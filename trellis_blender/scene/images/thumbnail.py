# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a small picture of a model as a file. Runs in a thread; no bpy within its reach."""

import logging
from pathlib import Path

from ...generation.files import THUMBNAIL_NAME, write_whole
from ...generation.problems import GenerationProblem
from ...imaging.mesh_thumbnail import Snapshot, draw
from ...imaging.png import encode_png

LOG = logging.getLogger(__name__)


def keep(snapshot: Snapshot, folder: Path) -> None:
    """Writes the picture into `folder`. Never raises: without it the list shows an icon."""
    try:
        write_whole(folder / THUMBNAIL_NAME, encode_png(draw(snapshot)))
    except (GenerationProblem, ValueError) as problem:
        LOG.info("no thumbnail in %s: %s", folder.name, problem)
