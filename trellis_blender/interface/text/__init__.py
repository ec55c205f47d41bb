# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows, captions and layouts that several panels share."""
