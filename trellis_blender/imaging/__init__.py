# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures without Blender: reading headers, scaling, segmentation, checks, cleanup. Knows only numpy."""
