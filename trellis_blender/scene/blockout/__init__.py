# SPDX-License-Identifier: GPL-3.0-or-later
"""The boxes of a block-out, and models that fit in them."""
