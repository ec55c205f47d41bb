# SPDX-License-Identifier: GPL-3.0-or-later
"""GLB files without Blender: their container, the checks that each has to pass, and the mesh and materials in them."""
