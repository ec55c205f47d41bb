# SPDX-License-Identifier: GPL-3.0-or-later
"""A generation from the press on Generate to a checked model on disk. Knows neither Blender nor HTTP."""
