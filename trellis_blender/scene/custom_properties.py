# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of custom properties that the add-on writes into .blend files. Saved files have them: they never change."""

ID_PROPERTY = "trellis_generation"
"""On an object: the id of the generation that made it."""
