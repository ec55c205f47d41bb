# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender -c trellis`: what can be done without a window."""
