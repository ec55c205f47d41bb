# SPDX-License-Identifier: GPL-3.0-or-later
"""Many generations from a table, in Blender."""
