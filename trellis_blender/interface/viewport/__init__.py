# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn outside the panels: overlay, progress boxes, status bar."""
