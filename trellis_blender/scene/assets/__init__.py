# SPDX-License-Identifier: GPL-3.0-or-later
"""Models in an asset library."""
