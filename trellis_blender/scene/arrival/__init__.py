# SPDX-License-Identifier: GPL-3.0-or-later
"""A model that has arrived: placed, in the place of another one, selected."""
