# SPDX-License-Identifier: GPL-3.0-or-later
"""A name and what is known of it, drawn like a property that cannot be changed."""

from typing import Any

IN_PREFERENCES = 0.4
"""Where Blender itself divides a row with a property."""
IN_SIDEBAR = 0.5
"""“Spent This Month” has room there in a sidebar that is as wide as it comes."""


def draw_fact(layout: Any, name: str, value: str, divided_at: float) -> None:
    """A row with the name to the left and the value to the right of a line at a share of the width."""
    split = layout.split(factor=divided_at)
    left = split.row()
    left.alignment = 'RIGHT'
    left.label(text=name)
    split.label(text=value)
