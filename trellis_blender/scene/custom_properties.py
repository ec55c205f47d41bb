# SPDX-License-Identifier: GPL-3.0-or-later
"""The names under which the add-on writes into a .blend. Files that artists have saved hold them, so they stay."""

ID_PROPERTY = "trellis_generation"
"""The custom property by which an object tells which generation made it."""
