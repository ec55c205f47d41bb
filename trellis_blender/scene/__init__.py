# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads images out of Blender and puts models into it. No HTTP and no threads."""
