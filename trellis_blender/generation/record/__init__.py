# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a generation, and whether a task of the account is its own. Pure functions and frozen data."""
