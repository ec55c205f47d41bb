# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import monitor

CLASSES = (monitor.TRELLIS_OT_monitor,)
