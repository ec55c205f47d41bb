# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import settings

CLASSES = (settings.TRELLIS_PG_view, settings.TRELLIS_PG_settings)
