# SPDX-License-Identifier: GPL-3.0-or-later
"""What the thread does with one generation: submit, reconcile, poll, download."""
