# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of all custom properties that the add-on writes into .blend files, and of two of its own properties of objects.
Saved files have them: they never change.
"""

ID_PROPERTY = "trellis_generation"
"""On an object: the id of the generation that made it."""
MADE_BY = "trellis"
"""On such an object: a group that says how it was made, see `provenance`. A glTF export writes it into the node's
extras."""
PLACEHOLDER = "trellis_placeholder"
"""On a placeholder: the id of its generation."""
BOX = "trellis_box"
"""On a box with a model in it: the pair's id, the name the artist gave the box, and the names of box and model when the
model arrived. Of several objects with the same pair's id, the one that still has that name is the original.
"""
IN_BOX = "trellis_in_box"
"""On a model in a box: the pair's id."""
ENGINE_PART = "trellis_engine_part"
"""On a level of detail or a collision shape: which it is. On the collection of levels: "LOD"."""
NEW_ENGINE_PART = "trellis_engine_part_is_new"
"""On one that is being made, until the finish is done."""
WAS_HIDDEN = "trellis_was_hidden"
"""On an object that was hidden by the add-on: whether it was hidden in viewports and in renders before."""
ASSET_KEY = "trellis_asset"
"""On an object that no generation made: the key of its asset."""
OF_THIS_FILE = (ASSET_KEY, BOX, IN_BOX, WAS_HIDDEN, PLACEHOLDER)
"""These are true in the open file only, so an asset does not get them."""

PROMPT, IMAGE = "trellis_prompt", "trellis_image"
"""Properties that every object has: a prompt for its model if the name is none, and a picture to make it from."""
