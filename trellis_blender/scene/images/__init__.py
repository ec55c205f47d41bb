# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's images in: loading, limits, colour, captures of what the artist sees."""
