# SPDX-License-Identifier: GPL-3.0-or-later
"""What all generations of an account share: requests a minute, tasks at once, what the service asked to wait."""
