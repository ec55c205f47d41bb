# SPDX-License-Identifier: GPL-3.0-or-later
"""Images out of Blender and models into it. Knows neither HTTP nor threads."""
