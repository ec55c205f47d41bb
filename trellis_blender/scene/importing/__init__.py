# SPDX-License-Identifier: GPL-3.0-or-later
"""A GLB into data-blocks of Blender's."""
