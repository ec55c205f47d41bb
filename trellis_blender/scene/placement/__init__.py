# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a model will stand: the placeholder, the target, dragging a placeholder."""
