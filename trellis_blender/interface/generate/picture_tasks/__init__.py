# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that PiAPI makes: concept images from a prompt, and the panel's picture made better."""
