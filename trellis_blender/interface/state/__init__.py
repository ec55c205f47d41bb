# SPDX-License-Identifier: GPL-3.0-or-later
"""What the interface keeps: session, settings, configuration, files of its own."""
