# SPDX-License-Identifier: GPL-3.0-or-later
"""GLB files without Blender: their container and the checks that each has to pass."""
