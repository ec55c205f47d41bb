# SPDX-License-Identifier: GPL-3.0-or-later
"""A model for each box of a block-out: its panel and operators, and what becomes of the boxes."""
