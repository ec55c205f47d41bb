# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a generation is, from the service's log or from how long earlier ones took; never invented.

Stages in the log's order, with the share of the whole that has passed when a stage begins. Source: the documented run
(78.9 s: sampling 9.8 s and 16 s, the videos 2 s, the rest is making the GLB).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ...piapi.models import SEED_LIMIT


class Progress(NamedTuple):
    """`share` 0–1, None where nothing is known; `seed` is the one the log names, None where it names none."""

    stage: str
    share: float | None
    seed: int | None


class _Stage(NamedTuple):
    name: str
    begins: float
    ends: float


_PREPARING = _Stage("Preparing the image", 0.0, 0.05)
_SPARSE_STRUCTURE = _Stage("Sparse structure", 0.05, 0.20)
_STRUCTURED_LATENTS = _Stage("Structured latents", 0.20, 0.45)
_COLOUR = _Stage("Colour", 0.45, 0.48)
_NORMALS = _Stage("Normals", 0.48, 0.52)
_MESH = _Stage("Mesh", 0.52, 0.92)
_TEXTURE = _Stage("Texture", 0.92, 1.0)

_SAMPLING = r"Sampling:\s*\d+%.*?(\d{1,9})/(\d{1,9})"
_RENDERING = r"Rendering:\s*(\d{1,9})it"
_MESH_DONE = r"^\s*(\d{1,9})% done"
_SEED = r"[Ss]eed:\s*(\d{1,10})(?!\d)"
LINE_LIMIT = 1000
"""Characters. The service's longest line has some 200; in one of millions a pattern can be looked for for hours."""
_VIDEO_FRAMES = 120
_TEXTURE_VIEWS = 100

OVERDUE_SHARE = 0.95
"""Longer than usual: the bar waits here, because it is not known how much longer."""


def read_log(lines: Sequence[str]) -> Progress | None:
    """Stage, share and seed from the log's lines; None where no line says how far it is."""
    reader = _LogReader()
    for line in lines:
        if len(line) <= LINE_LIMIT:
            reader.read(line)
    return reader.progress()


def share_of_time(elapsed_s: float, expected_s: float | None) -> float | None:
    """The share of the usual time that has passed, None where no usual time is known."""
    if not expected_s or expected_s <= 0:
        return None
    return min(max(elapsed_s / expected_s, 0.0), OVERDUE_SHARE)


def time_left_s(share: float | None, elapsed_s: float | None, expected_s: float | None) -> float | None:
    """Seconds until it is made, None where it is unknown: by the share of the usual time that is left, never invented.

    `elapsed_s` None where the service's log names the `share`, which then counts. Past the usual time it is not known.
    """
    if not expected_s or expected_s <= 0:
        return None
    if elapsed_s is None:
        return None if share is None else expected_s * (1 - share)
    return expected_s - elapsed_s if elapsed_s < expected_s else None


class _LogReader:
    def __init__(self) -> None:
        self.stage: _Stage | None = None
        self.part = 0.0
        self.seed: int | None = None

    def read(self, line: str) -> None:
        if match := re.search(_SAMPLING, line):
            self._sample(int(match[1]), int(match[2]))
        elif match := re.match(_RENDERING, line.strip()):
            self._render(int(match[1]))
        elif match := re.match(_MESH_DONE, line):
            self._enter(_MESH, int(match[1]) / 100)
        elif match := re.search(_SEED, line):
            seed = int(match[1])
            # 0 stands for "random", and a larger one could not be sent again.
            self.seed = seed if 0 < seed <= SEED_LIMIT else self.seed
            self._enter(_PREPARING, 0.5)
        elif "preprocessing" in line:
            self._enter(_PREPARING, 0.0)

    def progress(self) -> Progress | None:
        if self.stage is None:
            return None
        share = self.stage.begins + (self.stage.ends - self.stage.begins) * min(self.part, 1.0)
        return Progress(self.stage.name, share, self.seed)

    def _sample(self, step: int, steps: int) -> None:
        part = step / steps if steps else 0.0
        is_second_run = self.stage is _SPARSE_STRUCTURE and self.part >= 1.0 and step == 0
        if self.stage is _STRUCTURED_LATENTS or is_second_run:
            self._enter(_STRUCTURED_LATENTS, part)
        elif self.stage is None or self.stage.begins <= _SPARSE_STRUCTURE.begins:
            self._enter(_SPARSE_STRUCTURE, part)

    def _render(self, frames: int) -> None:
        if self.stage is _MESH or self.stage is _TEXTURE:
            self._enter(_TEXTURE, frames / _TEXTURE_VIEWS)
        elif self.stage is _NORMALS or (self.stage is _COLOUR and frames == 0 and self.part >= 1.0):
            self._enter(_NORMALS, frames / _VIDEO_FRAMES)
        else:
            self._enter(_COLOUR, frames / _VIDEO_FRAMES)

    def _enter(self, stage: _Stage, part: float) -> None:
        if self.stage is None or stage.begins >= self.stage.begins:
            self.stage, self.part = stage, part
