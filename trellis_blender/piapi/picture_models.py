# SPDX-License-Identifier: GPL-3.0-or-later
"""The models that make pictures: Flux from words, and the toolkit that removes a background.

Source: PiAPI's model pages. They name no price, so that is read from each task's `usage` when it is done.
"""

import math

CONCEPTS = "txt2img"
BACKGROUND = "background-remove"
PICTURE_TASKS = frozenset({CONCEPTS, BACKGROUND})
"""PiAPI's task types whose results are pictures."""

FLUX = "Qubico/flux1-schnell"
TOOLKIT = "Qubico/image-toolkit"
LABELS = {FLUX: "Flux", TOOLKIT: "Background removal"}

CONCEPTS_AT_ONCE = 4
"""The most that one task makes."""
CONCEPT_SIDE_PX = 1024
"""Squared, the most pixels that a picture may have."""

PRICE_KNOWN_LATER = math.inf
"""In place of a price, US dollars: it is no number that anybody knows, and surely not free."""

WORDING = (
    "a single object, shown whole and centred, seen from a three-quarter view slightly above, plain white background, "
    "soft even light, no shadow on the ground, no text"
)
"""What a picture has to be like for a model to come of it. The artist sees it and may change it."""
