# SPDX-License-Identifier: GPL-3.0-or-later
"""Images from Blender: loading, limits, colour, captures of what the artist sees."""
