# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions that are asked of a service in a thread, and their answers."""
