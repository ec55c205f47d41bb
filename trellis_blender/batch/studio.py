# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol for what a batch needs of Blender; `interface.batch.studio` implements it."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..generation.record.generation import Generation
from ..generation.record.request import GenerationRequest
from .row import Row
from .row_progress import Made

if TYPE_CHECKING:
    from ..piapi.service import Service


class NotTakenIn(Exception):
    """A model is here and could not be saved as was wished. `str(error)` is a sentence."""


class Studio(Protocol):
    """What Blender does for a batch."""

    def service_for(self, model_id: str) -> "Service":
        """Where a model's tasks go; raises an exception with a sentence where they cannot go there."""
        ...

    def compose(self, row: Row) -> list[GenerationRequest]:
        """A request for each variation. Raises InputUnusable or PictureUnusable."""
        ...

    def take_in(self, row: Row, stem: str, generation: Generation, glb: Path) -> Made:
        """Finishes and saves a model. Raises NotTakenIn."""
        ...
