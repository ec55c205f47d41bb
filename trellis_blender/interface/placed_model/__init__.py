# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done to a model that stands in the scene."""
