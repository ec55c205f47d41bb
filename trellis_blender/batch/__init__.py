# SPDX-License-Identifier: GPL-3.0-or-later
"""Many generations from a table: its rows, what they cost, what was made of them, and the report. No bpy."""
