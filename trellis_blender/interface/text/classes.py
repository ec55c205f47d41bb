# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import help_pages

CLASSES = (help_pages.TRELLIS_OT_help,)
