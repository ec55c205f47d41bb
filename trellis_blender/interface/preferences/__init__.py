# SPDX-License-Identifier: GPL-3.0-or-later
"""Preferences, account, spending, the report."""
